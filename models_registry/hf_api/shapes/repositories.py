# ruff: noqa: N815 - the client's names
"""Repositories and their settings."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers

from hub.wire.describing import flag

EXPAND = OpenApiParameter(
    "expand", str, many=True, description="Answer with this property alone; may be given again for further ones."
)
BLOBS = flag("blobs", "With the size and the content id of each file.")

SECURITY = flag("securityStatus", "With what the scans of its files have found.")


@extend_schema_field({"enum": [False, "auto", "manual"]})
class Gated(serializers.Field):
    """Whether content is for approved readers only, and who approves."""


@extend_schema_field({"type": "object", "additionalProperties": {}})
class AnyObject(serializers.Field):
    """Whatever the card's author wrote."""


class Name(serializers.Serializer[Any]):
    """A repository as it is named in a body: `name` alone, or with the namespace before a slash."""

    name = serializers.CharField()
    organization = serializers.CharField(required=False, allow_null=True, help_text="The caller's own without it.")
    type = serializers.ChoiceField(["model", "dataset"], required=False, allow_null=True, default="model")


class NewRepository(Name):
    visibility = serializers.ChoiceField(["public", "private"], required=False, allow_null=True)
    private = serializers.BooleanField(required=False, allow_null=True, help_text="As older clients say it.")


class MadeRepository(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="Of its page.")
    name = serializers.CharField(help_text="namespace/name")
    id = serializers.CharField()


class ChangedSettings(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    visibility = serializers.ChoiceField(["public", "private"], required=False)
    private = serializers.BooleanField(required=False, help_text="As older clients say it.")
    gated = Gated(required=False)


class Settings(serializers.Serializer[Any]):
    private = serializers.BooleanField()
    gated = Gated()


class SiblingLfs(serializers.Serializer[Any]):
    sha256 = serializers.RegexField("^[0-9a-f]{64}$")
    size = serializers.IntegerField()
    pointerSize = serializers.IntegerField()


class Sibling(serializers.Serializer[Any]):
    """A file of the revision."""

    rfilename = serializers.CharField()
    size = serializers.IntegerField(required=False)
    blobId = serializers.CharField(required=False)
    lfs = SiblingLfs(required=False)


class Safetensors(serializers.Serializer[Any]):
    parameters = serializers.DictField(child=serializers.IntegerField(), help_text="By data type.")
    total = serializers.IntegerField()


class StorageUse(serializers.Serializer[Any]):
    logical = serializers.IntegerField(help_text="Bytes of all its content, over its history.")
    stored = serializers.IntegerField(help_text="Bytes stored for it: chunks that files share are stored once.")


class FileWithIssue(serializers.Serializer[Any]):
    path = serializers.CharField()
    level = serializers.ChoiceField(["suspicious", "unsafe", "error"])


class SecurityOfRepository(serializers.Serializer[Any]):
    scansDone = serializers.BooleanField()
    filesWithIssues = FileWithIssue(many=True)


class LicenceInfo(serializers.Serializer[Any]):
    name = serializers.CharField()
    spdx = serializers.CharField(allow_blank=True, help_text="The SPDX expression, empty where there is none.")
    known = serializers.BooleanField(help_text="Whether the SPDX list or this hub knows what it means.")


class RepositoryInfo(serializers.Serializer[Any]):
    """A model or dataset. With `expand`: only `_id`, `id` and what was asked for."""

    _id = serializers.CharField()
    id = serializers.CharField(help_text="namespace/name")
    modelId = serializers.CharField(required=False)
    author = serializers.CharField(required=False)
    sha = serializers.RegexField("^[0-9a-f]{40}$", required=False)
    lastModified = serializers.DateTimeField(required=False)
    createdAt = serializers.DateTimeField(required=False)
    private = serializers.BooleanField(required=False)
    gated = Gated(required=False)
    disabled = serializers.BooleanField(required=False)
    downloads = serializers.IntegerField(required=False)
    downloadsAllTime = serializers.IntegerField(required=False)
    likes = serializers.IntegerField(required=False)
    trendingScore = serializers.FloatField(required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    pipeline_tag = serializers.CharField(required=False)
    library_name = serializers.CharField(required=False)
    siblings = Sibling(many=True, required=False)
    cardData = AnyObject(required=False)
    safetensors = Safetensors(required=False)
    usedStorage = serializers.IntegerField(required=False, help_text="As storage.logical.")
    storage = StorageUse(required=False)
    securityRepoStatus = SecurityOfRepository(required=False, allow_null=True)
    licenseInfo = LicenceInfo(required=False, allow_null=True)
