"""Buttons that turn something on and off: each is a form, and is drawn anew in its place where there is script."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.requests import ActorRequest


def wants(request: ActorRequest) -> bool:
    """What the button was pressed for: on, unless it says off."""
    return request.POST.get("to") != "off"


def answer(request: ActorRequest, template: str, context: dict[str, Any], back: str) -> HttpResponse:
    """The button as it is now; or the page it stands on, for who has no script."""
    if request.headers.get("HX-Request"):
        return render(request, template, context)
    return redirect(back)
