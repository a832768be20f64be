from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from evaluations.models import SuiteVersion
from evaluations.services import suite_words, tag_rules
from evaluations.templatetags.scores import metric_title
from models_registry.templatetags.registry import task_title


def _number() -> forms.NumberInput:
    return forms.NumberInput(attrs={"step": "any"})


class AutomaticForm(forms.Form):
    suite = forms.ChoiceField(label=_("Suite"))
    hardware = forms.ChoiceField(label=_("Worker"))

    def __init__(self, *args: Any, versions: Iterable[SuiteVersion], **kwargs: Any) -> None:
        """versions: of the suites that are not switched on yet."""
        super().__init__(*args, **kwargs)
        self.fields["suite"].choices = [(version.suite.name, suite_words.title(version.suite)) for version in versions]  # type: ignore[attr-defined]
        classes = settings.HARDWARE_CLASSES
        self.fields["hardware"].choices = [(name, name) for name in classes]  # type: ignore[attr-defined]
        if len(classes) == 1:
            self.fields["hardware"].required = False
            self.fields["hardware"].widget = forms.HiddenInput()


class TagRuleForm(forms.Form):
    pattern = forms.CharField(
        label=_("Tags"),
        max_length=tag_rules.LONGEST_PATTERN,
        help_text=_("A name such as production, or several by * and ?, such as release-*."),
        widget=forms.TextInput(attrs={"spellcheck": "false", "autocomplete": "off", "placeholder": "release-*"}),
    )
    metric = forms.ChoiceField(label=_("Suite and metric"))
    minimum = forms.FloatField(label=_("At least"), required=False, widget=_number())
    maximum = forms.FloatField(label=_("At most"), required=False, widget=_number())
    not_worse = forms.BooleanField(label=_("Not worse than the commit where the tag stands now"), required=False)

    def __init__(self, *args: Any, versions: Iterable[SuiteVersion], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["metric"].choices = [  # type: ignore[attr-defined]
            (
                f"{version.suite.name}:{metric['name']}",
                f"{suite_words.title(version.suite)} · {metric_title(metric['name'])}",
            )
            for version in versions
            for metric in version.definition["metrics"]
        ]

    def asked(self) -> dict[str, Any]:
        """As `services.tag_rules.add` takes it."""
        suite, _separator, metric = self.cleaned_data["metric"].partition(":")
        return {**self.cleaned_data, "suite": suite, "metric": metric}


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
            (version.suite.name, f"{suite_words.title(version.suite)} · {task_title(version.suite.task)}")
            for version in versions
        ]
        classes = settings.HARDWARE_CLASSES
        self.fields["hardware"].choices = [(name, name) for name in classes]  # type: ignore[attr-defined]
        if len(classes) == 1:  # nothing to choose
            del self.fields["hardware"]


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
