"""What the git-lfs addresses take and give: read by `/api/schema`."""

from typing import Any

from rest_framework import serializers

MEDIA_TYPE = "application/vnd.git-lfs+json"


class LfsObjectName(serializers.Serializer[Any]):
    oid = serializers.RegexField("^[0-9a-f]{64}$", help_text="SHA-256 of the content.")
    size = serializers.IntegerField(min_value=0)


class LfsBatch(serializers.Serializer[Any]):
    operation = serializers.ChoiceField(["upload", "download"])
    transfers = serializers.ListField(child=serializers.CharField(), required=False)
    objects = LfsObjectName(many=True)
    hash_algo = serializers.ChoiceField(["sha256"], required=False)


class LfsAction(serializers.Serializer[Any]):
    href = serializers.URLField()
    header = serializers.DictField(child=serializers.CharField(), required=False)


class LfsActions(serializers.Serializer[Any]):
    upload = LfsAction(required=False)
    verify = LfsAction(required=False)
    download = LfsAction(required=False)


class LfsRefusal(serializers.Serializer[Any]):
    code = serializers.IntegerField()
    message = serializers.CharField()


class LfsAnswer(LfsObjectName):
    """Without actions: it is stored already."""

    authenticated = serializers.BooleanField(required=False)
    actions = LfsActions(required=False)
    error = LfsRefusal(required=False)


class LfsBatchAnswer(serializers.Serializer[Any]):
    transfer = serializers.ChoiceField(["basic", "multipart"])
    objects = LfsAnswer(many=True)
    hash_algo = serializers.ChoiceField(["sha256"])


class LfsPart(serializers.Serializer[Any]):
    partNumber = serializers.IntegerField(min_value=1)  # noqa: N815 - the client's name
    etag = serializers.CharField()


class LfsParts(serializers.Serializer[Any]):
    oid = serializers.CharField(required=False)
    parts = LfsPart(many=True)


class LfsOwner(serializers.Serializer[Any]):
    name = serializers.CharField()


class Lock(serializers.Serializer[Any]):
    id = serializers.CharField()
    path = serializers.CharField()
    locked_at = serializers.DateTimeField()
    owner = LfsOwner()


class LockWish(serializers.Serializer[Any]):
    path = serializers.CharField(max_length=1024)


class LockAnswer(serializers.Serializer[Any]):
    lock = Lock()


class LockRefusal(serializers.Serializer[Any]):
    lock = Lock(required=False, help_text="Of whom it is.")
    message = serializers.CharField()


class LockList(serializers.Serializer[Any]):
    locks = Lock(many=True)
    next_cursor = serializers.CharField(required=False)


class LockPage(serializers.Serializer[Any]):
    cursor = serializers.CharField(required=False)
    limit = serializers.IntegerField(min_value=1, required=False)


class LocksByOwner(serializers.Serializer[Any]):
    ours = Lock(many=True)
    theirs = Lock(many=True)
    next_cursor = serializers.CharField(required=False)


class UnlockWish(serializers.Serializer[Any]):
    force = serializers.BooleanField(required=False)
