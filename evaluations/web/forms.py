from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from evaluations.services.suites import current_versions


class EvaluateForm(forms.Form):
    suite = forms.ChoiceField(label=_("Suite"), widget=forms.RadioSelect)
    revision = forms.CharField(
        label=_("Revision"),
        max_length=200,
        help_text=_("A branch, tag or commit; the commit it means now is what runs."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["suite"].choices = [  # type: ignore[attr-defined]
            (version.suite.name, f"{version.suite.title}, version {version.version}") for version in current_versions()
        ]
