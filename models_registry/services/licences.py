"""Licences of repositories: changed, and held against those of what they were made from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry, User
from hub.errors import Invalid
from hub.jobs.models import Job
from models_registry.events import licence_changed, licence_contradicted
from models_registry.formats import card as cards
from models_registry.formats import licence_conflicts, licence_texts
from models_registry.formats.card import CardFacts
from models_registry.formats.licence_conflicts import Finding, Parent, Source
from models_registry.formats.licences import LONGEST, UNSTATED, identify
from models_registry.models import Card, Commit, Kind, LineageEdge, Relation, Repository, RepositoryFacts, RepositoryTag
from models_registry.services import editing, lineage, trees
from models_registry.services.card_editing import edit_card

CHECK = "check_licence"
CHECK_BELOW = "check_licences_below"
FILES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING")
_MOST_DATASETS = 50


def findings_of(actor: Actor, repository: Repository) -> list[Finding]:
    """Where its licence contradicts what it was made from, of what this actor may know of. Three queries."""
    return findings_of_all(actor, [repository])[repository.pk]


def findings_of_all(actor: Actor, repositories: Sequence[Repository]) -> dict[int, list[Finding]]:
    """As `findings_of`, by repository id; in as many queries for many."""
    parents = _parents(actor, repositories)
    return {
        repository.pk: licence_conflicts.findings(
            name=repository.name, licence=repository.licence, parents=parents[repository.pk]
        )
        for repository in repositories
    }


def _parents(actor: Actor, repositories: Iterable[Repository]) -> dict[int, list[Parent]]:
    """Bases and training data in this hub, of models. What the actor may not know of is left out, not named."""
    models = [repository.pk for repository in repositories if repository.kind == Kind.MODEL and repository.licence]
    found: dict[int, list[Parent]] = defaultdict(list)
    if not models:
        return found
    visible = Repository.objects.visible_to(actor).values("pk")
    edges = LineageEdge.objects.filter(repository__in=models, base__in=visible).order_by("pk")
    for edge in edges.select_related("base__namespace"):
        assert edge.base is not None  # it is in a list of repositories
        found[edge.repository_id].append(Parent(edge.base.full_name, edge.base.licence, Source.BASE))
    named: dict[str, list[int]] = defaultdict(list)
    for model, matter in Card.objects.filter(repository__in=models).values_list("repository", "front_matter"):
        for name in cards.facts(matter).datasets[:_MOST_DATASETS]:
            named[name.lower()].append(model)
    if named:
        for dataset in _datasets(actor, named):
            for model in named[dataset.full_key]:
                found[model].append(Parent(dataset.full_name, dataset.licence, Source.DATA))
    return found


def _datasets(actor: Actor, keys: Iterable[str]) -> QuerySet[Repository]:
    visible = Repository.objects.visible_to(actor).filter(kind=Kind.DATASET, full_key__in=list(keys))
    return visible.select_related("namespace").order_by("pk")


def findings_of_card(actor: Actor, repository: Repository, written: CardFacts) -> list[Finding]:
    """As `findings_of`, of a card that is not saved yet: with the bases and datasets that it names itself."""
    if repository.kind != Kind.MODEL or not written.licence:
        return []
    edges = lineage.edges_for(repository, written.base_models, Relation.FINETUNE)
    bases = Repository.objects.visible_to(actor).filter(pk__in=[edge.base_id for edge in edges if edge.base_id])
    parents = [
        Parent(base.full_name, base.licence, Source.BASE) for base in bases.select_related("namespace").order_by("pk")
    ]
    keys = {name.lower() for name in written.datasets[:_MOST_DATASETS]}
    parents += [Parent(data.full_name, data.licence, Source.DATA) for data in _datasets(actor, keys)]
    return licence_conflicts.findings(name=repository.name, licence=written.licence, parents=parents)


@dataclass(frozen=True)
class TextFile:
    """The file in which the text of a licence stands. `ids`: of which one, as `formats.licence_texts` knows it."""

    path: str
    ids: frozenset[str]


def text_in(repository: Repository, commit: Commit) -> TextFile | None:
    """Where a commit holds the text of a licence that says which it is. Raises StorageUnavailable."""
    there = trees.find(repository, commit, FILES)
    entry = next((there[path] for path in FILES if path in there and not there[path].is_folder), None)
    ids = licence_texts.titled(editing.text_of(repository, entry) or "") if entry is not None else frozenset()
    return TextFile(entry.path, ids) if entry is not None and ids else None


def front_matter(licence: str) -> dict[str, str | None]:
    """How a card names this licence: {key: value}, None where a key is taken out. Raises Invalid for what names none."""
    written = licence.strip()
    if len(written) > LONGEST:
        raise Invalid(_("A licence's name has at most %(most)s characters.") % {"most": LONGEST})
    if not written:
        return {"license": None, "license_name": None, "license_link": None}
    if written.lower() in UNSTATED:
        return {"license": "other"}
    if identify(written).known:
        return {"license": written, "license_name": None, "license_link": None}
    return {"license": "other", "license_name": written}


def change_licence(*, actor: Actor, repository: Repository, licence: str) -> Commit:
    """Let the card name this licence ("" for none): a commit. Raises Forbidden, Invalid, BranchMoved."""
    title = f"Set the licence to {licence.strip()}" if licence.strip() else "Name no licence"
    return edit_card(actor=actor, repository=repository, values=dict(front_matter(licence)), title=title[:200])


def note_change(repository: Repository, *, old: str, new: str, commit: Commit, by: int | None) -> None:
    """Within the transaction that indexes the commit: the card names another licence than before.

    by: who put the commit there. On record as who did it is nobody else: a pushed commit's author is whom it says.
    """
    AuditEntry.objects.record(
        Actor(user=User.objects.filter(pk=by).first() if by is not None else None),
        "licence.changed",
        repository.full_name,
        namespace=repository.namespace,
        kind=repository.kind,
        old=old,
        new=new,
        commit=commit.oid,
        author=commit.author_name,
    )
    licence_changed.send(sender=Repository, repository=repository, old=old, new=new, commit=commit.oid)
    Job.objects.add(CHECK_BELOW, str(repository.pk))


def check_below(repository_id: int) -> None:
    """Its licence has changed: look again at what was made of it. They may be many: not within a request."""
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id).first()
    if repository is None:
        return
    if repository.kind == Kind.MODEL:
        below: Iterable[int] = repository.children.values_list("repository", flat=True).iterator()
    else:
        written = {f"dataset:{repository.full_name}", f"dataset:{repository.full_key}"}
        below = RepositoryTag.objects.filter(tag__in=written).values_list("repository", flat=True).iterator()
    Job.objects.add_many(CHECK, (str(model) for model in below))


@transaction.atomic
def check(repository_id: int) -> None:
    """Tell of contradictions that were not there when this was last looked at, as far as everybody may know of them."""
    facts = RepositoryFacts.objects.select_for_update().filter(repository=repository_id).first()
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id).first()
    if facts is None or repository is None:
        return
    found = [finding for finding in findings_of(Actor(), repository) if finding.is_contradiction]
    rows = [[finding.rule.value, finding.parent.name] for finding in found]
    new = [finding for finding, row in zip(found, rows, strict=True) if row not in facts.licence_findings]
    if rows != facts.licence_findings:
        facts.licence_findings = rows
        facts.save(update_fields=["licence_findings"])
    if new:
        licence_contradicted.send(sender=Repository, repository=repository, findings=new)
