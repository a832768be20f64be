"""What addresses of this door are made of."""

from django.urls import register_converter


class PluralConverter:
    """What the client calls the kinds of repositories; those this hub has not are refused in words (`views.kind_of`)."""

    regex = "models|datasets|spaces|kernels"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class ActionConverter(PluralConverter):
    """What the client asks of a repository below its name, with a revision behind it."""

    regex = (
        "branch|commit|commits|compare|paths-info|preupload|resolve|revision|super-squash|tag|tree|"
        "xet-read-token|xet-write-token"
    )


class MarkConverter(PluralConverter):
    """How a notification can be marked."""

    regex = "read|unread|done"


register_converter(MarkConverter, "mark")
register_converter(PluralConverter, "plural")
register_converter(ActionConverter, "action")

REPOSITORY = "api/<plural:plural>/<str:namespace>/<str:name>"
COLLECTION = "api/collections/<str:namespace>/<str:slug>"
