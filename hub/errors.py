"""What can be refused, by meaning. Doors turn these into answers (`hub.error_responses`); services only raise them."""

from typing import Any

from django.utils.translation import gettext, gettext_noop


class HubError(Exception):
    """A refusal that tells its reader what was wrong and what to do.

    `code` is sent as X-Error-Code where Hub clients know one; `details` are extra members of the JSON body. `says` is told
    where nothing more exact is: in English, and in the language of the request once it is raised.
    """

    says = ""
    status = 500
    code = ""
    page = "error.html"  # what people see of it; the template gets it as `error`
    page_status: int | None = None  # where it is not `status`

    def __init__(
        self, message: str = "", *, details: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ):
        super().__init__(message or gettext(self.says))
        self.details = details or {}
        self.headers = headers or {}

    @property
    def in_words(self) -> str:
        """As it is told where there is room for more than a line."""
        return str(self)


class BadRequest(HubError):
    says = gettext_noop("The request cannot be understood.")
    status = 400


class Unauthenticated(HubError):
    says = gettext_noop("Sign in or send an access token.")
    status = 401


class Forbidden(HubError):
    says = gettext_noop("You may not do this.")
    status = 403


class NotFound(HubError):
    says = gettext_noop("There is nothing here.")
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
    says = gettext_noop("This exists already.")
    status = 409


class PreconditionFailed(HubError):
    says = gettext_noop("What this builds on has changed meanwhile.")
    status = 412


class TooLarge(HubError):
    says = gettext_noop("This is larger than the hub accepts.")
    status = 413


class Invalid(HubError):
    says = gettext_noop("This is understood, and not acceptable.")
    status = 422


class RateLimited(HubError):
    says = gettext_noop("Too many requests: wait a little.")
    status = 429


class NotOffered(HubError):
    says = gettext_noop("This hub does not offer that.")
    status = 501
    code = "NotImplemented"


class Unavailable(HubError):
    says = gettext_noop("A part of the hub does not answer just now: try again in a moment.")
    status = 503

    def __init__(
        self, message: str = "", *, details: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ):
        super().__init__(message, details=details, headers={"Retry-After": "5", **(headers or {})})
