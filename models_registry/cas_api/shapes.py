"""What the CAS takes and gives: read by `/api/schema`."""

from typing import Any

from rest_framework import serializers

PROGRESS = {
    "type": "string",
    "description": 'Lines of {"type": "validating", "verified", "total"}, then {"type": "result"} '
    'or {"type": "error", "message"}.',
}


class WantedXorb(serializers.Serializer[Any]):
    length = serializers.IntegerField(min_value=0)


class XorbGrant(serializers.Serializer[Any]):
    """Send the xorb to `url` by this method, then commit the grant."""

    id = serializers.UUIDField()
    method = serializers.ChoiceField(["PUT"])
    url = serializers.URLField()
    headers = serializers.DictField(child=serializers.CharField())


class ReceivedXorb(serializers.Serializer[Any]):
    was_inserted = serializers.BooleanField()


class RegisteredShard(serializers.Serializer[Any]):
    result = serializers.IntegerField()


class Span(serializers.Serializer[Any]):
    start = serializers.IntegerField()
    end = serializers.IntegerField()


class Term(serializers.Serializer[Any]):
    hash = serializers.CharField()
    unpacked_length = serializers.IntegerField()
    range = Span(help_text="Chunks [start, end).")


class Fetch(serializers.Serializer[Any]):
    range = Span(help_text="Chunks [start, end).")
    url = serializers.URLField()
    url_range = Span(help_text="Bytes [start, end].")


class Reconstruction(serializers.Serializer[Any]):
    offset_into_first_range = serializers.IntegerField()
    terms = Term(many=True)
    fetch_info = serializers.DictField(child=serializers.ListField(child=Fetch()))


class FetchedRange(serializers.Serializer[Any]):
    chunks = Span()
    bytes = Span(help_text="[start, end].")


class FetchV2(serializers.Serializer[Any]):
    url = serializers.URLField()
    ranges = FetchedRange(many=True)


class ReconstructionV2(serializers.Serializer[Any]):
    offset_into_first_range = serializers.IntegerField()
    terms = Term(many=True)
    xorbs = serializers.DictField(child=serializers.ListField(child=FetchV2()))
