"""What has happened in the registry, told within the transaction of the fact itself. Higher apps and tasks listen."""

from typing import NamedTuple

from django.dispatch import Signal


class ReferenceMove(NamedTuple):
    """A branch, tag or pull request, by its full name, and what it points at. None: it was not, or is no more."""

    name: str
    old: str | None
    new: str | None


commit_created = Signal()
"""commit: Commit, the new head of reference: Reference; before: the head it had, None for a new one; actor: Actor or None."""
commit_indexed = Signal()
"""repository: Repository, commit: Commit, the head of its default branch; card: Card, just written; files: list[TreeEntry]."""
pull_request_opened = Signal()  # pull_request: PullRequest, actor: Actor, title: str, description: str, is_draft: bool
references_moved = Signal()
"""repository: Repository, moves: list[ReferenceMove], actor: Actor or None; not those of a new repository."""
repository_created = Signal()  # repository: Repository
repository_moved = Signal()  # repository: Repository, under its new name; old_namespace: Namespace, old_name: str
repository_deleted = Signal()  # repository: Repository, about to go
access_asked = Signal()  # request: AccessRequest, just made (by an automatic gate: accepted already), actor: Actor
access_decided = Signal()
"""request: AccessRequest, which its owners accepted, rejected or set back to pending; actor: Actor."""
licence_changed = Signal()  # repository: Repository, old: str, new: str, commit: str; as the card writes them
licence_contradicted = Signal()
"""repository: Repository, findings: list of the new ones (formats.licence_conflicts.Finding)."""
settings_changed = Signal()  # repository: Repository, changes: dict[str, object], by setting
content_quarantined = Signal()
"""quarantine: Quarantine, repository: Repository that has the content; perhaps not the first time."""
secrets_found = Signal()  # repository: Repository, findings: list[SecretFinding], new ones
token_leaked = Signal()  # token: AccessToken, which was revoked; repository: Repository in which it lay open
