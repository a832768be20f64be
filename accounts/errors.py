"""What accounts refuse."""

from django.utils.translation import gettext_noop

from hub.errors import BadRequest, Conflict, Forbidden, Moved, NotFound, Unauthenticated


class BadCredentials(Unauthenticated):
    says = "Invalid credentials in Authorization header"

    # The stock client recognises this very text (its public constant), and reports a bad token.


class ReadOnlyToken(Forbidden):
    says = gettext_noop('This access token may only read: make one with the role "write".')


class Suspended(Forbidden):
    says = gettext_noop("This account is suspended.")


class NameTaken(Conflict):
    says = gettext_noop("This name is taken.")


class NamespaceNotFound(NotFound):
    says = gettext_noop("There is no such user or organisation.")


class LastAdministrator(Conflict):
    says = gettext_noop("An organisation needs an administrator: make somebody else one first.")


class NoSuchDeviceCode(NotFound):
    says = gettext_noop("No program waits with this code: it is mistyped, used or expired.")


class NamespaceMoved(Moved):
    """This user or organisation has another name now."""


class NoSuchInvitation(NotFound):
    says = gettext_noop("This invitation is accepted, taken back, expired or mistyped: ask for another.")


class DeviceLoginRefused(BadRequest):
    """`oauth_code`: what the program is told (RFC 8628, section 3.5; RFC 6749, section 5.2)."""

    def __init__(self, oauth_code: str, message: str):
        super().__init__(message, details={"error": oauth_code, "error_description": message})
        self.oauth_code = oauth_code
