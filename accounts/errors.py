"""What accounts refuse."""

from hub.errors import Conflict, Forbidden, NotFound, Unauthenticated


class BadCredentials(Unauthenticated):
    """Invalid credentials in Authorization header"""

    # The stock client recognises this very text (its public constant), and reports a bad token.


class ReadOnlyToken(Forbidden):
    """This access token may only read: make one with the role "write"."""


class Suspended(Forbidden):
    """This account is suspended."""


class NameTaken(Conflict):
    """This name is taken."""


class NamespaceNotFound(NotFound):
    """There is no such user or organisation."""
