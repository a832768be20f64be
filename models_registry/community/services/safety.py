"""Who is told of what scans find: owners of what is in quarantine, and maintainers; writers of secrets; whose token leaked."""

from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext_noop

from accounts.models import AccessToken, Membership, Role, User
from hub.kept_sentences import sentence
from models_registry.community.models import Category, NoticeKind
from models_registry.community.services.moderation import subjects
from models_registry.community.services.moderation.reports import open_report
from models_registry.community.services.notifications import notify
from models_registry.events import content_quarantined, secrets_found, token_leaked
from models_registry.models import Quarantine, Repository, SecretFinding

_MALWARE = sentence(gettext_noop("%(path)s is in quarantine: %(reason)s"))
_FOUND = sentence(gettext_noop("%(reason)s. Content %(content)s, found as %(path)s."))
_SECRETS = sentence(gettext_noop("A %(kind)s lies open in %(path)s, and %(count)s more"))
_SECRET = sentence(gettext_noop("A %(kind)s lies open in %(path)s"))
_TOKEN = sentence(gettext_noop("Your access token “%(token)s” lay open in %(repository)s, and is revoked"))


@receiver(content_quarantined)
def tell_of_malware(sender: object, quarantine: Quarantine, repository: Repository, **_: Any) -> None:
    where = quarantine.path or quarantine.content[:12]
    notify(
        kind=NoticeKind.SAFETY, key=f"malware:{repository.pk}", repository=repository, users=_writers(repository),
        text=(_MALWARE % {"path": where, "reason": quarantine.reason})[:500],
    )  # fmt: skip
    open_report(
        subject=subjects.of_repository(repository), category=Category.MALWARE, by_hub=True,
        text=_FOUND % {"reason": quarantine.reason, "content": quarantine.content, "path": where},
    )  # fmt: skip


@receiver(secrets_found)
def tell_of_secrets(sender: object, repository: Repository, findings: list[SecretFinding], **_: Any) -> None:
    first = findings[0]
    form = _SECRETS if len(findings) > 1 else _SECRET
    told = {"kind": first.kind, "path": first.path, "count": len(findings) - 1}
    notify(
        kind=NoticeKind.SAFETY, key=f"secrets:{repository.pk}", repository=repository, users=_writers(repository),
        text=(form % told)[:500], url=f"{repository.get_absolute_url()}/secrets",
    )  # fmt: skip


@receiver(token_leaked)
def tell_of_a_token(sender: object, token: AccessToken, repository: Repository, **_: Any) -> None:
    notify(
        kind=NoticeKind.SAFETY, key=f"token:{token.pk}", users=[token.user], url="/settings/tokens",
        text=(_TOKEN % {"token": token.name, "repository": repository.full_name})[:500],
    )  # fmt: skip


def _writers(repository: Repository) -> list[User]:
    """Whose repository it is: its member; in an organisation who writes all of it, and who made it."""
    namespace = repository.namespace
    if namespace.user is not None:
        return [namespace.user]
    writers = Membership.objects.filter(organization=namespace.organization_id).select_related("user")
    return [
        member.user
        for member in writers
        if member.role >= Role.WRITE or (member.role >= Role.CONTRIBUTOR and member.user_id == repository.creator_id)
    ]
