"""Who may see, ask for and stop an evaluation: asked here by pages, API and admin alike."""

from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import Actor, User
from evaluations.errors import ChallengeNotFound, EntryNotFound, RunNotFound
from evaluations.models import Challenge, EntrantState, Entry, Run
from hub.errors import HubError
from models_registry import access
from models_registry.models import Repository


def run_for(actor: Actor, run_id: UUID | str) -> Run:
    """The run, if this actor may know of its repository. Raises RunNotFound."""
    found = Run.objects.visible_to(actor).for_lists().filter(pk=run_id).first()
    if found is None:
        raise RunNotFound
    return found


def require_request(actor: Actor, repository: Repository) -> User:
    """May this actor have it evaluated? Whoever may write it, and for a public one every member who may read it.

    Raises Unauthenticated, Suspended, ReadOnlyToken, GatedRepository, RepositoryDisabled, Forbidden.
    """
    user = actor.require_writer()
    access.require_read(actor, repository)
    if repository.private:
        access.require_write(actor, repository)
    return user


def require_cancel(actor: Actor, run: Run) -> None:
    """May this actor stop it? Who asked for it, whoever may write its repository, and evaluators. Raises as `require_write`."""
    user = actor.require_writer()
    if actor.may("evaluations.cancel_run"):
        return
    if run.requested_by_id != user.pk:
        access.require_write(actor, run.repository)


def may_cancel(actor: Actor, run: Run) -> bool:
    try:
        require_cancel(actor, run)
    except HubError:
        return False
    return True


def require_evaluator(actor: Actor, act: str) -> None:
    """May this actor overrule what members asked? act: "queue" or "invalidate". Raises Unauthenticated, Forbidden."""
    actor.require_permission(f"evaluations.{act}_run")


def require_worker_manager(actor: Actor) -> None:
    """May this actor pause, resume and drain workers? Raises Unauthenticated, Forbidden."""
    actor.require_permission("evaluations.manage_worker")


def challenge_for(actor: Actor, slug: str) -> Challenge:
    """The challenge, if this actor may know of it. Raises ChallengeNotFound."""
    found = Challenge.objects.visible_to(actor).for_lists().filter(slug=slug).first()
    if found is None:
        raise ChallengeNotFound(_("There is no challenge %(slug)r.") % {"slug": slug})
    return found


def entry_of(actor: Actor, challenge: Challenge) -> Entry | None:
    """The one that the actor belongs to now."""
    if actor.user is None:
        return None
    mine = Entry.objects.filter(entrants__user=actor.user, entrants__state=EntrantState.MEMBER)
    return mine.filter(challenge=challenge).select_related("challenge").first()


def require_entry(actor: Actor, challenge: Challenge) -> Entry:
    """The actor's entry, to act for it. Raises Unauthenticated, Suspended, ReadOnlyToken, EntryNotFound."""
    actor.require_writer()
    return require_own_entry(actor, challenge)


def require_own_entry(actor: Actor, challenge: Challenge) -> Entry:
    """The actor's entry, to look at. Raises Unauthenticated, EntryNotFound."""
    actor.require_user()
    entry = entry_of(actor, challenge)
    if entry is None:
        raise EntryNotFound(_("You have no entry in this challenge: enter it first."))
    return entry


def require_challenge_manager(actor: Actor) -> User:
    """Raises Unauthenticated, Forbidden."""
    return actor.require_permission("evaluations.manage_challenge")
