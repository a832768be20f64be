"""Two revisions side by side."""

from typing import Any

from rest_framework import serializers

from hub.wire.describing import flag

RAW = flag("raw", "As text that `git apply` takes.")


class LargeContent(serializers.Serializer[Any]):
    oid = serializers.RegexField("^[0-9a-f]{64}$", help_text="SHA-256 of the content.")
    size = serializers.IntegerField()


class Side(serializers.Serializer[Any]):
    path = serializers.CharField()
    oid = serializers.RegexField("^[0-9a-f]{40}$", help_text="The git id; of a large file, of its pointer.")
    size = serializers.IntegerField(help_text="Of the content, in bytes.")
    mode = serializers.CharField(help_text="As git writes it, such as 100644.")
    lfs = LargeContent(required=False)


class ChangedFile(serializers.Serializer[Any]):
    path = serializers.CharField()
    status = serializers.ChoiceField(["added", "removed", "modified", "renamed"])
    old = Side(required=False)
    new = Side(required=False)
    diff = serializers.CharField(allow_null=True, help_text="Unified hunks; null where lines are not compared.")


class ComparedRevisions(serializers.Serializer[Any]):
    base = serializers.RegexField("^[0-9a-f]{40}$")
    head = serializers.RegexField("^[0-9a-f]{40}$")
    total = serializers.IntegerField(help_text="Files that differ, of all pages.")
    truncated = serializers.BooleanField(help_text="Even more files differ than are told.")
    files = ChangedFile(many=True)
