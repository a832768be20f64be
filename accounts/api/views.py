"""Signing a program in by a browser that may be elsewhere (RFC 8628), and renewing its token."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.errors import DeviceLoginRefused
from accounts.services import device_logins
from accounts.services.device_logins import Tokens
from hub.errors import BadRequest, NotOffered
from hub.wire import rate_limits
from hub.wire.client_address import client_address
from hub.wire.describing import describe
from hub.wire.views import HubApiView

_DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_NOT_KEPT = {"Cache-Control": "no-store"}


class AskedCodes(serializers.Serializer[Any]):
    client_id = serializers.CharField()


class GivenCodes(serializers.Serializer[Any]):
    device_code = serializers.CharField()
    user_code = serializers.CharField(help_text="To be typed on the page.")
    verification_uri = serializers.URLField()
    verification_uri_complete = serializers.URLField()
    interval = serializers.IntegerField(help_text="Seconds between two questions.")
    expires_in = serializers.IntegerField(help_text="Seconds.")


class AskedToken(serializers.Serializer[Any]):
    grant_type = serializers.ChoiceField([_DEVICE_CODE, "refresh_token"])
    client_id = serializers.CharField()
    device_code = serializers.CharField(required=False)
    refresh_token = serializers.CharField(required=False)


class GivenToken(serializers.Serializer[Any]):
    access_token = serializers.CharField()
    refresh_token = serializers.CharField()
    token_type = serializers.ChoiceField(["bearer"])
    expires_in = serializers.IntegerField(help_text="Seconds.")


_FORM = "application/x-www-form-urlencoded"


@rate_limits.under(writes="api")
class DeviceCode(HubApiView):
    """Begin to sign a program in: its user opens the page and types the code."""

    @describe(body={_FORM: AskedCodes}, answer=GivenCodes)
    def post(self, request: Request) -> Response:
        codes = device_logins.begin(client_id=_text(request, "client_id"), address=client_address(request))
        page = request.build_absolute_uri(reverse("device-login"))
        answer = {
            "device_code": codes.device_code,
            "user_code": codes.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?{urlencode({'user_code': codes.user_code})}",
            "interval": codes.interval,
            "expires_in": codes.expires_in,
        }
        return Response(answer, headers=_NOT_KEPT)


@rate_limits.under(writes="api")
class Token(HubApiView):
    """Ask whether the member has said yes, or change a refresh token for the next access token."""

    @describe(body={_FORM: AskedToken}, answer=GivenToken, refuses=[501])
    def post(self, request: Request) -> Response:
        grant, client = _text(request, "grant_type"), _text(request, "client_id")
        if grant == _DEVICE_CODE:
            tokens = device_logins.collect(client_id=client, device_code=_text(request, "device_code"))
        elif grant == "refresh_token":
            tokens = device_logins.refresh(client_id=client, refresh_token=_text(request, "refresh_token"))
        elif grant == _EXCHANGE:
            raise NotOffered("This hub exchanges no tokens of others.")
        else:
            raise DeviceLoginRefused("unsupported_grant_type", "grant_type is device_code's or refresh_token.")
        return Response(_tokens(tokens), headers=_NOT_KEPT)


def _text(request: Request, name: str) -> str:
    data: Any = request.data  # a form, or JSON
    value = data.get(name, "") if hasattr(data, "get") else None
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be a text.")
    return value


def _tokens(tokens: Tokens) -> dict[str, Any]:
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "token_type": "bearer",
        "expires_in": tokens.expires_in,
    }
