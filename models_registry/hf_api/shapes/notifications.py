# ruff: noqa: N815 - as the client's names are written
"""Notifications."""

from typing import Any

from rest_framework import serializers

from models_registry.community.models import NoticeKind


class Author(serializers.Serializer[Any]):
    name = serializers.CharField()


class Repo(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="namespace/name")
    type = serializers.ChoiceField(["model", "dataset"])


class Thread(serializers.Serializer[Any]):
    num = serializers.IntegerField()
    isPullRequest = serializers.BooleanField()


class Notification(serializers.Serializer[Any]):
    id = serializers.CharField()
    kind = serializers.ChoiceField(NoticeKind.values)
    title = serializers.CharField()
    text = serializers.CharField()
    url = serializers.CharField()
    read = serializers.BooleanField()
    count = serializers.IntegerField(help_text="Of what was told since it was last read.")
    updatedAt = serializers.DateTimeField()
    author = Author(required=False)
    repo = Repo(required=False)
    discussion = Thread(required=False)


class Marks(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.CharField(), required=False)
    all = serializers.BooleanField(required=False)


class Marked(serializers.Serializer[Any]):
    changed = serializers.IntegerField(help_text="How many were not so before.")
