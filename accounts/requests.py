"""Requests as views get them: `accounts.authentication` has put the actor there. For annotations."""

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import Actor


class ActorRequest(HttpRequest):
    """Of a page, or of a function view that programs call."""

    actor: Actor


class ActorApiRequest(Request):
    """Of an APIView."""

    actor: Actor
    _request: ActorRequest
