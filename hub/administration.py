"""What the administration pages of all apps share: acts that ask for a reason, and lists that only show.

An act is a dialog of django-unfold: it is a POST with a form, so a link alone changes nothing. It calls a service, which
checks the right and writes the audit entry.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from hub.errors import HubError


class ReasonForm(BaseDialogForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget,
        help_text=_("Kept in the audit log; those concerned read it."),
    )


class ConfirmForm(BaseDialogForm):
    """Nothing to fill in: the button is the confirmation."""


def done(request: HttpRequest, address: str, message: str) -> HttpResponse:
    """Back to the page the dialog was opened on, with a message. The dialog is sent by htmx, which follows a header."""
    messages.success(request, message)
    return _go(request, address)


def refused(request: HttpRequest, address: str, refusal: HubError) -> HttpResponse:
    messages.error(request, str(refusal))
    return _go(request, address)


def _go(request: HttpRequest, address: str) -> HttpResponse:
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def holding(permission: str) -> Callable[..., bool]:
    """`has_…_permission` of a page: whether the staff role of who asks includes that permission ("app.codename").

    django-unfold takes permissions by name, too, but looks them up in the database whenever anything is checked.
    """

    def has_permission(_self: Any, request: Any, _object_id: Any = None) -> bool:
        return bool(request.actor.may(permission))

    return has_permission


class ShowOnly(ModelAdmin):
    """Rows to look at: what changes them is an act with a name, not a form."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
