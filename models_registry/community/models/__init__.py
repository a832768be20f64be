from models_registry.community.models.activity import Activity
from models_registry.community.models.collection import Collection, CollectionItem, CollectionUpvote
from models_registry.community.models.discussion import CommentEdit, Discussion, Event, Reaction, Subscription
from models_registry.community.models.follow import Follow
from models_registry.community.models.like import Like
from models_registry.community.models.moderation import (
    Act,
    Appeal,
    Category,
    Complaint,
    ModerationAction,
    Report,
    ReportState,
    Severity,
    SubjectKind,
)
from models_registry.community.models.notification import Mail, Notice, NoticeKind, Notification, NotificationPreference
from models_registry.community.models.picture import Picture
from models_registry.community.models.webhook import (
    Delivery,
    DeliveryAttempt,
    WatchedItem,
    Webhook,
    WebhookEvent,
    WebhookQuerySet,
)

__all__ = [
    "Act",
    "Activity",
    "Appeal",
    "Category",
    "Collection",
    "CollectionItem",
    "CollectionUpvote",
    "CommentEdit",
    "Complaint",
    "Delivery",
    "DeliveryAttempt",
    "Discussion",
    "Event",
    "Follow",
    "Like",
    "Mail",
    "ModerationAction",
    "Notice",
    "NoticeKind",
    "Notification",
    "NotificationPreference",
    "Picture",
    "Reaction",
    "Report",
    "ReportState",
    "Severity",
    "SubjectKind",
    "Subscription",
    "WatchedItem",
    "Webhook",
    "WebhookEvent",
    "WebhookQuerySet",
]
