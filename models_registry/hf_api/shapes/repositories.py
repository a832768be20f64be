# ruff: noqa: N815 - the client's names
"""Repositories and their settings."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers

from hub.wire.describing import flag, text

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


@extend_schema_field({})
class Anything(serializers.Field):
    """Whatever the card's author wrote, of any form."""


FILTERS = [
    text("search", "Words that all occur in “namespace/name”; may be given again.", many=True),
    text("author", "A namespace."),
    text("filter", "A tag, such as `license:mit`, `library:onnx`, `dataset:ns/name`; may be given again.", many=True),
    text("pipeline_tag", "A task."),
    text("gated", "`true`, `false`, `auto` or `manual`."),
    text("apps", "A program that can run the model; may be given again.", many=True),
    text("num_parameters", "`min:6B,max:128B`, or one of the two."),
    text("commercial", "By what the licence says of commercial use: `1`, `conditional`, `no`, or several with commas."),
    text("sort", "`downloads`, `likes`, `lastModified`, `createdAt` or `trendingScore`, from the top."),
    text("direction", "`1`: from the bottom."),
    flag("full", "With commit and files."),
    flag("cardData", "With the card's front matter."),
    flag("config", "With what config.json says."),
    EXPAND,
]


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


class NewAddress(serializers.Serializer[Any]):
    fromRepo = serializers.CharField(help_text="namespace/name")
    toRepo = serializers.CharField(help_text="namespace/name")
    type = serializers.ChoiceField(["model", "dataset"], required=False, allow_null=True, default="model")


class MovedRepository(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="Of its page.")
    name = serializers.CharField(help_text="namespace/name")


class NewDuplicate(serializers.Serializer[Any]):
    repository = serializers.CharField(help_text="namespace/name of the copy.")
    visibility = serializers.ChoiceField(
        ["public", "private"], required=False, allow_null=True, help_text="As its source, unless said."
    )
    private = serializers.BooleanField(required=False, allow_null=True, help_text="As older clients say it.")


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
    commercialUse = serializers.ChoiceField(["yes", "conditional", "no", "unknown"])
    choices = serializers.ListField(
        child=serializers.DictField(), help_text="What each choice that the expression leaves allows and asks."
    )
    contradictions = serializers.ListField(
        child=serializers.DictField(), help_text="Where it contradicts what the model was made from, by rule."
    )


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
    pipeline_tag = serializers.CharField(required=False, allow_null=True)
    library_name = serializers.CharField(required=False, allow_null=True)
    siblings = Sibling(many=True, required=False)
    cardData = AnyObject(required=False)
    safetensors = Safetensors(required=False, allow_null=True)
    gguf = AnyObject(required=False, allow_null=True)
    config = AnyObject(required=False, allow_null=True, help_text="What config.json says of how to load the model.")
    transformersInfo = AnyObject(required=False, allow_null=True)
    mask_token = serializers.CharField(required=False, allow_null=True)
    widgetData = Anything(required=False, allow_null=True)
    baseModels = serializers.ListField(child=serializers.CharField(), required=False)
    childrenModelCount = serializers.IntegerField(required=False)
    spaces = serializers.ListField(child=serializers.CharField(), required=False)
    evalResults = serializers.ListField(child=AnyObject(), required=False)
    inference = serializers.CharField(required=False, allow_null=True)
    inferenceProviderMapping = serializers.ListField(child=AnyObject(), required=False)
    usedStorage = serializers.IntegerField(required=False, help_text="As storage.logical.")
    storage = StorageUse(required=False)
    securityRepoStatus = SecurityOfRepository(required=False, allow_null=True)
    licenseInfo = LicenceInfo(required=False, allow_null=True)
    resourceGroup = AnyObject(required=False, allow_null=True)
    xetEnabled = serializers.BooleanField(required=False)
    description = serializers.CharField(required=False, allow_null=True)
    citation = serializers.CharField(required=False, allow_null=True)
    mainSize = serializers.IntegerField(required=False, allow_null=True)
    paperswithcode_id = Anything(required=False, allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "model-index": Anything(required=False, allow_null=True)}


TAGS_BY_TYPE = {
    "type": "object",
    "description": "By type: language, license, library, pipeline_tag, other …",
    "additionalProperties": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {name: {"type": "string"} for name in ("type", "id", "label")},
            "required": ["type", "id", "label"],
        },
    },
}
