"""Entries of the audit log in words, for the administrators of an organisation."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import THE_HUB, AuditEntry, Namespace

ACTIONS: dict[str, str | Promise] = {
    "organization.created": _("founded the organisation"),
    "organization.profile": _("changed the profile"),
    "organization.settings": _("changed the defaults"),
    "organization.verified": _("set the verified mark"),
    "organization.unverified": _("took the verified mark away"),
    "namespace.renamed": _("changed the name"),
    "membership.created": _("became a member"),
    "membership.changed": _("changed a role"),
    "membership.deleted": _("removed a member"),
    "membership.left": _("left"),
    "invitation.created": _("invited"),
    "invitation.accepted": _("accepted an invitation"),
    "invitation.declined": _("declined an invitation"),
    "invitation.revoked": _("took an invitation back"),
    "repository.created": _("made a repository"),
    "repository.moved": _("moved a repository"),
    "repository.received": _("brought a repository here"),
    "repository.deleted": _("deleted a repository"),
    "repository.visibility": _("changed who sees a repository"),
    "repository.gate": _("changed who reads a repository"),
    "repository.duplicated": _("duplicated a repository"),
    "repository.default_branch": _("changed the default branch"),
    "repository.large_files_removed": _("removed large files"),
    "licence.changed": _("changed a licence"),
    "access.asked": _("asked for access"),
    "access.withdrawn": _("withdrew a request for access"),
    "access.granted": _("gave access"),
    "access.accepted": _("accepted a request for access"),
    "access.rejected": _("declined a request for access"),
    "access.pending": _("put a request for access back"),
    "access.exported": _("exported the requests for access"),
    "secret.dismissed": _("dismissed a secret that was found"),
    "automatic_evaluation.enabled": _("had new commits evaluated by themselves"),
    "automatic_evaluation.disabled": _("ended the evaluation of new commits"),
    "tag_rule.created": _("protected tags"),
    "tag_rule.deleted": _("ended the protection of tags"),
    "suite.proposed": _("proposed a suite"),
    "webhook.created": _("made a webhook"),
    "webhook.changed": _("changed a webhook"),
    "webhook.enabled": _("enabled a webhook"),
    "webhook.disabled": _("disabled a webhook"),
    "webhook.deleted": _("deleted a webhook"),
}


@dataclass(frozen=True)
class DescribedEntry:
    actor_name: str | Promise
    words: str | Promise
    target: str
    details: list[tuple[str, str | Promise]]
    created_at: datetime
    by_token: str


def described(entry: AuditEntry, namespace: Namespace) -> DescribedEntry:
    """An act without words of its own is shown by its name; what happened to the namespace itself needs no target."""
    return DescribedEntry(
        actor_name=_("the hub") if entry.actor_name == THE_HUB else entry.actor_name,
        words=ACTIONS.get(entry.action, entry.action),
        target="" if entry.target == namespace.name else entry.target,
        details=[
            (key.replace("_", " "), _said(value)) for key, value in entry.details.items() if value not in ("", None)
        ],
        created_at=entry.created_at,
        by_token=entry.token_prefix,
    )


def _said(value: object) -> str | Promise:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)
