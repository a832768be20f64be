"""Signing a program in by a browser that may be elsewhere (OAuth 2.0 device authorization grant, RFC 8628)."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.errors import DeviceLoginRefused, NoSuchDeviceCode
from accounts.models import AccessToken, Actor, AuditEntry, DeviceLogin, RefreshToken, TokenRole, User
from accounts.models.token import digest_of
from accounts.services.tokens import create_token, revoke_token
from hub.errors import RateLimited

logger = logging.getLogger(__name__)

# Programs that may ask: the public id of the stock client, which is no secret.
CLIENTS = {"26be6b09-91c5-47da-9861-d2d2bb7a7e36": "huggingface_hub"}
CODE_LIFE = timedelta(minutes=15)
TOKEN_LIFE = timedelta(days=30)
REFRESH_LIFE = timedelta(days=90)
# A refresh token may be shown again for this long: the answer to the first time may have been lost.
LOST_ANSWER = timedelta(minutes=1)
MOST_WAITING = 10_000
MOST_BEGUN = 100  # from one address, within the life of a code
MOST_WRONG_CODES = 20  # by one member, within the life of a code
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; nothing that reads like a digit
_MOST_SECONDS = 60

State = DeviceLogin.State


@dataclass(frozen=True)
class Codes:
    """What the program keeps (`device_code`) and what its user types (`user_code`). Times in seconds."""

    device_code: str
    user_code: str
    interval: int
    expires_in: int


@dataclass(frozen=True)
class Tokens:
    """Values, shown once. `expires_in`: seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


def _normal(user_code: str) -> str:
    return "".join(letter for letter in user_code.upper() if letter in _LETTERS)


def client_named(client_id: str) -> str:
    """Raises DeviceLoginRefused."""
    if client_id not in CLIENTS:
        raise DeviceLoginRefused("invalid_client", "This hub does not know that client_id.")
    return CLIENTS[client_id]


@transaction.atomic
def begin(*, client_id: str, address: str) -> Codes:
    """address: from where the program asks. Raises DeviceLoginRefused for an unknown client, RateLimited while very many wait."""
    client, now = client_named(client_id), timezone.now()
    if _count(f"device-logins:{address}") > MOST_BEGUN:
        raise RateLimited(
            _("Very many programs at your address ask to be signed in: try again in a quarter of an hour.")
        )
    DeviceLogin.objects.filter(expires_at__lt=now - CODE_LIFE).delete()
    if DeviceLogin.objects.filter(state=State.PENDING, expires_at__gt=now).count() >= MOST_WAITING:
        raise RateLimited(_("Very many programs wait to be signed in: try again in a few minutes."))
    device_code = secrets.token_urlsafe(32)
    letters = "".join(secrets.choice(_LETTERS) for _place in range(8))
    login = DeviceLogin.objects.create(
        device_digest=digest_of(device_code), user_digest=digest_of(letters), client=client, expires_at=now + CODE_LIFE
    )
    return Codes(device_code, f"{letters[:4]}-{letters[4:]}", login.interval, int(CODE_LIFE.total_seconds()))


def _count(key: str) -> int:
    """One more, of what counts for as long as a code lives."""
    cache.add(key, 0, int(CODE_LIFE.total_seconds()))
    try:
        return cache.incr(key)
    except ValueError:  # it has just expired
        return 1


def waiting(*, user: User, user_code: str) -> DeviceLogin:
    """The program that shows this code. Raises NoSuchDeviceCode; RateLimited for who guesses."""
    key = f"device-codes:{user.pk}"
    if cache.get(key, 0) >= MOST_WRONG_CODES:
        raise RateLimited(_("Too many wrong codes: wait a quarter of an hour."))
    found = DeviceLogin.objects.filter(
        user_digest=digest_of(_normal(user_code)), state=State.PENDING, expires_at__gt=timezone.now()
    ).first()
    if found is None:
        _count(key)
        raise NoSuchDeviceCode
    return found


@transaction.atomic
def decide(*, actor: Actor, user_code: str, approve: bool, role: TokenRole = TokenRole.READ) -> DeviceLogin:
    """Let the program act for the member, or not. Raises as `waiting`."""
    user = actor.require_user()
    login = waiting(user=user, user_code=user_code)
    changed = DeviceLogin.objects.filter(pk=login.pk, state=State.PENDING).update(
        state=State.APPROVED if approve else State.DENIED, user=user, role=role
    )
    if not changed:
        raise NoSuchDeviceCode  # somebody was quicker
    verb = "approved" if approve else "denied"
    AuditEntry.objects.record(actor, f"device_login.{verb}", user.username, client=login.client, role=role)
    login.refresh_from_db()
    return login


def collect(*, client_id: str, device_code: str) -> Tokens:
    """What the program asks again and again. Raises DeviceLoginRefused, whose code says whether to go on asking."""
    client_named(client_id)
    refusal = _noted(device_code, timezone.now())
    if refusal is not None:  # outside of the transaction that wrote down the question
        raise refusal
    return _collected(device_code)


@transaction.atomic
def _noted(device_code: str, now: datetime) -> DeviceLoginRefused | None:
    login = DeviceLogin.objects.select_for_update().filter(device_digest=digest_of(device_code)).first()
    if login is None or login.state == State.DONE:
        return DeviceLoginRefused("invalid_grant", "There is no such device_code.")
    if login.state == State.DENIED:
        return DeviceLoginRefused("access_denied", "The member said no.")
    if login.expires_at <= now:
        return DeviceLoginRefused("expired_token", "The code has expired: begin again.")
    if login.state == State.APPROVED:
        return None
    too_soon = login.asks_too_soon(now)
    login.polled_at = now
    login.interval = min(login.interval + 5, _MOST_SECONDS) if too_soon else login.interval
    login.save(update_fields=["polled_at", "interval"])
    if too_soon:
        return DeviceLoginRefused("slow_down", f"Ask every {login.interval} seconds, not more often.")
    return DeviceLoginRefused("authorization_pending", "The member has not answered yet.")


@transaction.atomic
def _collected(device_code: str) -> Tokens:
    login = DeviceLogin.objects.select_for_update(of=("self",)).select_related("user")
    found = login.filter(device_digest=digest_of(device_code), state=State.APPROVED).first()
    if found is None or found.user is None:
        raise DeviceLoginRefused("invalid_grant", "There is no such device_code.")
    DeviceLogin.objects.filter(pk=found.pk).update(state=State.DONE)
    return _minted(found.user, TokenRole(found.role), f"{found.client}, signed in by browser")


def _minted(user: User, role: TokenRole, name: str, family: UUID | None = None) -> Tokens:
    now = timezone.now()
    token, value = create_token(actor=Actor(user=user), user=user, name=name, role=role, expires_at=now + TOKEN_LIFE)
    refresh = secrets.token_urlsafe(32)
    RefreshToken.objects.create(
        access_token=token, digest=digest_of(refresh), expires_at=now + REFRESH_LIFE, family=family or uuid4()
    )
    return Tokens(value, refresh, int(TOKEN_LIFE.total_seconds()))


def refresh(*, client_id: str, refresh_token: str) -> Tokens:
    """The next access token, with the rights of the last, and the next refresh token. The old access token ends by itself.

    Raises DeviceLoginRefused if it is unknown, expired or spent, or its access token was revoked. One that was spent is in two
    hands: then the whole family is revoked.
    """
    client_named(client_id)
    tokens = _renewed(refresh_token)
    if tokens is None:  # outside of the transaction that revoked
        raise DeviceLoginRefused("invalid_grant", "This refresh token opens nothing: sign in again.")
    return tokens


@transaction.atomic
def _renewed(refresh_token: str) -> Tokens | None:
    now = timezone.now()
    rows = RefreshToken.objects.select_for_update(of=("self",)).select_related("access_token__user")
    row = rows.filter(digest=digest_of(refresh_token), expires_at__gt=now).first()
    if row is None:
        return None
    if row.spent_at is not None and row.spent_at < now - LOST_ANSWER:
        _revoke_family(row)
        return None
    last = row.access_token
    if last.revoked_at is not None or not last.user.is_active:
        return None
    RefreshToken.objects.filter(pk=row.pk).update(spent_at=row.spent_at or now)
    AccessToken.objects.filter(user=last.user, name=last.name, expires_at__lt=now - REFRESH_LIFE).delete()
    return _minted(last.user, TokenRole(last.role), last.name, row.family)


def _revoke_family(spent: RefreshToken) -> None:
    rows = AccessToken.objects.filter(refresh_tokens__family=spent.family, revoked_at=None).select_related("user")
    for token in rows:
        revoke_token(actor=Actor(), token=token)
    logger.warning("a spent refresh token of %s was shown again: its family is revoked", spent.access_token.user.pk)
