"""What pages of threads have in common: the thread of an address, and what its reader may do there."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounts.models import Actor
from accounts.requests import ActorRequest
from models_registry.access import repository_for
from models_registry.community import access
from models_registry.community.models import Discussion, Event
from models_registry.community.services import discussions
from models_registry.community.services.markdown import render_comment
from models_registry.models import Kind, Repository


@dataclass(frozen=True)
class Address:
    """Of a repository's page, as its pattern gives it."""

    kind: str
    namespace: str
    name: str

    def repository(self, request: ActorRequest) -> Repository:
        """Raises RepositoryNotFound, for a private one as for a missing one."""
        return repository_for(request.actor, self.kind, f"{self.namespace}/{self.name}")

    def discussion(self, request: ActorRequest, number: int) -> Discussion:
        """Raises RepositoryNotFound, DiscussionNotFound."""
        repository = self.repository(request)
        found = access.discussion_for(request.actor, repository, number)
        found.repository = repository
        return found


@dataclass(frozen=True)
class Rights:
    """What a reader may do in a thread: which buttons they see. The services ask again."""

    may_comment: bool
    may_steer: bool
    may_govern: bool
    editable: set[int] = field(default_factory=set)
    hideable: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, actor: Actor, discussion: Discussion, comments: Iterable[int] = ()) -> "Rights":
        if actor.user is None:
            return cls(may_comment=False, may_steer=False, may_govern=False)
        this, some = Discussion.objects.filter(pk=discussion.pk), Event.objects.filter(pk__in=list(comments))
        return cls(
            may_comment=this.commentable_by(actor).exists(),
            may_steer=this.steerable_by(actor).exists(),
            may_govern=this.governed_by(actor).exists(),
            editable=set(some.editable_by(actor).values_list("pk", flat=True)),
            hideable=set(some.hideable_by(actor).values_list("pk", flat=True)),
        )


@dataclass(frozen=True)
class Composer:
    """A field for Markdown with what is in it. `preview`: None where it was not asked for."""

    text: str = ""
    preview: SafeString | None = None
    error: str = ""
    label: str = ""
    id: str = "text"
    rows: int = 6


def composer(
    request: ActorRequest, repository: Repository, *, text: str | None = None, error: str = "", rows: int = 6
) -> Composer:
    """As the form was sent, or with `text` where it is first shown."""
    written = request.POST.get("text", text or "")
    wants_preview = request.POST.get("act") == "preview"
    preview = render_comment(written, repository=repository, actor=request.actor) if wants_preview else None
    return Composer(written, preview, error, _("Text, in Markdown"), rows=rows)


def frame(repository: Repository, **more: Any) -> dict[str, Any]:
    """What templates of a repository's pages need."""
    return {
        "repository": repository,
        "section": Kind(repository.kind).plural,
        "base_url": settings.BASE_URL,
        "signs": discussions.REACTIONS,
        **more,
    }
