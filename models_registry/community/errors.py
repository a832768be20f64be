"""What the community refuses."""

from django.utils.translation import gettext_noop

from hub.errors import BadRequest, Conflict, Forbidden, NotFound


class CollectionNotFound(NotFound):
    says = gettext_noop("There is no such collection, or you may not see it.")


class CollectionExists(Conflict):
    says = gettext_noop("There is a collection of this title already.")


class ItemExists(Conflict):
    says = gettext_noop("This is in the collection already.")


class ItemNotFound(NotFound):
    says = gettext_noop("There is no such item in this collection.")


class BadCollection(BadRequest):
    says = gettext_noop("A collection cannot be like this.")


class DiscussionNotFound(NotFound):
    says = gettext_noop("There is no such discussion.")


class CommentNotFound(NotFound):
    says = gettext_noop("There is no such comment.")


class DiscussionLocked(Forbidden):
    says = gettext_noop("This discussion is locked: only who may write the repository still comments.")


class WrongState(Conflict):
    says = gettext_noop("This discussion is not in a state in which that can be done.")
