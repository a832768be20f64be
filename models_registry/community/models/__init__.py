from models_registry.community.models.discussion import CommentEdit, Discussion, Event, Reaction, Subscription
from models_registry.community.models.like import Like
from models_registry.community.models.webhook import (
    Delivery,
    DeliveryAttempt,
    WatchedItem,
    Webhook,
    WebhookEvent,
    WebhookQuerySet,
)

__all__ = [
    "CommentEdit",
    "Delivery",
    "DeliveryAttempt",
    "Discussion",
    "Event",
    "Like",
    "Reaction",
    "Subscription",
    "WatchedItem",
    "Webhook",
    "WebhookEvent",
    "WebhookQuerySet",
]
