"""Suites that members propose, and what maintainers make of them.

Proposing checks everything and keeps the definition; publishing checks it all again, since a repository may have changed, puts
the labels apart, and commits the inputs to the hub's own repository. The proposal's repository stays its author's.
"""

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Actor, AuditEntry, User
from evaluations import proposals, suite_files
from evaluations.errors import InvalidProposal, ProposalIsDecided, ProposalNotFound
from evaluations.models import Suite, SuiteProposal, SuiteVersion
from evaluations.proposals import Checked
from evaluations.services import hosting, rank_requests, telling
from models_registry import access, storage
from models_registry.errors import ContentQuarantined, EntryNotFound
from models_registry.formats.git_objects import LINK_MODE
from models_registry.models import Commit, Kind, Repository
from models_registry.services import reading, references, trees

logger = logging.getLogger(__name__)

DEFINITION = "suite.yaml"
MOST_DEFINITION_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Offer:
    definition: dict[str, Any]
    digest: str
    checked: Checked


def propose(*, actor: Actor, repository: Repository, revision: str) -> SuiteProposal:
    """Offer the suite of that commit; an open proposal of the same repository is replaced.

    Raises InvalidProposal with all that is wrong; RevisionNotFound; and as `access.require_write`.
    """
    user = actor.require_writer()
    access.require_write(actor, repository)
    if repository.kind != Kind.DATASET:
        raise InvalidProposal(
            [_("%(repository)s is a model: a suite is proposed in a dataset.") % {"repository": repository.full_name}]
        )
    commit = references.resolve(repository, revision)
    offer = _read(repository, commit)
    faults = [*offer.checked.faults, *_faults_of_place(offer.definition, repository), *_faults_of_name(offer, user)]
    if faults:
        raise InvalidProposal(faults)
    with transaction.atomic():
        access.keep(repository)
        proposal, _is_new = SuiteProposal.objects.update_or_create(
            repository=repository,
            state=SuiteProposal.State.PROPOSED,
            defaults={
                "repository_name": repository.full_name,
                "commit": commit.oid,
                "author": user,
                "definition": offer.definition,
                "digest": offer.digest,
                "preview": offer.checked.preview,
            },
        )
        AuditEntry.objects.record(
            actor, "suite.proposed", repository.full_name, namespace=repository.namespace, suite=proposal.title
        )
    logger.info("suite %s proposed in %s", proposal.title, repository)
    return proposal


def proposal_for(actor: Actor, pk: int) -> SuiteProposal:
    """Raises ProposalNotFound."""
    found = listed(actor).filter(pk=pk).first()
    if found is None:
        raise ProposalNotFound
    return found


def listed(actor: Actor) -> Any:
    """Those that the actor may see, newest first."""
    rows = SuiteProposal.objects.visible_to(actor).select_related("repository__namespace", "author", "version__suite")
    return rows.order_by("-created_at", "-pk")


def publish(*, actor: Actor, proposal: SuiteProposal) -> SuiteVersion:
    """Make it a current version, its labels apart. Raises Forbidden, ProposalIsDecided, InvalidProposal, SuitesHomeless."""
    decider = actor.require_permission("evaluations.publish_suite")
    _require_open(proposal)
    offer = _read_again(proposal)
    files = hosting.prepared(offer.definition, offer.digest, offer.checked.inputs)
    labels_key = _store_labels(offer)
    with transaction.atomic():
        locked = SuiteProposal.objects.select_for_update(no_key=True).get(pk=proposal.pk)
        _require_open(locked)
        if locked.commit != proposal.commit:
            raise ProposalIsDecided(_("It was proposed anew meanwhile: look at it again."))
        version = _add_version(offer, labels_key, proposal.author)
        hosting.commit(version, files)
        _decide(actor, locked, SuiteProposal.State.PUBLISHED, decider, version=version)
    proposal.refresh_from_db()
    return version


def _read_again(proposal: SuiteProposal) -> _Offer:
    """Raises InvalidProposal unless it is still what was proposed, and can be published."""
    if proposal.repository is None:
        raise InvalidProposal([_("%(repository)s was deleted: decline it.") % {"repository": proposal.repository_name}])
    commit = Commit.objects.filter(repository=proposal.repository, oid=proposal.commit).first()
    if commit is None:
        raise InvalidProposal([_("Its commit is gone: the branch was rewritten. It must be proposed again.")])
    offer = _read(proposal.repository, commit)
    faults = [*offer.checked.faults, *_faults_of_name(offer, proposal.author)]
    faults += _faults_of_place(offer.definition, proposal.repository)
    if offer.digest != proposal.digest:
        faults.append("Its definition is not the one that was proposed.")
    if faults:
        raise InvalidProposal(faults)
    return offer


def faults_now(proposal: SuiteProposal) -> list[str]:
    """What keeps it from being published; nothing, if it can be."""
    try:
        _read_again(proposal)
    except InvalidProposal as error:
        return error.faults
    return []


def decline(*, actor: Actor, proposal: SuiteProposal, reason: str) -> None:
    """Its author is told the reason. Raises Forbidden, ProposalIsDecided."""
    decider = actor.require_permission("evaluations.publish_suite")
    with transaction.atomic():
        locked = SuiteProposal.objects.select_for_update(no_key=True).get(pk=proposal.pk)
        _require_open(locked)
        locked.reason = reason[:500]
        _decide(actor, locked, SuiteProposal.State.DECLINED, decider)
    proposal.refresh_from_db()


def _decide(
    actor: Actor, proposal: SuiteProposal, state: SuiteProposal.State, by: User, version: SuiteVersion | None = None
) -> None:
    proposal.state, proposal.decided_by, proposal.decided_at, proposal.version = state, by, timezone.now(), version
    proposal.save(update_fields=["state", "reason", "decided_by", "decided_at", "version"])
    AuditEntry.objects.record(
        actor, f"suite.{state}", proposal.title, repository=proposal.repository_name, reason=proposal.reason
    )
    telling.tell_of_proposal(proposal)
    logger.info("suite %s of %s is %s", proposal.title, proposal.repository_name, state)


def _require_open(proposal: SuiteProposal) -> None:
    if proposal.state != SuiteProposal.State.PROPOSED:
        is_published = proposal.state == SuiteProposal.State.PUBLISHED
        raise ProposalIsDecided(
            _("This proposal is published already.") if is_published else _("This proposal is declined already.")
        )


def _read(repository: Repository, commit: Commit) -> _Offer:
    """Raises InvalidProposal where there is no definition to go by, StorageUnavailable."""
    text = _content(repository, commit, DEFINITION, MOST_DEFINITION_BYTES)
    if isinstance(text, str):
        raise InvalidProposal([text])
    faults, definition = suite_files.checked(text.decode("utf-8", "replace"))
    faults = faults or proposals.faults_of(definition)
    if faults:
        raise InvalidProposal([f"{DEFINITION}: {fault}" for fault in faults])
    try:
        digest = suite_files.digest_of(definition)
    except ValueError:
        raise InvalidProposal(
            [_("%(file)s: it holds a number that is none, such as .nan or .inf.") % {"file": DEFINITION}]
        ) from None
    (data,) = definition["data"]
    parts: dict[str, bytes] = {}
    for part in ("inputs", "labels"):
        content = _content(repository, commit, data[part], proposals.MOST_BYTES)
        if isinstance(content, str):
            faults.append(content)
        else:
            parts[part] = content
    if faults:
        return _Offer(definition, digest, Checked(faults=faults))
    return _Offer(definition, digest, proposals.check_data(definition, parts["inputs"], parts["labels"]))


def _content(repository: Repository, commit: Commit, path: str, most: int) -> bytes | str:
    """A file's bytes, or why they are not to be had."""
    try:
        entry = trees.file(repository, commit, path)
        if entry.mode == LINK_MODE:
            return _("%(path)s is a link.") % {"path": path}
        if entry.size > most:
            return _("%(path)s has %(size)s bytes: at most %(most)s are taken.") % {
                "path": path,
                "size": entry.size,
                "most": most,
            }
        return reading.read_range(trees.stored(repository, entry), 0, entry.size)
    except (EntryNotFound, ContentQuarantined) as error:
        return str(error)


def _faults_of_place(definition: Mapping[str, Any], repository: Repository) -> list[str]:
    (data,) = definition["data"]
    if data["hidden_labels"] and not repository.private:
        return [
            f"hidden_labels: the labels lie open in {repository.full_name}. Make it private, or say hidden_labels: false."
        ]
    return []


def _faults_of_name(offer: _Offer, author: User | None) -> list[str]:
    """A name belongs to the hub, or to who proposed its first version; a version is never said twice."""
    suite = Suite.objects.filter(name=offer.definition["id"]).first()
    if suite is None:
        return []
    if not suite.is_proposed or author is None or suite.proposer_id != author.pk:
        return [f"id: the suite {suite.name!r} is somebody else's. Choose another id."]
    known = suite.versions.values_list("version", flat=True)
    newest = max(known, key=_as_numbers, default="0.0.0")
    if _as_numbers(offer.definition["version"]) <= _as_numbers(newest):
        return [f"version: {newest} is published already. A changed suite needs a higher version."]
    return []


def _as_numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _store_labels(offer: _Offer) -> str:
    (data,) = offer.definition["data"]
    key = f"labels/{data['labels_sha256'][:2]}/{data['labels_sha256']}.{uuid.uuid4().hex[:16]}"
    storage.put(key, offer.checked.labels)
    return key


def _add_version(offer: _Offer, labels_key: str, proposer: User | None) -> SuiteVersion:
    definition = offer.definition
    facts = {name: definition[name] for name in ("title", "summary", "task", "tier")}
    suite, is_new = Suite.objects.update_or_create(
        name=definition["id"], defaults={**facts, "is_proposed": True, "proposer": proposer}
    )
    suite.versions.update(current=False)
    version = suite.versions.create(
        version=definition["version"], digest=offer.digest, definition=definition, labels_key=labels_key
    )
    if not is_new:
        rank_requests.ask(version)
    return version
