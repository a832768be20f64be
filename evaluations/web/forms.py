from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
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

    hardware = forms.ChoiceField(
        label=_("Workers"),
        help_text=_(
            "The class of machine that runs it. Speeds compare within one class alone; quality compares across."
        ),
    )

    def __init__(self, *args: Any, versions: Iterable[SuiteVersion], **kwargs: Any) -> None:
        """versions: in the order in which they are offered."""
        super().__init__(*args, **kwargs)
        self.fields["suite"].choices = [  # type: ignore[attr-defined]
            (version.suite.name, f"{version.suite.title} · {task_title(version.suite.task)}") for version in versions
        ]
        classes = settings.HARDWARE_CLASSES
        self.fields["hardware"].choices = [(name, name) for name in classes]  # type: ignore[attr-defined]
        if len(classes) == 1:  # nothing to choose
            del self.fields["hardware"]
