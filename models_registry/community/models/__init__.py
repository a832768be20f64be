from models_registry.community.models.activity import Activity
from models_registry.community.models.collection import Collection, CollectionItem, CollectionUpvote
from models_registry.community.models.discussion import CommentEdit, Discussion, Event, Reaction, Subscription
from models_registry.community.models.follow import Follow
from models_registry.community.models.like import Like
from models_registry.community.models.notification import (
    Mail,
    Notice,
    NoticeKind,
    Notification,
    NotificationPreference,
)

__all__ = [
    "Activity",
    "Collection",
    "CollectionItem",
    "CollectionUpvote",
    "CommentEdit",
    "Discussion",
    "Event",
    "Follow",
    "Like",
    "Mail",
    "Notice",
    "NoticeKind",
    "Notification",
    "NotificationPreference",
    "Reaction",
    "Subscription",
]
