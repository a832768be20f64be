"""How members wish to be told of each kind of thing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.core import signing
from django.db import transaction

from accounts.models import User
from models_registry.community.models import NoticeKind, Notification, NotificationPreference

Email = NotificationPreference.Email
_SALT = "community.unsubscribe"
ALL, DAILY = "all", "daily"  # beside the kinds: every e-mail about notifications, and what the digest brings


@dataclass(frozen=True)
class Wish:
    on_page: bool
    email: str


# Until a member says otherwise: at once what waits for them, daily what can.
DEFAULTS: dict[str, Wish] = {
    NoticeKind.MENTION: Wish(on_page=True, email=Email.NOW),
    NoticeKind.OPENED: Wish(on_page=True, email=Email.DIGEST),
    NoticeKind.REPLY: Wish(on_page=True, email=Email.DIGEST),
    NoticeKind.STATUS: Wish(on_page=True, email=Email.DIGEST),
    NoticeKind.ACCESS_ASKED: Wish(on_page=True, email=Email.DIGEST),
    NoticeKind.ACCESS_DECIDED: Wish(on_page=True, email=Email.NOW),
    NoticeKind.INVITED: Wish(on_page=True, email=Email.NOW),
    NoticeKind.VERSION: Wish(on_page=True, email=Email.DIGEST),
    NoticeKind.MODERATION: Wish(on_page=True, email=Email.NOW),
    NoticeKind.SAFETY: Wish(on_page=True, email=Email.NOW),
    NoticeKind.WEBHOOK: Wish(on_page=True, email=Email.NOW),
    NoticeKind.LICENCE: Wish(on_page=True, email=Email.DIGEST),
    NoticeKind.EVALUATION: Wish(on_page=True, email=Email.DIGEST),
    NoticeKind.SCORED: Wish(on_page=True, email=Email.NEVER),
}


def of_users(users: Iterable[int], kinds: Iterable[str]) -> dict[tuple[int, str], Wish]:
    """{(user id, kind): what they wish}, of those who said so. One query."""
    rows = NotificationPreference.objects.filter(user__in=list(users), kind__in=list(kinds))
    return {(row.user_id, row.kind): Wish(row.on_page, row.email) for row in rows}


def of_user(user: User) -> dict[str, Wish]:
    """{kind: their wish}, for every kind."""
    said = of_users([user.pk], DEFAULTS)
    return {kind: said.get((user.pk, kind), wish) for kind, wish in DEFAULTS.items()}


@transaction.atomic
def choose(*, user: User, wishes: Mapping[str, Wish]) -> None:
    """What waits for the next digest does not go out either, where it is not wanted any more."""
    NotificationPreference.objects.bulk_create(
        (
            NotificationPreference(user=user, kind=kind, on_page=wish.on_page, email=wish.email)
            for kind, wish in wishes.items()
        ),
        update_conflicts=True, unique_fields=["user", "kind"], update_fields=["on_page", "email"],
    )  # fmt: skip
    unwanted = [kind for kind, wish in wishes.items() if wish.email == Email.NEVER]
    Notification.objects.filter(recipient=user, kind__in=unwanted, digest=True).update(digest=False)


def unsubscribe(*, user: User, kind: str) -> None:
    """No e-mail of that kind any more, or of none (`ALL`), or no digest (`DAILY`); the page stays as it is."""
    now = of_user(user)
    daily = [one for one, wish in now.items() if wish.email == Email.DIGEST]
    kinds = {ALL: list(now), DAILY: daily}.get(kind, [kind])
    choose(user=user, wishes={one: Wish(now[one].on_page, Email.NEVER) for one in kinds})


def token(user: User, kind: str) -> str:
    """What an e-mail's link to end such e-mails holds: it opens nothing else, and stays good."""
    return signing.dumps([user.pk, kind], salt=_SALT)


def opened(value: str) -> tuple[User, str] | None:
    """The member and the kind of such a link; None for one that the hub has not made, or whose member is gone."""
    try:
        pk, kind = signing.loads(value, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    user = User.objects.filter(pk=pk).first()
    return (user, kind) if user is not None and kind in {*DEFAULTS, ALL, DAILY} else None
