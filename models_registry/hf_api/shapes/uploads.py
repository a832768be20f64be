# ruff: noqa: N815 - as other addresses name them
"""Uploads that can be gone on with."""

from typing import Any

from rest_framework import serializers

_SHA256 = "^[0-9a-f]{64}$"


class Content(serializers.Serializer[Any]):
    oid = serializers.RegexField(_SHA256, help_text="SHA-256 of the content.")
    size = serializers.IntegerField(min_value=0)


class Contents(serializers.Serializer[Any]):
    objects = Content(many=True)


class ContentUnderWay(Content):
    """Nothing is left to send if `stored`, or if there is an `error`."""

    stored = serializers.BooleanField()
    error = serializers.CharField(required=False)
    partSize = serializers.IntegerField(help_text="Bytes of each part but the last.")
    arrived = serializers.DictField(child=serializers.IntegerField(), help_text="{number of a part: its bytes}")
    addresses = serializers.DictField(child=serializers.URLField(), help_text="{number of a part: where to PUT it}")


class ContentsUnderWay(serializers.Serializer[Any]):
    objects = ContentUnderWay(many=True)


class Hashes(serializers.Serializer[Any]):
    oids = serializers.ListField(child=serializers.RegexField(_SHA256))


class EndedUpload(serializers.Serializer[Any]):
    oid = serializers.RegexField(_SHA256)
    state = serializers.ChoiceField(["stored", "checking", "refused"], help_text="checking: ask again in a moment.")
    error = serializers.CharField(required=False)


class EndedUploads(serializers.Serializer[Any]):
    objects = EndedUpload(many=True)


class Cancelled(serializers.Serializer[Any]):
    cancelled = serializers.IntegerField()
