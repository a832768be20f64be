"""Asking for an evaluation, and taking it back."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry, Namespace, Role, User
from evaluations import access
from evaluations.errors import NothingToEvaluate, QuotaExhausted, RunIsFinal
from evaluations.formats import NotEvaluableError
from evaluations.models import Challenge, GroupStanding, LeaseLost, Run, Standing, State, Submission, SuiteVersion
from evaluations.models.run import RunQuerySet
from evaluations.services import choosing, comparison_requests, rank_requests, sealing
from evaluations.services.suites import current_version
from evaluations.services.waking import wake_on_commit
from hub import clock
from hub.errors import Invalid
from models_registry.community.services import activities
from models_registry.formats.card import CardError
from models_registry.models import Kind, Repository
from models_registry.services import references

logger = logging.getLogger(__name__)

QUOTA_PERIOD = timedelta(days=1)
# Weights are read whole, and a model computes with something beside them.
LOADED_OVER_STORED = 1.2


def request_evaluation(
    *, actor: Actor, repository: Repository, revision: str, suite: str, hardware_class: str = "cpu"
) -> Run:
    """Queue an evaluation of the commit that `revision` means now; the same one that is under way is given back.

    Raises SuiteNotFound, RevisionNotFound, NothingToEvaluate, SuiteSealed, QuotaExhausted, and as `access.require_request`.
    """
    user = access.require_request(actor, repository)
    require_evaluable(repository, hardware_class)
    version = current_version(suite)
    sealing.require_unsealed(version)
    commit = references.resolve(repository, revision).oid
    account, memory_needed = _account(actor, user, repository), _memory_needed(repository, commit, version)
    same = Run.objects.filter(
        repository=repository, commit=commit, suite_version=version, hardware_class=hardware_class
    )
    try:
        with transaction.atomic():
            # Rows that every such request locks, so that two at once cannot both take the last of a quota.
            User.objects.select_for_update(no_key=True).get(pk=user.pk)
            Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)
            under_way = same.unfinished().first()
            if under_way is not None:
                return under_way
            _require_quota(version, user, repository)
            run = Run.objects.create(
                repository=repository,
                commit=commit,
                suite_version=version,
                hardware_class=hardware_class,
                requested_by=user,
                account=account,
                memory_needed=memory_needed,
                rerun_of=same.filter(state=State.SCORED, rerun_of=None).order_by("created_at").first(),
            )
            wake_on_commit(run)
    except IntegrityError:  # two requests at once: the other one made the row
        return same.unfinished().get()
    logger.info("run %s of %s at %s on %s queued", run.pk, repository, commit[:12], version)
    return run


def _account(actor: Actor, user: User, repository: Repository) -> Namespace:
    """Whose share of the workers it uses: the repository's owner's if the member belongs to them, else the member's own."""
    own = actor.namespaces(Role.READ)
    return own.filter(pk=repository.namespace_id).first() or Namespace.objects.get(user=user)


def _memory_needed(repository: Repository, commit: str, version: SuiteVersion) -> int:
    """Bytes that loading it will take, as far as the sizes of its files tell; 0 for what will be refused anyhow."""
    try:
        chosen = choosing.choose(repository, commit, version.definition["accepts"])
    except (NotEvaluableError, CardError):
        return 0
    size = sum(chosen.entries[path].size for path in chosen.choice.paths)
    return int(size * LOADED_OVER_STORED) if size <= version.definition["accepts"]["max_bytes"] else 0


@dataclass(frozen=True, slots=True)
class Left:
    """How many evaluations of a suite are left within a day, to the member and to the repository."""

    member: int
    repository: int


def quota_left(user: User, repository: Repository, version: SuiteVersion) -> Left | None:
    """None for staff, whom no quota binds."""
    if user.is_staff:
        return None
    quota, recent = version.definition["quota"], _counted(version)
    return Left(
        max(0, quota["per_user_day"] - recent.filter(requested_by=user).count()),
        max(0, quota["per_repository_day"] - recent.filter(repository=repository).count()),
    )


def _counted(version: SuiteVersion) -> RunQuerySet:
    since = timezone.now() - QUOTA_PERIOD
    return Run.objects.filter(
        suite_version__suite=version.suite, created_at__gt=since, challenge=None
    ).counted_for_quota()


def require_evaluable(repository: Repository, hardware_class: str) -> None:
    """Raises NothingToEvaluate; Invalid for workers that this hub has not got."""
    if repository.kind != Kind.MODEL:
        raise NothingToEvaluate(
            _("%(repository)s is a %(kind)s: only models are evaluated.")
            % {"repository": repository.full_name, "kind": Kind(repository.kind).in_words}
        )
    if hardware_class not in settings.HARDWARE_CLASSES:
        raise Invalid(
            _("This hub has no %(hardware_class)r workers: it has %(choices)s.")
            % {"hardware_class": hardware_class, "choices": ", ".join(settings.HARDWARE_CLASSES)}
        )


def queue_for_challenge(
    *, user: User, repository: Repository, commit: str, challenge: Challenge, hardware_class: str
) -> Run:
    """A run whose scores the challenge withholds, or the same one that is under way: the caller has checked all else.

    Within the transaction that writes the submission.
    """
    Repository.objects.select_for_update(no_key=True).get(pk=repository.pk)  # as every request for one of its commits
    same = {
        "repository": repository,
        "commit": commit,
        "suite_version": challenge.suite_version,
        "hardware_class": hardware_class,
    }
    under_way = Run.objects.unfinished().filter(**same).first()
    if under_way is not None:
        Run.objects.filter(pk=under_way.pk, challenge=None).update(challenge=challenge)
        return under_way
    run = Run.objects.create(
        **same,
        requested_by=user,
        account=Namespace.objects.get(user=user),
        memory_needed=_memory_needed(repository, commit, challenge.suite_version),
        challenge=challenge,
    )
    wake_on_commit(run)
    logger.info("run %s of %s at %s for the challenge %s queued", run.pk, repository, commit[:12], challenge.slug)
    return run


def _require_quota(version: SuiteVersion, user: User, repository: Repository) -> None:
    if user.is_staff:
        return
    quota, recent = version.definition["quota"], _counted(version)
    told = {"suite": version.suite.name, "repository": repository.full_name}
    if recent.filter(requested_by=user).count() >= (most := quota["per_user_day"]):
        words = _("You have had %(most)s evaluations on %(suite)s within a day. Try tomorrow.")
        raise QuotaExhausted(words % {**told, "most": most})
    if recent.filter(repository=repository).count() >= (most := quota["per_repository_day"]):
        words = _("%(repository)s has had %(most)s evaluations on %(suite)s within a day. Try tomorrow.")
        raise QuotaExhausted(words % {**told, "most": most})


def cancel(*, actor: Actor, run: Run) -> Run:
    """Stop it: at once if it waits, at its worker's next heartbeat if it runs. Raises RunIsFinal, Forbidden."""
    access.require_cancel(actor, run)
    if run.is_final:
        raise RunIsFinal(_("This evaluation is %(state)s already.") % {"state": State(run.state).in_words})
    with transaction.atomic():
        AuditEntry.objects.record(actor, "evaluation.cancelled", str(run.pk), repository=run.repository.full_name)
        stop(run)
    run.refresh_from_db()
    return run


def stop(run: Run) -> None:
    """At once if it waits, at its worker's next heartbeat if it runs. Raises RunIsFinal."""
    if run.state == State.QUEUED:
        try:
            run.withdraw(clock.now())
        except LeaseLost:  # a worker took it just now: it will see the flag
            _ask_to_stop(run)
    else:
        _ask_to_stop(run)


def _ask_to_stop(run: Run) -> None:
    if not Run.objects.filter(pk=run.pk).unfinished().update(cancel_requested=True):
        run.refresh_from_db()
        raise RunIsFinal(_("This evaluation is %(state)s already.") % {"state": State(run.state).in_words})


def queue_again(*, actor: Actor, run: Run) -> Run:
    """The same evaluation once more, as a row of its own that names this one. Raises Forbidden, RunIsFinal.

    For staff; it asks for no quota.
    """
    access.require_evaluator(actor, "queue")
    if not run.is_final:
        raise RunIsFinal(_("This evaluation is still under way."))
    try:
        with transaction.atomic():
            Repository.objects.select_for_update(no_key=True).get(pk=run.repository_id)  # as every request for it
            again = Run.objects.create(
                repository=run.repository,
                commit=run.commit,
                suite_version=run.suite_version,
                hardware_class=run.hardware_class,
                requested_by=actor.user,
                account=run.account,
                memory_needed=run.memory_needed,
                rerun_of=run,
                challenge=sealing.challenge_on(run.suite_version),
            )
            if run.state == State.FAILED:
                Submission.objects.filter(run=run).update(run=again)
            AuditEntry.objects.record(actor, "evaluation.queued_again", str(run.pk), run=str(again.pk))
            wake_on_commit(again)
    except IntegrityError:
        again = Run.objects.unfinished().get(
            repository=run.repository,
            commit=run.commit,
            suite_version=run.suite_version,
            hardware_class=run.hardware_class,
        )
        if run.state == State.FAILED:
            Submission.objects.filter(run=run).update(run=again)
    return again


@transaction.atomic
def invalidate(*, actor: Actor, run: Run, reason: str) -> None:
    """Take a score off the leaderboards, with a reason that everybody can read. Raises Forbidden, RunIsFinal."""
    access.require_evaluator(actor, "invalidate")
    try:
        run.invalidate(reason)
    except LeaseLost:
        raise RunIsFinal(_("Only a scored evaluation can be invalidated.")) from None
    AuditEntry.objects.record(actor, "evaluation.invalidated", str(run.pk), reason=reason)
    Standing.objects.filter(run=run).delete()
    GroupStanding.objects.filter(parts__run=run).delete()
    rank_requests.ask(run.suite_version)
    comparison_requests.ask_without(run)
    activities.forget_score(repository=run.repository, run=str(run.pk))
