# ruff: noqa: N815 - the client's names
"""Members, organisations, likes, and requests for access."""

from typing import Any

from rest_framework import serializers


class ShortOrganization(serializers.Serializer[Any]):
    _id = serializers.CharField()
    name = serializers.CharField()
    fullname = serializers.CharField()
    avatarUrl = serializers.CharField(allow_blank=True)
    type = serializers.ChoiceField(["org"])


class Organization(ShortOrganization):
    details = serializers.CharField(allow_null=True, help_text="What it says of itself: Markdown.")
    isVerified = serializers.BooleanField()
    isFollowing = serializers.BooleanField()
    createdAt = serializers.DateTimeField()
    numUsers = serializers.IntegerField()
    numModels = serializers.IntegerField()
    numDatasets = serializers.IntegerField()
    numSpaces = serializers.IntegerField()
    numPapers = serializers.IntegerField()
    numFollowers = serializers.IntegerField()


class ShortUser(serializers.Serializer[Any]):
    _id = serializers.CharField()
    user = serializers.CharField()
    fullname = serializers.CharField()
    avatarUrl = serializers.CharField(allow_blank=True)
    type = serializers.ChoiceField(["user"])
    isPro = serializers.BooleanField()


class Member(ShortUser):
    role = serializers.CharField()


class User(ShortUser):
    details = serializers.CharField(allow_null=True, help_text="What they say of themselves: Markdown.")
    isFollowing = serializers.BooleanField()
    createdAt = serializers.DateTimeField()
    numModels = serializers.IntegerField()
    numDatasets = serializers.IntegerField()
    numSpaces = serializers.IntegerField()
    numPapers = serializers.IntegerField()
    numDiscussions = serializers.IntegerField()
    numUpvotes = serializers.IntegerField()
    numLikes = serializers.IntegerField()
    numFollowing = serializers.IntegerField()
    numFollowers = serializers.IntegerField()
    orgs = ShortOrganization(many=True)


class StoredRepository(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="namespace/name")
    type = serializers.ChoiceField(["model", "dataset"])
    updatedAt = serializers.DateTimeField()
    visibility = serializers.ChoiceField(["public", "private"])
    storage = serializers.IntegerField(help_text="Bytes.")
    storagePercent = serializers.FloatField(help_text="Of all that the namespace stores.")


class LikedName(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="namespace/name")
    type = serializers.ChoiceField(["model", "dataset"])


class Liked(serializers.Serializer[Any]):
    repo = LikedName()
    createdAt = serializers.DateTimeField()


class LikeState(serializers.Serializer[Any]):
    liked = serializers.BooleanField()


class FollowState(serializers.Serializer[Any]):
    following = serializers.BooleanField()


class Ask(serializers.Serializer[Any]):
    fields = serializers.DictField(required=False, help_text="The answers, by question.")  # type: ignore[assignment]
    terms = serializers.CharField(required=False, help_text="SHA-256 of the text of the terms that are accepted.")


class GateQuestion(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # DRF has a property of that name
    type = serializers.ChoiceField(["text", "textarea", "checkbox", "date_picker", "country", "select"])
    options = serializers.ListField(child=serializers.CharField())
    required = serializers.BooleanField()  # type: ignore[assignment]


class GateTerms(serializers.Serializer[Any]):
    sha256 = serializers.CharField()
    text = serializers.CharField()


class GateRequest(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["pending", "accepted", "rejected"])
    timestamp = serializers.DateTimeField()


class GateShape(serializers.Serializer[Any]):
    gated = serializers.JSONField(help_text="false, auto or manual.")
    heading = serializers.CharField(allow_blank=True)
    description = serializers.CharField(allow_blank=True)
    prompt = serializers.CharField(allow_blank=True, help_text="Markdown.")
    fields = GateQuestion(many=True)  # type: ignore[assignment]
    terms = GateTerms(allow_null=True)
    request = GateRequest(allow_null=True, help_text="How it stands with who asks here.")


class AskState(serializers.Serializer[Any]):
    status = serializers.ChoiceField(["pending", "accepted", "rejected"])


class Asker(ShortUser):
    email = serializers.CharField(allow_null=True, help_text="Null for who was let in unasked.")
    isPro = None  # type: ignore[assignment]  # DRF's way to leave out a field of the base


class Request(serializers.Serializer[Any]):
    requestId = serializers.CharField()
    user = Asker()
    status = serializers.ChoiceField(["pending", "accepted", "rejected"])
    timestamp = serializers.DateTimeField()
    fields = serializers.DictField(required=False, help_text="Their answers, by question.")  # type: ignore[assignment]
    rejectionReason = serializers.CharField(required=False)


class Decision(serializers.Serializer[Any]):
    """Of `user` and `requestId`, one."""

    user = serializers.CharField(required=False)
    requestId = serializers.CharField(required=False)
    status = serializers.ChoiceField(["pending", "accepted", "rejected"])
    rejectionReason = serializers.CharField(required=False)


class Grant(serializers.Serializer[Any]):
    user = serializers.CharField()
