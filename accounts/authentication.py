"""Who asks: from a bearer or basic access token, else from the browser's session."""

import base64
import binascii
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import SimpleLazyObject

from accounts.errors import BadCredentials
from accounts.models import AccessToken, Actor
from accounts.services import sessions
from hub.error_responses import to_json_response
from hub.errors import RateLimited
from hub.wire import rate_limits
from hub.wire.client_address import client_address


def _token_value(header: str) -> str:
    """The token in an Authorization header. git sends it as the password of Basic. Raises BadCredentials."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(rest, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise BadCredentials from None
        return password or user
    raise BadCredentials


def actor_from_token(value: str) -> Actor:
    """Raises BadCredentials for a token that is unknown, expired or revoked: they all look alike."""
    token = AccessToken.objects.with_value(value)
    if token is None:
        raise BadCredentials
    token.note_use()
    return Actor(user=token.user, token=token)


def _actor_of(request: HttpRequest, header: str) -> Actor:
    """Raises BadCredentials; RateLimited for an address that has sent very many wrong ones, without looking any more."""
    address = client_address(request)
    if rate_limits.is_spent("wrong_token", address):
        rate_limits.spend_as("wrong_token", None, address)
    try:
        return actor_from_token(_token_value(header))
    except BadCredentials:
        rate_limits.spend_as("wrong_token", None, address)
        raise


NOBODY = Actor()


class ActorMiddleware:
    """Sets `request.actor`. A wrong token is refused on every address, even for public data: better than a silent nobody."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        header = request.headers.get("Authorization")
        if header:
            try:
                request.actor = _actor_of(request, header)  # type: ignore[attr-defined]
            except (BadCredentials, RateLimited) as error:
                return to_json_response(error)
        else:
            # Lazily: an anonymous call of the API should not pay for a session. The session's user is taken hold of now,
            # because DRF puts its own in its place.
            user = getattr(request, "user", None)
            request.actor = (  # type: ignore[attr-defined]
                SimpleLazyObject(lambda: Actor(user=user if user.is_authenticated else None))
                if user is not None
                else NOBODY
            )
        return self.get_response(request)


class SessionActivityMiddleware:
    """Remembers where a browser's session was seen last, written at most every few minutes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.session.accessed and sessions.is_to_be_noted(request.session, time.time()):
            sessions.note(request)
        return response
