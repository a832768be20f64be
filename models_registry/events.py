"""What has happened in the registry, told within the transaction of the fact itself. Higher apps and tasks listen."""

from django.dispatch import Signal

commit_created = Signal()
"""commit: Commit, the new head of reference: Reference; before: the head it had, None for a new one; actor: Actor or None."""
pull_request_opened = Signal()  # pull_request: PullRequest, actor: Actor, title: str, description: str, is_draft: bool
repository_created = Signal()  # repository: Repository
repository_moved = Signal()  # repository: Repository, under its new name
repository_deleted = Signal()  # repository: Repository, about to go
