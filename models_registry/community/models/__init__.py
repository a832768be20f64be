from models_registry.community.models.discussion import CommentEdit, Discussion, Event, Reaction, Subscription
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

__all__ = [
    "Act",
    "Appeal",
    "Category",
    "CommentEdit",
    "Complaint",
    "Discussion",
    "Event",
    "Like",
    "ModerationAction",
    "Reaction",
    "Report",
    "ReportState",
    "Severity",
    "SubjectKind",
    "Subscription",
]
