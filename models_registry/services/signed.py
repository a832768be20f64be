"""Short-lived statements that the hub signs for its own processes; a client carries them from one to another."""

import time
from typing import Any

import jwt
from django.conf import settings
from django.utils.crypto import salted_hmac

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
