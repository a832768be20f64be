"""What the community refuses."""

from hub.errors import BadRequest, Conflict, NotFound


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
