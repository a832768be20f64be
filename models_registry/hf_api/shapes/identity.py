# ruff: noqa: N815 - the client's names
"""Who one is, cards, and tokens for the CAS."""

from typing import Any

from rest_framework import serializers


class MyOrganization(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["org"])
    id = serializers.CharField()
    name = serializers.CharField()
    fullname = serializers.CharField()
    avatarUrl = serializers.CharField(allow_blank=True)
    roleInOrg = serializers.CharField()
    isEnterprise = serializers.BooleanField()


class MyToken(serializers.Serializer[Any]):
    displayName = serializers.CharField()
    role = serializers.ChoiceField(["read", "write", "fineGrained"])
    createdAt = serializers.DateTimeField()


class MyAuth(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["access_token"])
    accessToken = MyToken()


class Me(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["user"])
    id = serializers.CharField()
    name = serializers.CharField()
    fullname = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    emailVerified = serializers.BooleanField()
    isPro = serializers.BooleanField()
    avatarUrl = serializers.CharField(allow_blank=True)
    orgs = MyOrganization(many=True)
    auth = MyAuth(required=False, help_text="Not there for a browser's session.")


class CardText(serializers.Serializer[Any]):
    content = serializers.CharField(help_text="The README with its front matter.")
    repoType = serializers.CharField(required=False)


class Remark(serializers.Serializer[Any]):
    message = serializers.CharField()


class CardVerdict(serializers.Serializer[Any]):
    errors = Remark(many=True)  # type: ignore[assignment]  # the client's name, and DRF's for what is wrong with a body
    warnings = Remark(many=True)


class XetToken(serializers.Serializer[Any]):
    casUrl = serializers.URLField()
    exp = serializers.IntegerField(help_text="When it expires, in seconds since 1970.")
    accessToken = serializers.CharField()


XET_HEADERS = {
    "X-Xet-Cas-Url": "As `casUrl`.",
    "X-Xet-Access-Token": "As `accessToken`.",
    "X-Xet-Token-Expiration": "As `exp`.",
}
