"""Comments as HTML that is safe to show on our own origin."""

from django.utils.safestring import SafeString

from accounts.models import Actor
from models_registry.models import Repository
from models_registry.page_addresses import page_url
from models_registry.services import cards


def render_comment(text: str, *, repository: Repository, actor: Actor) -> SafeString:
    """The Markdown of a comment in a thread of that repository, as this actor may see it."""
    place = cards.Place(
        blob=f"{page_url(repository, 'blob', repository.default_branch)}/",
        resolve=f"{repository.get_absolute_url()}/resolve/{repository.default_branch}/",
    )
    return cards.render(text, place)
