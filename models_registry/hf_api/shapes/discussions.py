# ruff: noqa: N815 - the client's names
"""Discussions and pull requests."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from hub.wire.describing import flag, text
from models_registry.hf_api.shapes.people import ShortUser

LIST_QUERY = [
    OpenApiParameter("p", int, description="Which page, from 0."),
    OpenApiParameter("type", str, enum=["all", "discussion", "pull_request"]),
    OpenApiParameter(
        "status", str, enum=["all", "open", "closed"], description="Drafts are open, what is merged is closed."
    ),
    text("author", "By whom: a member's name."),
]
DIFF = flag("diff", "With the files' differences, of a pull request.")
EVENT = {
    "type": "object",
    "description": "`data` differs by type: comment, title-change, status-change, commit, merge, lock, pin, base-change, "
    "reference.",
    "properties": {
        "id": {"type": "string", "description": "Lower-case hexadecimal."},
        "type": {"type": "string"},
        "createdAt": {"type": "string", "format": "date-time"},
        "author": {"type": "object", "additionalProperties": {}, "description": "Not there for a deleted member."},
        "data": {"type": "object", "additionalProperties": {}},
    },
    "required": ["id", "type", "createdAt", "data"],
}


class ThreadAuthor(ShortUser):
    name = serializers.CharField()


class Place(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="namespace/name")
    type = serializers.ChoiceField(["model", "dataset"])


class ListedThread(serializers.Serializer[Any]):
    num = serializers.IntegerField(help_text="Discussions and pull requests of a repository are counted together.")
    title = serializers.CharField()
    status = serializers.ChoiceField(["open", "closed", "merged", "draft"])
    author = ThreadAuthor(required=False)
    createdAt = serializers.DateTimeField()
    updatedAt = serializers.DateTimeField()
    isPullRequest = serializers.BooleanField()
    locked = serializers.BooleanField()
    pinned = serializers.BooleanField()
    numComments = serializers.IntegerField()
    repo = Place()


class ThreadList(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="Of all pages.")
    start = serializers.IntegerField(help_text="How many come before this page.")
    discussions = ListedThread(many=True)


class NewThread(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)
    description = serializers.CharField(required=False)
    pullRequest = serializers.BooleanField(required=False, help_text="A draft, to send commits to.")


class MadeThread(ListedThread):
    url = serializers.CharField()


class Changes(serializers.Serializer[Any]):
    base = serializers.CharField(help_text="The full name of the branch it is meant for.")
    mergeCommitId = serializers.CharField(required=False)


class ThreadWithEvents(ListedThread):
    events = serializers.ListField(child=serializers.JSONField())
    changes = Changes(required=False)
    filesWithConflicts = serializers.JSONField(required=False, help_text="Their paths, or false.")
    diff = serializers.CharField(required=False)


class NewComment(serializers.Serializer[Any]):
    comment = serializers.CharField(max_length=65536)


class NewContent(serializers.Serializer[Any]):
    content = serializers.CharField(max_length=65536)


class Hiding(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False)


class NewTitle(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=200)


class NewStatus(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["open", "closed", "draft"])
    comment = serializers.CharField(required=False)
    reason = serializers.CharField(required=False)


class Merging(serializers.Serializer[Any]):
    comment = serializers.CharField(required=False)
    head = serializers.CharField(required=False, help_text="Only if this is still its newest commit.")


class Retargeting(serializers.Serializer[Any]):
    base = serializers.CharField(help_text="A branch.")


class Switching(serializers.Serializer[Any]):
    to = serializers.BooleanField(required=False, help_text="True unless said otherwise.")


class MergedAs(serializers.Serializer[Any]):
    mergeCommitId = serializers.CharField()


def one_event(name: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: EVENT}, "required": [name]}
