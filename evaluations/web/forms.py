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


class ProposeForm(forms.Form):
    repository = forms.CharField(
        label=_("Dataset repository"),
        max_length=200,
        help_text=_(
            "namespace/name, which holds suite.yaml and the files that it names. You must be able to write it."
        ),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
    revision = forms.CharField(
        label=_("Revision"),
        max_length=200,
        initial="main",
        help_text=_("A branch, tag or commit; the commit it means now is what is proposed."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )
