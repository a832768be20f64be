"""What can be refused, by meaning. Doors turn these into answers (`hub.error_responses`); services only raise them."""

from typing import Any


class HubError(Exception):
    """A refusal that tells its reader what was wrong and what to do.

    `code` is sent as X-Error-Code where Hub clients know one; `details` are extra members of the JSON body.
    """

    status = 500
    code = ""
    page = "error.html"  # what people see of it; the template gets it as `error`
    page_status: int | None = None  # where it is not `status`

    def __init__(
        self, message: str = "", *, details: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ):
        super().__init__(message or (self.__doc__ or "").strip())
        self.details = details or {}
        self.headers = headers or {}

    @property
    def in_words(self) -> str:
        """As it is told where there is room for more than a line."""
        return str(self)


class BadRequest(HubError):
    """The request cannot be understood."""

    status = 400


class Unauthenticated(HubError):
    """Sign in or send an access token."""

    status = 401


class Forbidden(HubError):
    """You may not do this."""

    status = 403


class NotFound(HubError):
    """There is nothing here."""

    status = 404


class Moved(NotFound):
    """This has another address now.

    `old` and `new`: the part of the address that changed, as the request wrote it and as it is today, without slashes at
    the ends. An answer can only lead on where the address of the request holds `old`; elsewhere this reads as NotFound.
    """

    def __init__(self, message: str, *, old: str, new: str):
        super().__init__(message)
        self.old = old
        self.new = new


class Conflict(HubError):
    """This exists already."""

    status = 409


class PreconditionFailed(HubError):
    """What this builds on has changed meanwhile."""

    status = 412


class TooLarge(HubError):
    """This is larger than the hub accepts."""

    status = 413


class Invalid(HubError):
    """This is understood, and not acceptable."""

    status = 422


class RateLimited(HubError):
    """Too many requests: wait a little."""

    status = 429


class NotOffered(HubError):
    """This hub does not offer that."""

    status = 501
    code = "NotImplemented"


class Unavailable(HubError):
    """A part of the hub does not answer just now: try again in a moment."""

    status = 503

    def __init__(
        self, message: str = "", *, details: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ):
        super().__init__(message, details=details, headers={"Retry-After": "5", **(headers or {})})
