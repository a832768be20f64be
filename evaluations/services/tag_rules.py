"""Protected tags: on which commits they may stand. The registry asks here before such a tag moves (`reference_guards`)."""

import math
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry
from evaluations.errors import NothingToEvaluate, TagRuleExists, TagRuleNotFound
from evaluations.models import Run, State, SuiteVersion, TagRule
from evaluations.services.suites import current_version
from hub.errors import Conflict, Invalid
from models_registry import access
from models_registry.events import ReferenceMove
from models_registry.models import Kind, Reference, Repository
from models_registry.services import reference_guards, references

MOST_RULES = 50
LONGEST_PATTERN = 100
_TAGS, _BRANCHES = "refs/tags/", "refs/heads/"
_DIGITS = 4  # of a score, as pages show it


def rules_of(actor: Actor, repository: Repository) -> QuerySet[TagRule]:
    """Whoever may write it meets them, so may read them. Raises as `access.require_write`."""
    access.require_write(actor, repository)
    return TagRule.objects.filter(repository=repository).for_lists()


@transaction.atomic
def add(
    *,
    actor: Actor,
    repository: Repository,
    pattern: str,
    suite: str,
    metric: str,
    minimum: float | None = None,
    maximum: float | None = None,
    not_worse: bool = False,
) -> TagRule:
    """Protect the tags that fit `pattern`. What is tagged already stays. Raises Forbidden, SuiteNotFound, Invalid, Conflict."""
    access.require_administration(actor, repository)
    if repository.kind != Kind.MODEL:
        raise NothingToEvaluate(
            _("%(repository)s is a %(kind)s: only models are evaluated.")
            % {"repository": repository.full_name, "kind": Kind(repository.kind).in_words}
        )
    version = current_version(suite)
    _require_sense(version, pattern, metric, minimum, maximum, not_worse=not_worse)
    access.keep(repository)  # a tag that moves just now has moved before, or waits and meets the rule
    shadowing = [row.short_name for row in _branches(repository) if fnmatchcase(_hidden_by(row.short_name), pattern)]
    if shadowing:
        raise Conflict(
            _("There is a branch %(shadowing)s, which would be read in the tag's place: rename it first.")
            % {"shadowing": shadowing[0]}
        )
    if TagRule.objects.filter(repository=repository).count() >= MOST_RULES:
        raise Conflict(_("A repository may have %(most)s rules for its tags.") % {"most": MOST_RULES})
    try:
        with transaction.atomic():
            rule = TagRule.objects.create(
                repository=repository, pattern=pattern, suite=version.suite, metric=metric, minimum=minimum,
                maximum=maximum, not_worse=not_worse, created_by=actor.user,
            )  # fmt: skip
    except IntegrityError:
        raise TagRuleExists(
            _("There is a rule for %(metric)s on %(suite)s and %(pattern)s already: remove it first.")
            % {"metric": metric, "suite": suite, "pattern": pattern}
        ) from None
    _note(actor, "tag_rule.created", rule)
    return rule


@transaction.atomic
def remove(*, actor: Actor, repository: Repository, rule_id: int) -> None:
    """Raises Forbidden, TagRuleNotFound."""
    access.require_administration(actor, repository)
    access.keep(repository)
    rule = TagRule.objects.select_related("suite").filter(repository=repository, pk=rule_id).first()
    if rule is None:
        raise TagRuleNotFound
    rule.repository = repository
    _note(actor, "tag_rule.deleted", rule)
    rule.delete()


def _note(actor: Actor, action: str, rule: TagRule) -> None:
    asked = {"minimum": rule.minimum, "maximum": rule.maximum, "not_worse": rule.not_worse or None}
    AuditEntry.objects.record(
        actor, action, rule.repository.full_name, namespace=rule.repository.namespace, tags=rule.pattern,
        suite=rule.suite.name, metric=rule.metric, **{name: value for name, value in asked.items() if value is not None},
    )  # fmt: skip


def _require_sense(
    version: SuiteVersion, pattern: str, metric: str, minimum: float | None, maximum: float | None, *, not_worse: bool
) -> None:
    """Raises Invalid."""
    if not 0 < len(pattern) <= LONGEST_PATTERN or "[" in pattern:
        raise Invalid(_("The tags are named by a name such as production, or one with * and ?, such as release-*."))
    references.checked_name(f"{_TAGS}{pattern.replace('*', 'x').replace('?', 'x')}")
    metrics = [known["name"] for known in version.definition["metrics"]]
    if metric not in metrics:
        raise Invalid(
            _("%(suite)s has no metric %(metric)r; it has %(choices)s.")
            % {"suite": version.suite.name, "metric": metric[:60], "choices": ", ".join(metrics)}
        )
    if minimum is None and maximum is None and not not_worse:
        raise Invalid(_("Name what is asked: a minimum, a maximum, or not to be worse than now."))
    if not all(math.isfinite(bound) for bound in (minimum, maximum) if bound is not None):
        raise Invalid(_("A threshold is a finite number."))
    if minimum is not None and maximum is not None and minimum > maximum:
        raise Invalid(_("The minimum is above the maximum: no score could meet both."))


def _branches(repository: Repository) -> Iterable[Reference]:
    return Reference.objects.filter(repository=repository, name__startswith=_BRANCHES)


def _hidden_by(branch: str) -> str:
    """The tag that is not found any more where there is such a branch: revisions are looked for among branches first."""
    return branch.removeprefix("refs/").removeprefix("tags/")


def guard(actor: Actor, repository: Repository, moves: Sequence[ReferenceMove]) -> dict[str, str]:
    """Why some of these tags may not move so: see `reference_guards`. One query where the repository has no rules."""
    asked = [
        move for move in moves if move.name.startswith(_TAGS) or (move.name.startswith(_BRANCHES) and move.old is None)
    ]
    if not asked:
        return {}
    rules = list(TagRule.objects.filter(repository=repository).for_lists())
    found = {}
    for move in asked:
        short_name = move.name.split("/", 2)[2]
        name = short_name if move.name.startswith(_TAGS) else _hidden_by(short_name)
        fitting = [rule for rule in rules if fnmatchcase(name, rule.pattern)]
        if fitting and (why := _why_not(actor, repository, move, name, fitting)):
            found[move.name] = why
    return found


def _why_not(actor: Actor, repository: Repository, move: ReferenceMove, name: str, rules: Sequence[TagRule]) -> str:
    if move.name.startswith(_BRANCHES):
        return _("%(name)s is the name of a protected tag: a branch of that name would be read in its place.") % {
            "name": name
        }
    if move.new is None:
        if Repository.objects.filter(pk=repository.pk).administered_by(actor).exists():
            return ""
        return _("Tag %(name)s is protected: only who administers %(repository)s may delete it.") % {
            "name": name,
            "repository": repository.full_name,
        }
    by_suite: dict[str, list[TagRule]] = {}
    for rule in rules:
        by_suite.setdefault(rule.suite.name, []).append(rule)
    missing = [why for suite, asked in by_suite.items() if (why := _unmet(repository, move, suite, asked))]
    return _("Tag %(name)s is protected. %(why)s") % {"name": name, "why": " ".join(missing)} if missing else ""


def _unmet(repository: Repository, move: ReferenceMove, suite: str, rules: Sequence[TagRule]) -> str:
    """What the commit lacks on a suite, in whole sentences; "" if one of its scored runs meets all rules."""
    version = current_version(suite)
    assert move.new is not None
    now = _commit_of(repository, move.old) if move.old and any(rule.not_worse for rule in rules) else None
    scored = _scored(repository, version, [commit for commit in (move.new, now) if commit])
    if not scored[move.new]:
        return _how_to_get_a_score(repository, move.new, version)
    floor = _best_of(scored.get(now or "", []), version)
    faults = [
        [fault for rule in rules if (fault := _fault(rule, values, now, floor, version))] for values in scored[move.new]
    ]
    fewest = min(faults, key=len)
    return " ".join(fewest)


def _fault(
    rule: TagRule, values: Mapping[str, float], now: str | None, floor: Mapping[str, float], version: SuiteVersion
) -> str:
    value = values.get(rule.metric)
    told = {"metric": rule.metric, "suite": rule.suite.name, "commit": (now or "")[:12]}
    if value is None:
        words = _("Its score on %(suite)s has no %(metric)s, of which the rule %(pattern)s speaks.")
        return words % {**told, "pattern": rule.pattern}
    if rule.minimum is not None and value < rule.minimum:
        words = _("%(metric)s on %(suite)s must be at least %(bound)s; this commit has %(value)s.")
        return words % {**told, "bound": f"{rule.minimum:g}", "value": _shown(value, rule.minimum)}
    if rule.maximum is not None and value > rule.maximum:
        words = _("%(metric)s on %(suite)s must be at most %(bound)s; this commit has %(value)s.")
        return words % {**told, "bound": f"{rule.maximum:g}", "value": _shown(value, rule.maximum)}
    if rule.not_worse and now is not None:
        if rule.metric not in floor:
            words = _(
                "%(metric)s on %(suite)s must not be worse than where the tag stands now, and that commit, %(commit)s, has no"
                " score on version %(version)s: ask for one."
            )
            return words % {**told, "version": version.version}
        if _is_worse(version, rule.metric, value, floor[rule.metric]):
            words = _(
                "%(metric)s on %(suite)s must not be worse than where the tag stands now (%(commit)s: %(before)s); this commit"
                " has %(value)s."
            )
            before = floor[rule.metric]
            return words % {**told, "before": _shown(before, value), "value": _shown(value, before)}
    return ""


def _shown(value: float, beside: float) -> str:
    """As short as it can be without looking like what it is compared to."""
    short = f"{value:.{_DIGITS}f}"
    return short if short != f"{beside:.{_DIGITS}f}" else repr(value)


def _is_worse(version: SuiteVersion, metric: str, value: float, than: float) -> bool:
    return value < than if _rises(version, metric) else value > than


def _rises(version: SuiteVersion, metric: str) -> bool:
    return any(known["higher_is_better"] for known in version.definition["metrics"] if known["name"] == metric)


def _best_of(runs: Sequence[Mapping[str, float]], version: SuiteVersion) -> dict[str, float]:
    best: dict[str, float] = {}
    for values in runs:
        for name, value in values.items():
            best[name] = value if name not in best or _is_worse(version, name, best[name], value) else best[name]
    return best


def _scored(repository: Repository, version: SuiteVersion, commits: Sequence[str]) -> dict[str, list[dict[str, float]]]:
    """{commit: {metric: value} of each of its verified runs}. Two queries."""
    found: dict[str, list[dict[str, float]]] = {commit: [] for commit in commits}
    runs = Run.objects.filter(
        repository=repository, commit__in=commits, suite_version=version, state=State.SCORED, sealed_result=None
    )
    for run in runs.prefetch_related("scores").order_by("created_at"):
        found[run.commit].append({score.name: score.value for score in run.scores.all()})
    return found


def _commit_of(repository: Repository, target: str) -> str:
    return references.peeled(repository, [Reference(target=target)]).get(target, target)


def _how_to_get_a_score(repository: Repository, commit: str, version: SuiteVersion) -> str:
    short, suite = commit[:12], version.suite.name
    runs = Run.objects.filter(repository=repository, commit=commit, suite_version__suite=version.suite)
    latest: Run | None = runs.exclude(state=State.CANCELLED).order_by("-created_at").first()
    if latest is not None and not latest.is_final:
        words = _("Commit %(commit)s is being evaluated on %(suite)s: tag it when it is scored (%(run)s).")
        return words % {"commit": short, "suite": suite, "run": f"{settings.BASE_URL}{latest.get_absolute_url()}"}
    words = _("Commit %(commit)s has no score on %(suite)s %(version)s: %(ask)s.")
    if latest is not None and latest.state == State.FAILED:
        words = _("Commit %(commit)s could not be scored on %(suite)s %(version)s (%(run)s): %(ask)s.")
    elif latest is not None and latest.state == State.INVALIDATED:
        words = _(
            "Commit %(commit)s has a score that was invalidated, and no other, on %(suite)s %(version)s (%(run)s): %(ask)s."
        )
    seen = f"{settings.BASE_URL}{latest.get_absolute_url()}" if latest is not None else ""
    form = f"{settings.BASE_URL}{repository.get_absolute_url()}/evaluate?suite={suite}&revision={commit}"
    ask = _("ask for an evaluation of it, and tag it when it is scored (%(form)s)") % {"form": form}
    return words % {"commit": short, "suite": suite, "version": version.version, "run": seen, "ask": ask}


reference_guards.add(guard)
