"""Secrets in the regular text files of a repository: found after each commit, told to those who may write it, to nobody else.

Each content is read once. An access token of this very hub that lies open in a public repository is revoked at once, as
whoever reads the page could use it.
"""

import hashlib
import hmac
import logging
from collections.abc import Iterable, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import AccessToken, Actor, AuditEntry
from accounts.services.tokens import revoke_token
from hub.batches import batches
from hub.errors import Invalid, NotFound
from hub.jobs.models import Job
from models_registry import access
from models_registry.errors import ContentQuarantined
from models_registry.events import secrets_found, token_leaked
from models_registry.formats import secrets
from models_registry.formats.secrets import Found
from models_registry.models import Commit, GitObject, Repository, SecretFinding, SecretScan
from models_registry.services import objects, trees
from models_registry.services.trees import TreeEntry

logger = logging.getLogger(__name__)

LONGEST_REASON = 300
_AT_ONCE = 200
_BINARY_WITHIN = 8000  # as git looks


def scan_commit(repository_id: int, oid: str) -> None:
    """Read what no commit before has had. Twice is once. Raises StorageUnavailable."""
    repository = Repository.objects.select_related("namespace").filter(pk=repository_id).first()
    commit = Commit.objects.filter(repository=repository_id, oid=oid).first()
    if repository is None or commit is None:
        return
    files = [entry for entry in trees.files(repository, commit) if not entry.lfs and 0 < entry.size <= secrets.LARGEST]
    for some in batches(files, _AT_ONCE):
        _scan_some(repository, commit, some)


def _scan_some(repository: Repository, commit: Commit, files: Sequence[TreeEntry]) -> None:
    contents = {entry.oid for entry in files}
    read = SecretScan.objects.filter(repository=repository, content__in=contents, version=secrets.VERSION)
    known = set(read.values_list("content", flat=True))
    wanted = [entry for entry in files if entry.oid not in known]
    if not wanted:
        return
    rows = GitObject.objects.select_related("content").filter(
        repository=repository, oid__in={entry.oid for entry in wanted}
    )
    texts = {row.oid: _text(row) for row in rows}
    found = [
        (entry.path, finding)
        for entry in wanted
        if texts.get(entry.oid)
        for finding in secrets.find(texts[entry.oid], entry.name)
    ]
    with transaction.atomic():
        _note(repository, commit, found)
        SecretScan.objects.bulk_create(
            (
                SecretScan(repository=repository, content=oid, version=secrets.VERSION)
                for oid in {entry.oid for entry in wanted}
            ),
            update_conflicts=True, unique_fields=["repository", "content"], update_fields=["version"],
        )  # fmt: skip


def _text(row: GitObject) -> str:
    """ "" for what is no text, and for what nobody gets."""
    try:
        content = objects.inflate(row)
    except ContentQuarantined:
        return ""
    return "" if b"\0" in content[:_BINARY_WITHIN] else content.decode("utf-8", "replace")


def _note(repository: Repository, commit: Commit, found: Iterable[tuple[str, Found]]) -> None:
    new = []
    for path, finding in found:
        row, is_new = SecretFinding.objects.get_or_create(
            repository=repository,
            path=path[:1024],
            fingerprint=_fingerprint(finding.value),
            defaults={"line": finding.line, "kind": finding.kind, "commit": commit.oid},
        )
        if finding.value.startswith("hf_") and repository.is_public:
            row.is_revoked = _revoked(repository, path, finding.value) or row.is_revoked
        if not is_new:
            row.line, row.commit = finding.line, commit.oid
        row.save(update_fields=["line", "commit", "is_revoked"])
        if is_new:
            new.append(row)
    if new:
        logger.info("%d secrets found in repository %d", len(new), repository.pk)
        secrets_found.send(sender=SecretFinding, repository=repository, findings=new)


def _fingerprint(value: str) -> str:
    """Tells one secret from another, and says nothing of what it is to whoever has no key of the hub's."""
    key = f"secret fingerprints:{settings.SECRET_KEY}".encode()
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()[:32]


def _revoked(repository: Repository, path: str, value: str) -> bool:
    token = AccessToken.objects.with_value(value)
    if token is None:
        return False
    revoke_token(actor=Actor(), token=token)
    AuditEntry.objects.record(
        Actor(),
        "token.leaked",
        f"{token.user.username}: {token.name}"[:255],
        repository=repository.full_name,
        path=path,
    )
    token_leaked.send(sender=AccessToken, token=token, repository=repository)
    return True


def look_again(repository: Repository) -> None:
    """Within the transaction that makes it public: tokens of this hub that lay open among few lie open to all now."""
    found = SecretFinding.objects.filter(repository=repository, kind=secrets.OF_THIS_HUB, is_revoked=False)
    commits = set(found.values_list("commit", flat=True))
    if commits:
        SecretScan.objects.filter(repository=repository).delete()
        Job.objects.add_many("scan_commit", (f"{repository.pk}:{oid}" for oid in sorted(commits)))


def open_count(actor: Actor, repository: Repository) -> int:
    """How many there are to tell this actor of: one query for members, none for visitors."""
    if actor.user is None:
        return 0
    mine = Repository.objects.filter(pk=repository.pk).writable_by(actor)
    return SecretFinding.objects.filter(repository__in=mine, dismissed_at=None).count()


def findings(actor: Actor, repository: Repository) -> QuerySet[SecretFinding]:
    """All there are, for those who may write the repository. Raises Unauthenticated, Suspended, ReadOnlyToken, Forbidden."""
    access.require_write(actor, repository)
    return repository.secret_findings.select_related("dismissed_by").order_by("-dismissed_at", "path", "line", "pk")


@transaction.atomic
def dismiss(*, actor: Actor, repository: Repository, finding: int, reason: str) -> SecretFinding:
    """It is none, or is good for nothing any more. Raises as `findings`, NotFound, Invalid."""
    access.require_write(actor, repository)
    reason = reason.strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid(_("Say why, in at most %(most)s characters.") % {"most": LONGEST_REASON})
    row = repository.secret_findings.select_for_update(of=("self",)).filter(pk=finding).first()
    if row is None:
        raise NotFound(_("There is no such finding."))
    row.dismissed_at, row.dismissed_by, row.dismissed_reason = timezone.now(), actor.require_user(), reason
    row.save(update_fields=["dismissed_at", "dismissed_by", "dismissed_reason"])
    AuditEntry.objects.record(
        actor, "secret.dismissed", repository.full_name, path=row.path, kind=row.kind, reason=reason
    )
    return row
