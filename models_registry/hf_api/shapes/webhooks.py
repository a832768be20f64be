# ruff: noqa: N815 - the client's names
"""Webhooks."""

from typing import Any

from rest_framework import serializers


class WatchedItem(serializers.Serializer[Any]):
    type = serializers.ChoiceField(["user", "org", "model", "dataset"])
    name = serializers.CharField(help_text="Of a model or dataset with its namespace.")


class Webhook(serializers.Serializer[Any]):
    id = serializers.CharField()
    url = serializers.CharField()
    watched = WatchedItem(many=True)
    domains = serializers.ListField(child=serializers.ChoiceField(["repo", "discussion"]))
    secret = serializers.CharField(required=False, help_text="For tokens that may write.")
    disabled = serializers.BooleanField()
    disabledReason = serializers.CharField(required=False, help_text="Why the hub disabled it.")


class OneWebhook(serializers.Serializer[Any]):
    webhook = Webhook()


class ChangedWebhook(serializers.Serializer[Any]):
    url = serializers.CharField(required=False)
    watched = WatchedItem(many=True, required=False)
    domains = serializers.ListField(child=serializers.ChoiceField(["repo", "discussion"]), required=False)
    secret = serializers.CharField(
        required=False, allow_blank=True, help_text="Sent along as X-Webhook-Secret, and signs each payload."
    )


class NewWebhook(ChangedWebhook):
    url = serializers.CharField()
    watched = WatchedItem(many=True)
    namespace = serializers.CharField(required=False, help_text="Of which organisation; the member's own without it.")
