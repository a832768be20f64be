# ruff: noqa: N815 - the client's names
"""Branches, tags, pull requests."""

from typing import Any

from rest_framework import serializers

from hub.wire.describing import flag

INCLUDE_PRS = flag("include_prs", "With the references of pull requests.")


class ListedReference(serializers.Serializer[Any]):
    name = serializers.CharField()
    ref = serializers.CharField(help_text="The whole name, such as refs/heads/main.")
    targetCommit = serializers.RegexField("^[0-9a-f]{40}$")


class ListedReferences(serializers.Serializer[Any]):
    branches = ListedReference(many=True)
    converts = ListedReference(many=True)
    tags = ListedReference(many=True)
    pullRequests = ListedReference(many=True, required=False)


class NewBranch(serializers.Serializer[Any]):
    startingPoint = serializers.CharField(required=False, help_text="A revision; the default branch without it.")


class NewTag(serializers.Serializer[Any]):
    tag = serializers.CharField()
    message = serializers.CharField(required=False, allow_null=True, help_text="Makes it an annotated tag.")


class Squash(serializers.Serializer[Any]):
    message = serializers.CharField(required=False, help_text="Of the one commit that is left.")
