"""The pictures that other sites show beside a link to a leaderboard."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from evaluations.models import Board
from evaluations.services import boards
from evaluations.services.board_filters import Filters
from evaluations.services.suites import current_version
from evaluations.templatetags.scores import as_score, metric, metric_title
from hub import previews
from hub.shared_answers import for_everybody


@require_safe
@for_everybody(previews.MINUTES_FRESH)
def leaderboard(request: HttpRequest, suite: str) -> HttpResponse:
    version = current_version(suite)
    board = Board.objects.filter(suite_version=version).first()
    primary = version.primary_metric["name"]
    facts = [(str(board.model_count if board else 0), _("Models"))]
    if first := next(iter(boards.standings(version, Filters(), primary)[:1]), None):
        score = metric(first.run.scores.all(), primary)
        facts += [(as_score(score.value), metric_title(primary)), (first.run.repository.full_name, _("First"))]
    said = previews.Preview(_("Leaderboard"), version.suite.title, version.suite.summary, facts)
    return previews.answer(request, said)
