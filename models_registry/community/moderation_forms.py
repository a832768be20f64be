"""What the dialogs of moderators' acts ask for."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from hub.kept_sentences import beginning

MOST = 500
WEEK = timedelta(days=7)
READY_WORDS = [
    beginning(gettext_noop("This is advertising, or repeats what was posted elsewhere.")),
    beginning(gettext_noop("This insults or threatens others.")),
    beginning(gettext_noop("This holds code that harms whoever loads it.")),
    beginning(gettext_noop("This infringes the rights of others.")),
    beginning(gettext_noop("This passes itself off as somebody else.")),
    beginning(gettext_noop("This name is held without being used.")),
    beginning(gettext_noop("This breaks the rules of the hub.")),
]


class _WithReason(forms.Form):
    """A reason in words of one's own, ready words, or both. `cleaned_data["reason"]` is the whole of it."""

    ready = forms.ChoiceField(
        label=_("Reason"),
        required=False,
        choices=[("", _("In my own words:")), *((words, _(words)) for words in READY_WORDS)],
        widget=UnfoldAdminSelectWidget,
    )
    reason = forms.CharField(
        label=_("In words"),
        required=False,
        max_length=MOST,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Kept in the audit log; those concerned read it."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        whole = " ".join(filter(None, [data.get("ready", ""), (data.get("reason") or "").strip()]))
        if not whole:
            self.add_error("reason", gettext("Give a reason: those concerned read it."))
        elif len(whole) > MOST:
            self.add_error("reason", gettext("At most %(most)s characters, with the ready words.") % {"most": MOST})
        data["reason"] = whole
        return data


class ActForm(_WithReason, BaseDialogForm):
    pass


class BulkForm(_WithReason):
    pass


class Sure(BaseDialogForm):
    """Nothing to fill in: the button is the confirmation."""


class TakeDownForm(ActForm):
    notice = forms.CharField(
        label=_("Public notice"),
        max_length=4000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("What everybody reads in its place: what was there, and who asked that it be closed."),
    )
    legal_basis = forms.CharField(
        label=_("Legal basis"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget
    )


class SuspendForm(ActForm):
    days = forms.TypedChoiceField(
        label=pgettext_lazy("how long", "For"),
        coerce=int,
        empty_value=None,
        required=False,
        initial="7",
        choices=[("1", _("a day")), ("7", _("a week")), ("30", _("30 days")), ("", _("until a moderator lifts it"))],
        widget=UnfoldAdminSelectWidget,
    )

    @property
    def until(self) -> datetime | None:
        days = self.cleaned_data.get("days")
        return timezone.now() + timedelta(days=days) if days else None


class BanForm(ActForm):
    with_content = forms.BooleanField(
        label=_("Hide all that stands under their name, too"), required=False, widget=UnfoldBooleanWidget
    )


class RenameForm(ActForm):
    name = forms.CharField(label=_("Their new name"), max_length=42, widget=UnfoldAdminTextInputWidget)


def in_a_week() -> datetime:
    return timezone.now() + WEEK
