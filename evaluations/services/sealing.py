"""While a challenge runs, whatever is measured on its labels is kept apart: nothing of it is where others look for scores.

The rows that would be published are serialized as they are, and made again when the challenge has its results. So no page,
list, export or board need know of challenges to keep their secret.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.core import serializers
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from evaluations.errors import ResultWithheld, SuiteSealed
from evaluations.models import Challenge, Run, SealedResult, SuiteVersion
from evaluations.services import comparison_requests, rank_requests
from hub.jobs.models import Job

JUDGE = "judge_challenge"


def challenge_on(version: SuiteVersion, *, locked: bool = False) -> Challenge | None:
    """The running challenge on that suite, or on another one with the same labels: it would tell of its rows as well."""
    running = Challenge.objects.sealing().select_related("suite_version").order_by("pk")
    if locked:
        running = running.select_for_update(no_key=True, of=("self",))
    return next((one for one in running if _seals(one, version)), None)


def is_known(version: SuiteVersion) -> bool:
    """Whether anything was measured on its labels, by whichever suite, and published."""
    published = SuiteVersion.objects.filter(runs__result__isnull=False).distinct()
    return any(_labels(other) & _labels(version) for other in published)


def require_unsealed(version: SuiteVersion) -> None:
    """Raises SuiteSealed."""
    challenge = challenge_on(version)
    if challenge is not None:
        raise SuiteSealed(
            _(
                "The challenge %(challenge)r is held on this suite: until its results are published, after %(when)s, it"
                " measures submissions alone. Enter at %(address)s."
            )
            % {"challenge": challenge.title, "when": _when(challenge), "address": challenge.get_absolute_url()}
        )


def require_shown(run: Run) -> None:
    """Raises ResultWithheld for a run whose scores nobody may see yet."""
    if run.is_withheld and run.challenge is not None:
        raise ResultWithheld(withheld_until(run.challenge))


def withheld_until(challenge: Challenge) -> str:
    """In a sentence."""
    return _(
        "Scores, samples and document of this evaluation are withheld until the challenge %(challenge)r has its results,"
        " after %(when)s."
    ) % {"challenge": challenge.title, "when": _when(challenge)}


def keep(run: Run, found: Sequence[models.Model]) -> None:
    """Publish what a run found, or seal it: within the transaction that ends the run.

    found: new rows of Score and Result, and of whatever else says how good the model is.
    """
    challenge = challenge_on(run.suite_version, locked=True)
    if challenge is None:
        for row in found:
            row.save(force_insert=True)
        return
    SealedResult.objects.create(run=run, rows=serializers.serialize("json", found))
    Run.objects.filter(pk=run.pk).update(challenge=challenge)
    for pk in Challenge.objects.sealing().filter(entries__submissions__run=run).distinct().values_list("pk", flat=True):
        ask_for_judgement(pk)


def found_by(sealed: SealedResult) -> list[models.Model]:
    """The rows that were sealed, not saved."""
    return [restored.object for restored in serializers.deserialize("json", sealed.rows)]


def release(challenge: Challenge) -> None:
    """Publish what it sealed, within the transaction that ends it."""
    for sealed in SealedResult.objects.filter(run__challenge=challenge).select_related("run").iterator(chunk_size=100):
        for row in found_by(sealed):
            row.save(force_insert=True)
        comparison_requests.ask(sealed.run)
    versions = SuiteVersion.objects.filter(runs__sealed_result__isnull=False, runs__challenge=challenge).distinct()
    for version in versions:
        rank_requests.ask(version)
    SealedResult.objects.filter(run__challenge=challenge).delete()


def ask_for_judgement(challenge_id: int) -> None:
    """Asking twice is judging once."""
    Job.objects.add(JUDGE, str(challenge_id))


def ask_for_results(now: datetime | None = None) -> None:
    """Of every challenge that is over: asked for again until its last run has ended."""
    for pk in Challenge.objects.over(now or timezone.now()).values_list("pk", flat=True):
        ask_for_judgement(pk)


def _seals(challenge: Challenge, version: SuiteVersion) -> bool:
    return challenge.suite_version.suite_id == version.suite_id or bool(
        _labels(challenge.suite_version) & _labels(version)
    )


def _labels(version: SuiteVersion) -> set[str]:
    return {data["labels_sha256"] for data in version.definition["data"]}


def _when(challenge: Challenge) -> str:
    return f"{challenge.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if challenge.ends_at else _("its end")
