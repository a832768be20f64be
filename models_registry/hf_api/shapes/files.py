# ruff: noqa: N815 - the client's names
"""Trees, paths, what an upload asks, and commits."""

from typing import Any

from rest_framework import serializers

from hub.wire.describing import flag

RECURSIVE = flag("recursive", "With all that lies below.")
EXPANDED = flag("expand", "With the last commit of each entry.")
CREATE_PR = flag("create_pr", "Propose the change as a pull request: the right to read is enough.")
NDJSON = "application/x-ndjson"
COMMIT_LINES = {
    "type": "string",
    "description": "One JSON object a line, `{key, value}`, the header first: "
    '`header` {"summary", "description", "parentCommit"}, `file` {"path", "content", "encoding": "base64"}, '
    '`lfsFile` {"path", "algo": "sha256", "oid", "size"}, `deletedFile` {"path"}, `deletedFolder` {"path"}.',
    "example": '{"key": "header", "value": {"summary": "Say hello"}}\n'
    '{"key": "file", "value": {"path": "hello.txt", "content": "aGVsbG8K", "encoding": "base64"}}\n',
}


class LfsOfEntry(serializers.Serializer[Any]):
    oid = serializers.RegexField("^[0-9a-f]{64}$", help_text="SHA-256 of the content.")
    size = serializers.IntegerField()
    pointerSize = serializers.IntegerField()


class LastCommit(serializers.Serializer[Any]):
    id = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    date = serializers.DateTimeField()


class PickleImport(serializers.Serializer[Any]):
    module = serializers.CharField()
    name = serializers.CharField()
    safety = serializers.ChoiceField(["innocuous", "suspicious", "dangerous"])


class PickleScan(serializers.Serializer[Any]):
    status = serializers.CharField()
    pickleImports = PickleImport(many=True)
    version = serializers.CharField()
    message = serializers.CharField(required=False, help_text="Why it could not be read to its end.")


class SecurityOfFile(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["safe", "suspicious", "unsafe", "error", "unscanned"])
    avScan = serializers.JSONField(allow_null=True)
    pickleImportScan = PickleScan(allow_null=True)


class Entry(serializers.Serializer[Any]):
    """A file or a folder of a revision."""

    type = serializers.ChoiceField(["file", "directory"])
    path = serializers.CharField(help_text="From the root of the repository.")
    oid = serializers.RegexField("^[0-9a-f]{40}$", help_text="The git id; of a large file, of its pointer.")
    size = serializers.IntegerField(help_text="Of the content, in bytes; 0 for a folder.")
    lfs = LfsOfEntry(required=False)
    xetHash = serializers.RegexField("^[0-9a-f]{64}$", required=False)
    lastCommit = LastCommit(required=False, allow_null=True)
    securityFileStatus = SecurityOfFile(required=False)


class Paths(serializers.Serializer[Any]):
    paths = serializers.ListField(child=serializers.CharField(), max_length=1000)
    expand = serializers.BooleanField(required=False)


class AskedFile(serializers.Serializer[Any]):
    path = serializers.CharField()
    size = serializers.IntegerField(min_value=0)
    sample = serializers.CharField(required=False, help_text="The first 512 bytes in base64.")


class AskedFiles(serializers.Serializer[Any]):
    files = AskedFile(many=True)
    gitIgnore = serializers.CharField(required=False, allow_null=True)
    clashes = serializers.BooleanField(required=False, help_text="Tell also what no commit could put there.")


class PlannedFile(serializers.Serializer[Any]):
    path = serializers.CharField()
    uploadMode = serializers.ChoiceField(["regular", "lfs"])
    shouldIgnore = serializers.BooleanField()
    oid = serializers.CharField(
        required=False, help_text="Of what is there now: sha256 of a large file, else git's id."
    )
    clash = serializers.CharField(required=False, help_text="Why a commit would be refused: a folder has this name.")


class PlannedFiles(serializers.Serializer[Any]):
    files = PlannedFile(many=True)
    commitOid = serializers.CharField()


class MadeCommit(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    commitOid = serializers.RegexField("^[0-9a-f]{40}$")
    commitUrl = serializers.URLField()
    hookOutput = serializers.CharField(allow_blank=True)
    pullRequestUrl = serializers.URLField(required=False)


class CommitAuthor(serializers.Serializer[Any]):
    user = serializers.CharField()


class FormattedMessage(serializers.Serializer[Any]):
    title = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


class ListedCommit(serializers.Serializer[Any]):
    id = serializers.RegexField("^[0-9a-f]{40}$")
    title = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)
    date = serializers.DateTimeField()
    authors = CommitAuthor(many=True)
    formatted = FormattedMessage(required=False)
