"""What the registry's pages show of evaluations: filled in `apps.py`, so that the registry need not know them."""

from collections.abc import Mapping, Sequence

from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Namespace
from accounts.requests import ActorRequest
from evaluations.models import Run, State
from evaluations.services.boards import best_ranks_in, largest_boards, older_scores_of, ranks_of
from evaluations.services.browsing import BoardOrders, SuiteFacet, best_ranks
from evaluations.services.listing import newest_scored, under_way_for
from evaluations.services.self_reported import reported_by
from evaluations.services.side_by_side import MOST
from models_registry import panels
from models_registry.models import Kind, Repository
from models_registry.services import facets

BOARDS = 5
NEWEST = 5
UNDER_WAY = 5
REPORTED = 8
NAMESPACE_RANKS = 8


def boards(request: ActorRequest, _nothing: None) -> str:
    return render_to_string("evaluations/_home_boards.html", {"boards": largest_boards(BOARDS)}, request)


def newest_scores(request: ActorRequest, repository: None) -> str:
    return render_to_string("evaluations/_newest_scores.html", {"runs": newest_scored(request.actor, NEWEST)}, request)


def runs_under_way(request: ActorRequest, _nothing: None) -> str:
    """What the member waits for; nothing for who waits for nothing."""
    runs = under_way_for(request.actor, UNDER_WAY) if request.actor.user is not None else []
    return render_to_string("evaluations/_runs_under_way.html", {"runs": runs}, request) if runs else ""


def ranks(request: ActorRequest, repository: Repository) -> str:
    """Where a public model stands, and what it reached on boards that were replaced; nothing for one that is on none."""
    if repository.kind != Kind.MODEL:
        return ""
    standing, older = list(ranks_of(repository)), older_scores_of(repository)
    if not standing and not older:
        return ""
    context = {"repository": repository, "standing": standing, "older": older}
    return render_to_string("evaluations/_ranks.html", context, request)


def namespace_ranks(request: ActorRequest, namespace: Namespace) -> str:
    """Where their public models stand best; nothing for who is on no board."""
    standing = best_ranks_in(namespace, NAMESPACE_RANKS)
    return render_to_string("evaluations/_namespace_ranks.html", {"standing": standing}, request) if standing else ""


def self_reported(request: ActorRequest, repository: Repository) -> str:
    """What a model's card claims; nothing for one that claims nothing."""
    rows = list(reported_by(repository)) if repository.kind == Kind.MODEL else []
    if not rows:
        return ""
    context = {"reported": rows[:REPORTED], "more": len(rows[REPORTED:])}
    return render_to_string("evaluations/_reported.html", context, request)


def compare_with(request: ActorRequest, repository: Repository) -> str:
    if repository.kind != Kind.MODEL:
        return ""
    return render_to_string("evaluations/_compare_with.html", {"repository": repository}, request)


def compare_ticked(request: ActorRequest, subject: None) -> str:
    return render_to_string("evaluations/_compare_ticked.html", {"most": MOST}, request)


def evaluate_button(request: ActorRequest, repository: Repository) -> str:
    if repository.kind != Kind.MODEL or repository.disabled_reason:
        return ""
    return render_to_string("evaluations/_evaluate_button.html", {"repository": repository}, request)


def runs_url(repository: Repository) -> str:
    return f"{repository.get_absolute_url()}/evaluations" if repository.kind == Kind.MODEL else ""


def settings_url(repository: Repository) -> str:
    return f"{repository.get_absolute_url()}/settings/evaluations" if repository.kind == Kind.MODEL else ""


def run_count(repository: Repository) -> int:
    return Run.objects.filter(repository=repository).exclude(state=State.CANCELLED).count()


def rank_of_rows(request: ActorRequest, repositories: Sequence[Repository]) -> Mapping[int, SafeString]:
    """The best rank of each model of a list, in one query; none is asked for a list of datasets."""
    models = [repository.pk for repository in repositories if repository.kind == Kind.MODEL]
    if not models:
        return {}
    return {
        pk: format_html(
            '<span class="rank" title="{}"><span class="visually-hidden">{} </span>{}{}</span>',
            gettext("Best rank: on %(suite)s") % {"suite": rank.suite},
            gettext("Best rank"),
            rank.first,
            "" if rank.first == rank.last else f"–{rank.last}",
        )
        for pk, rank in best_ranks(models).items()
    }


def fill() -> None:
    facets.add(SuiteFacet(), before="tag")
    facets.add_orders(BoardOrders())
    panels.fill_rows(rank_of_rows)
    panels.fill("home", boards)
    panels.fill("home", newest_scores)
    panels.fill("home-own", runs_under_way)
    panels.fill("repository-side", ranks)
    panels.fill("namespace-side", namespace_ranks)
    panels.fill("repository-side", self_reported)
    panels.fill("repository-side", compare_with)
    panels.fill("model-list", compare_ticked)
    panels.fill("repository-actions", evaluate_button)
    panels.add_settings_page(
        panels.SettingsPage(key="evaluations", title=_("Evaluations"), icon="bar-chart-steps", url=settings_url)
    )
    panels.add_tab(
        panels.Tab(key="evaluations", title=_("Evaluations"), icon="bar-chart-steps", url=runs_url, count=run_count)
    )
