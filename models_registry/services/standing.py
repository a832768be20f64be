"""What moderators do to a repository: each act needs the permission of its kind, and one is done once."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from accounts.models import Actor, AuditEntry
from hub.errors import Conflict
from models_registry import access
from models_registry.models import Repository, Standing

_PERMISSIONS = {
    Standing.HIDDEN: "models_registry.hide_repository",
    Standing.QUARANTINED: "models_registry.quarantine_repository",
    Standing.TAKEN_DOWN: "models_registry.take_down_repository",
}


_ALREADY = {
    Standing.HIDDEN: gettext_lazy("%(name)s is hidden already."),
    Standing.QUARANTINED: gettext_lazy("%(name)s is quarantined already."),
    Standing.TAKEN_DOWN: gettext_lazy("%(name)s is taken down already."),
}


class StandsSo(Conflict):
    says = gettext_noop("Another moderator was quicker: it stands so already.")


@transaction.atomic
def close(
    *, actor: Actor, repository: Repository, standing: Standing, reason: str, notice: str = "", legal_basis: str = ""
) -> None:
    """Nobody reads or writes it any more. reason: its members read it. notice: everybody does, unless it is hidden.

    What is closed one way may be closed another way after. Raises Forbidden, StandsSo, RepositoryNotFound.
    """
    actor.require_permission(_PERMISSIONS[standing])
    row = _locked(repository)
    if row.standing == standing:
        raise StandsSo(str(_ALREADY[standing]) % {"name": row})
    row.disabled_as, row.disabled_reason = standing, reason
    row.public_notice, row.legal_basis = notice, legal_basis
    _written(row, repository)
    act = f"repository.{standing.replace(' ', '_')}"
    AuditEntry.objects.record(actor, act, row.full_name, reason=reason, notice=notice, legal_basis=legal_basis)


@transaction.atomic
def reopen(*, actor: Actor, repository: Repository, reason: str = "") -> None:
    """It is seen, read and written as before. Needs the permission to close it so. Raises Forbidden, StandsSo."""
    row = _locked(repository)
    if row.standing == Standing.GOOD:
        raise StandsSo(_("%(name)s is open already.") % {"name": row})
    actor.require_permission(_PERMISSIONS[row.standing])
    was = row.standing
    row.disabled_as, row.disabled_reason, row.public_notice, row.legal_basis = Standing.HIDDEN, "", "", ""
    _written(row, repository)
    AuditEntry.objects.record(actor, "repository.restored", row.full_name, reason=reason, was=was)


_COLUMNS = ["disabled_as", "disabled_reason", "disabled_at", "public_notice", "legal_basis"]


def _written(row: Repository, asked: Repository) -> None:
    row.disabled_at = timezone.now() if row.disabled_reason else None
    row.save(update_fields=_COLUMNS)
    for column in _COLUMNS:
        setattr(asked, column, getattr(row, column))


def _locked(repository: Repository) -> Repository:
    access.keep(repository)
    return Repository.objects.select_related("namespace").get(pk=repository.pk)
