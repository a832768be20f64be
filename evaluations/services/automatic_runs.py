"""A new commit, and whether it is to be evaluated: the work of the job that `services.automatic` leaves behind."""

import logging
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from accounts.errors import ReadOnlyToken, Suspended
from accounts.models import Actor, User
from evaluations.formats import NotEvaluableError
from evaluations.models import AutomaticEvaluation, Run, State
from evaluations.services import automatic, choosing
from evaluations.services.requesting import request_evaluation
from evaluations.services.suites import current_version
from hub.errors import Forbidden, HubError, Unauthenticated, Unavailable
from hub.jobs.models import Job
from hub.kept_sentences import sentence
from models_registry import access
from models_registry.community.models import NoticeKind
from models_registry.community.services import audience
from models_registry.community.services.notifications import notify
from models_registry.errors import ContentQuarantined, GatedRepository, RepositoryDisabled
from models_registry.formats.card import CardError
from models_registry.models import Commit
from models_registry.page_addresses import page_url

logger = logging.getLogger(__name__)

LOOKED_AT_AGAIN_AFTER = timedelta(minutes=5)

Outcome = AutomaticEvaluation.Outcome
_REFUSED = sentence(gettext_noop("Commit %(commit)s was not evaluated on %(suite)s. %(why)s"))
_SWITCHED_OFF = sentence(
    gettext_noop("New commits are not evaluated on %(suite)s any more: who switched that on may not do so now. %(why)s")
)
_ACCOUNT_GONE = sentence(gettext_noop("The account that switched it on is gone."))
_HAS_A_SCORE = sentence(gettext_noop("Nothing runs: its model is that of commit %(commit)s, which has a score."))
_IS_EVALUATED = sentence(
    gettext_noop("Nothing runs: its model is that of commit %(commit)s, which is being evaluated.")
)
_RIGHTS_LOST = (Unauthenticated, Suspended, ReadOnlyToken, GatedRepository, Forbidden)


def consider(key: str) -> None:
    """Ask for the run, or say why there is none. Twice is once: the same run is given back while it is under way, and what
    was scored is what has not changed. Raises StorageUnavailable.
    """
    pk, oid = key.split(":")
    row = (
        AutomaticEvaluation.objects.select_related("repository__namespace__organization", "suite", "user")
        .filter(pk=pk)
        .first()
    )
    if row is None or not Commit.objects.filter(repository=row.repository, oid=oid).exists():
        return
    try:
        user = _require_rights(row)
        same = _same_model(row, oid)
        if same is not None and same.commit != oid and not same.is_final:
            # That one may come to nothing: looked at again when it has ended.
            Job.objects.add(automatic.KIND, key, delay=LOOKED_AT_AGAIN_AFTER)
        if same is not None:
            is_its_own = same.commit == oid  # this is done for the second time, or the branch went back
            outcome = Outcome.ASKED if is_its_own else Outcome.UNCHANGED
            _note(row, oid, outcome, "" if is_its_own else _unchanged(same), same)
            return
        run = request_evaluation(
            actor=Actor(user=user), repository=row.repository, revision=oid, suite=row.suite.name,
            hardware_class=row.hardware_class,
        )  # fmt: skip
    except (NotEvaluableError, CardError, ContentQuarantined, RepositoryDisabled) as error:
        _note(row, oid, Outcome.REFUSED, str(error))
    except Unavailable:
        raise
    except _RIGHTS_LOST as refusal:
        _switch_off(row, oid, str(refusal))
    except HubError as refusal:  # over quota, no such suite or worker any more: not for the next attempt to mend
        _note(row, oid, Outcome.REFUSED, str(refusal))
        _tell_of_refusal(row, oid, str(refusal))
    else:
        _note(row, oid, Outcome.ASKED, "", run)


def _require_rights(row: AutomaticEvaluation) -> User:
    """Who switched it on, if they might do so today. Raises Unauthenticated, Suspended, RepositoryDisabled, Forbidden."""
    if row.user is None or not row.user.is_active:
        raise Unauthenticated(_ACCOUNT_GONE)
    access.refuse_what_is_closed(row.repository)
    access.require_administration(Actor(user=row.user), row.repository)
    return row.user


def _same_model(row: AutomaticEvaluation, oid: str) -> Run | None:
    """The newest run on the suite that ended well or is under way, if this commit holds the same model. Its own, too.

    Raises NotEvaluableError, CardError, StorageUnavailable.
    """
    version = current_version(row.suite.name)
    accepts = version.definition["accepts"]
    here = choosing.choose(row.repository, oid, accepts)
    runs = Run.objects.filter(repository=row.repository, suite_version=version, hardware_class=row.hardware_class)
    known = (runs.filter(state=State.SCORED) | runs.unfinished()).order_by("-created_at").first()
    if known is None or not Commit.objects.filter(repository=row.repository, oid=known.commit).exists():
        return None
    try:
        there = choosing.choose(row.repository, known.commit, accepts)
    except (NotEvaluableError, CardError):
        return None
    return known if here.identity == there.identity else None


def _unchanged(same: Run) -> str:
    words = {"commit": same.commit[:12]}
    if same.state == State.SCORED:
        return _HAS_A_SCORE % words
    return _IS_EVALUATED % words


def _note(row: AutomaticEvaluation, oid: str, outcome: Outcome, note: str, run: Run | None = None) -> None:
    AutomaticEvaluation.objects.filter(pk=row.pk).update(
        outcome=outcome, commit=oid, note=note, run=run, looked_at=timezone.now()
    )
    logger.info("commit %s of %s on %s: %s %s", oid[:12], row.repository, row.suite, outcome, note)


def _tell_of_refusal(row: AutomaticEvaluation, oid: str, why: str) -> None:
    if row.user is None:
        return
    words = {"commit": oid[:12], "suite": row.suite.title, "why": why}
    notify(
        kind=NoticeKind.EVALUATION, key=f"automatic:{row.pk}", users=[row.user], repository=row.repository,
        text=_REFUSED % words, url=settings_url(row),
        outcome="refused",
    )  # fmt: skip


@transaction.atomic
def _switch_off(row: AutomaticEvaluation, oid: str, why: str) -> None:
    """Who administers the repository, and who had switched it on, are told."""
    if not AutomaticEvaluation.objects.filter(pk=row.pk).delete()[0]:
        return
    automatic.note(Actor(), "automatic_evaluation.disabled", row, reason=why)
    words = {"suite": row.suite.title, "why": why}
    told = {user.pk: user for user in [*audience.deciders(row.repository), *([row.user] if row.user else [])]}
    notify(
        kind=NoticeKind.EVALUATION, key=f"automatic:{row.repository_id}:{row.suite_id}", users=told.values(),
        repository=row.repository, url=settings_url(row), outcome="off",
        text=_SWITCHED_OFF % words,
    )  # fmt: skip
    logger.info("%s is not evaluated on %s by itself any more: %s", row.repository, row.suite, why)


def settings_url(row: AutomaticEvaluation) -> str:
    return page_url(row.repository, "settings/evaluations")
