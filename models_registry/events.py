"""What has happened in the registry, told within the transaction of the fact itself. Higher apps and tasks listen."""

from django.dispatch import Signal

commit_created = Signal()  # commit: Commit, reference: Reference
repository_created = Signal()  # repository: Repository
repository_moved = Signal()  # repository: Repository, under its new name
repository_deleted = Signal()  # repository: Repository, about to go
