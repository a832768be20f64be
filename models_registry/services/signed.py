"""Short-lived statements that the hub signs for its own processes; a client carries them from one to another."""

import time
from typing import Any

import jwt
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import AccessToken, Actor, User
from hub.errors import Unauthenticated

_ALGORITHM = "HS256"


class BadStatement(ValueError):
    """Not signed by this hub, for another purpose, or expired."""


def _key(purpose: str) -> bytes:
    return salted_hmac(f"grove.signed.{purpose}", "", secret=settings.SECRET_KEY, algorithm="sha256").digest()


def sign(purpose: str, claims: dict[str, Any], *, seconds: int) -> tuple[str, int]:
    """The signed text, and when it expires (unix seconds). What is signed for one purpose is of no use for another."""
    expires = int(time.time()) + seconds
    return jwt.encode({**claims, "exp": expires}, _key(purpose), algorithm=_ALGORITHM), expires


def read(purpose: str, text: str) -> dict[str, Any]:
    """The claims. Raises BadStatement."""
    try:
        return jwt.decode(text, _key(purpose), algorithms=[_ALGORITHM], options={"require": ["exp"]})
    except jwt.InvalidTokenError as error:
        raise BadStatement(str(error)) from error


def claims_of(actor: Actor) -> dict[str, int | None]:
    """Who asked, to be signed along: their rights are asked anew where the statement is used."""
    return {"user": actor.user.pk if actor.user else None, "token": actor.token.pk if actor.token else None}


def actor_of(claims: dict[str, Any]) -> Actor:
    """Who asked, as they are now. Raises Unauthenticated if their account or access token is gone."""
    user_id, token_id = claims["user"], claims["token"]
    if user_id is None:
        return Actor()
    if token_id is None:
        user = User.objects.filter(pk=user_id, is_active=True).first()
        if user is None:
            raise Unauthenticated("The account that this was given to is gone.")
        return Actor(user=user)
    token = AccessToken.objects.valid(timezone.now()).select_related("user").filter(pk=token_id).first()
    if token is None:
        raise Unauthenticated("The access token that this was given to has expired or was revoked.")
    return Actor(user=token.user, token=token)
