from models_registry.community.models.discussion import CommentEdit, Discussion, Event, Reaction, Subscription
from models_registry.community.models.like import Like

__all__ = ["CommentEdit", "Discussion", "Event", "Like", "Reaction", "Subscription"]
