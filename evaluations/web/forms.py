from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluations.models import SuiteVersion
from models_registry.templatetags.registry import task_title


class EvaluateForm(forms.Form):
    suite = forms.ChoiceField(label=_("Suite"), widget=forms.RadioSelect)
    revision = forms.CharField(
        label=_("Revision"),
        max_length=200,
        help_text=_("A branch, tag or commit; the commit it means now is what runs."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, versions: Iterable[SuiteVersion], **kwargs: Any) -> None:
        """versions: in the order in which they are offered."""
        super().__init__(*args, **kwargs)
        self.fields["suite"].choices = [  # type: ignore[attr-defined]
            (version.suite.name, f"{version.suite.title} · {task_title(version.suite.task)}") for version in versions
        ]


class EnterForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the entry"),
        max_length=60,
        required=False,
        help_text=_("Shown on the boards. Without one, your own name is."),
    )


class InviteForm(forms.Form):
    username = forms.CharField(
        label=_("Member"), max_length=60, widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"})
    )


class SubmitForm(forms.Form):
    repository = forms.CharField(
        label=_("Model"),
        max_length=200,
        help_text=_("namespace/name. It may be private, if you may read it."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    revision = forms.CharField(
        label=_("Revision"),
        max_length=200,
        initial="main",
        help_text=_("A branch, tag or commit; the commit it means now is what runs."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
