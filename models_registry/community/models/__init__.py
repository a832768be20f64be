from models_registry.community.models.discussion import CommentEdit, Discussion, Event, Reaction, Subscription
from models_registry.community.models.like import Like
from models_registry.community.models.picture import Picture

__all__ = ["CommentEdit", "Discussion", "Event", "Like", "Picture", "Reaction", "Subscription"]
