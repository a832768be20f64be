"""What the community refuses."""

from hub.errors import BadRequest, Conflict, Forbidden, NotFound


class CollectionNotFound(NotFound):
    """There is no such collection, or you may not see it."""


class CollectionExists(Conflict):
    """There is a collection of this title already."""


class ItemExists(Conflict):
    """This is in the collection already."""


class ItemNotFound(NotFound):
    """There is no such item in this collection."""


class BadCollection(BadRequest):
    """A collection cannot be like this."""


class DiscussionNotFound(NotFound):
    """There is no such discussion."""


class CommentNotFound(NotFound):
    """There is no such comment."""


class DiscussionLocked(Forbidden):
    """This discussion is locked: only who may write the repository still comments."""


class WrongState(Conflict):
    """This discussion is not in a state in which that can be done."""
