# ruff: noqa: N815 - the client's names
"""Collections and their items."""

from typing import Any

from rest_framework import serializers


class Owner(serializers.Serializer[Any]):
    _id = serializers.CharField()
    name = serializers.CharField()
    fullname = serializers.CharField()
    avatarUrl = serializers.CharField(allow_blank=True)
    type = serializers.ChoiceField(["user", "org"])


class Note(serializers.Serializer[Any]):
    text = serializers.CharField()


class Item(serializers.Serializer[Any]):
    _id = serializers.CharField(help_text="Of the item in this collection.")
    id = serializers.CharField(help_text="namespace/name, or the id of a collection.")
    type = serializers.ChoiceField(["model", "dataset", "collection"])
    position = serializers.IntegerField()
    note = Note(required=False)
    slug = serializers.CharField(required=False, help_text="Of a collection.")


class Collection(serializers.Serializer[Any]):
    _id = serializers.CharField()
    slug = serializers.CharField(help_text="namespace/words-of-the-title-id; the id alone finds it.")
    title = serializers.CharField()
    description = serializers.CharField(required=False)
    owner = Owner()
    items = Item(many=True)
    numberItems = serializers.IntegerField()
    lastUpdated = serializers.DateTimeField()
    position = serializers.IntegerField(required=False, help_text="Among those of its owner; not in lists.")
    private = serializers.BooleanField()
    theme = serializers.CharField()
    upvotes = serializers.IntegerField()
    isUpvotedByUser = serializers.BooleanField()
    gating = serializers.BooleanField()
    shareUrl = serializers.CharField()


class NewCollection(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=120)
    namespace = serializers.CharField(required=False, help_text="One's own, or an organisation that one may write.")
    description = serializers.CharField(required=False, max_length=150)
    private = serializers.BooleanField(required=False)


class CollectionChange(serializers.Serializer[Any]):
    title = serializers.CharField(required=False, max_length=120)
    description = serializers.CharField(required=False, max_length=150)
    private = serializers.BooleanField(required=False)
    theme = serializers.CharField(required=False)
    position = serializers.IntegerField(required=False, min_value=0)


class Changed(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    data = Collection()  # type: ignore[assignment]  # the client's name for it, which DRF uses, too


class ItemName(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="namespace/name, or the slug of a collection.")
    type = serializers.ChoiceField(["model", "dataset", "collection"])


class NewItem(serializers.Serializer[Any]):
    item = ItemName()
    note = serializers.CharField(required=False, max_length=500)


class ItemChange(serializers.Serializer[Any]):
    note = serializers.CharField(required=False, max_length=500)
    position = serializers.IntegerField(required=False, min_value=0)


class Upvoted(serializers.Serializer[Any]):
    upvoted = serializers.BooleanField()
    upvotes = serializers.IntegerField()
