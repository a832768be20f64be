"""Challenges, their boards and an entry's own submissions as they are read, in a fixed number of queries."""

from django.db.models import Count, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import Actor
from evaluations.models import BoardKind, Challenge, Entrant, EntrantState, Entry, Place, Run, Submission
from models_registry.models import Repository


def challenges(actor: Actor) -> QuerySet[Challenge]:
    """Those that run or will first, then those that are over, newest first. `entry_count` on each."""
    entries = Count("entries", distinct=True)
    shown = Challenge.objects.visible_to(actor).for_lists().annotate(entry_count=entries)
    return shown.annotate(is_over=Q(ends_at__lte=timezone.now())).order_by("is_over", "-starts_at", "-pk")


def board_shown(challenge: Challenge) -> BoardKind | None:
    """Which board everybody may see: the final one once there are results; until then the public one, unless it is private."""
    if challenge.results_at is not None:
        return BoardKind.FINAL
    return BoardKind.PUBLIC if challenge.board_is_public else None


def places(challenge: Challenge) -> QuerySet[Place]:
    """The board that everybody may see, best first; three queries, whatever its length."""
    shown = Place.objects.filter(entry__challenge=challenge, board=board_shown(challenge)).order_by("position")
    return shown.select_related("entry", "submission").prefetch_related(_MEMBERS)


def disqualified(challenge: Challenge) -> QuerySet[Entry]:
    return challenge.entries.exclude(disqualified_at=None).order_by("disqualified_at")


def runs_shown(actor: Actor, board: list[Place]) -> set[object]:
    """The ids of those runs on the board that the actor may see: of public repositories, and of their own."""
    runs = Run.objects.visible_to(actor).filter(
        pk__in=[place.submission.run_id for place in board if place.submission.run_id]
    )
    return set(runs.values_list("pk", flat=True))


def submissions_of(entry: Entry) -> QuerySet[Submission]:
    """The entry's own, newest first, with their runs."""
    return entry.submissions.select_related("run", "phase", "submitted_by").order_by("-created_at", "-pk")


def repositories_shown(actor: Actor, submissions: list[Submission]) -> set[int]:
    """The ids of their repositories that the actor may know of: a team's may be private to one of them."""
    ids = [submission.repository_id for submission in submissions if submission.repository_id]
    return set(Repository.objects.visible_to(actor).filter(pk__in=ids).values_list("pk", flat=True))


def team(entry: Entry) -> list[Entrant]:
    """Who belongs to it and who is invited."""
    return list(entry.entrants.exclude(state=EntrantState.LEFT).select_related("user").order_by("pk"))


_MEMBERS = Prefetch(
    "entry__entrants", Entrant.objects.members().select_related("user").order_by("pk"), to_attr="team_members"
)
