"""Browsers in which a member is signed in: listed, ended one by one or together. A changed password ends all others."""

import time
from importlib import import_module
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set, user_logged_in
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import User
from hub.wire.client_address import client_address

_SEEN = "seen_at"  # in the session: Unix seconds
_RESOLUTION = 5 * 60
_LONGEST_AGENT = 200


def sessions_of(user: User) -> list[UserSession]:
    """Those that can still be used, the one seen last first."""
    rows = list(UserSession.objects.filter(user=user).order_by("-last_seen_at"))
    alive = Session.objects.filter(session_key__in=[row.session_key for row in rows], expire_date__gt=timezone.now())
    keys = set(alive.values_list("session_key", flat=True))
    return [row for row in rows if row.session_key in keys]


@transaction.atomic
def end(*, user: User, pk: int) -> bool:
    """Whether there was such a session of theirs."""
    return _end(UserSession.objects.filter(user=user, pk=pk)) > 0


@transaction.atomic
def end_others(*, user: User, current: str | None) -> int:
    """All but the one with the key `current`. Returns how many."""
    return _end(UserSession.objects.filter(user=user).exclude(session_key=current or ""))


def _end(rows: Any) -> int:
    keys = list(rows.values_list("session_key", flat=True))
    store = import_module(settings.SESSION_ENGINE).SessionStore
    for key in keys:
        store(key).delete()
    UserSession.objects.filter(session_key__in=keys).delete()
    return len(keys)


def is_to_be_noted(session: SessionBase, now: float) -> bool:
    seen = session.get(_SEEN)
    return seen is not None and now - seen > _RESOLUTION


def note(request: HttpRequest) -> None:
    request.session[_SEEN] = time.time()
    UserSession.objects.filter(session_key=request.session.session_key).update(
        last_seen_at=timezone.now(),
        ip=client_address(request),
        user_agent=request.headers.get("User-Agent", "")[:_LONGEST_AGENT],
    )


@receiver(user_logged_in)
def _follow(sender: object, request: HttpRequest, **_: Any) -> None:
    request.session[_SEEN] = time.time()


@receiver([password_changed, password_set, password_reset])
def _end_the_others(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    end_others(user=user, current=request.session.session_key if request.user == user else None)
