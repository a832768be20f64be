"""What the community refuses."""

from hub.errors import Conflict, Forbidden, NotFound


class DiscussionNotFound(NotFound):
    """There is no such discussion."""


class CommentNotFound(NotFound):
    """There is no such comment."""


class DiscussionLocked(Forbidden):
    """This discussion is locked: only who may write the repository still comments."""


class WrongState(Conflict):
    """This discussion is not in a state in which that can be done."""
