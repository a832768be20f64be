import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from accounts.models import Actor, Namespace, Role
from hub.typed_name import TypedName
from models_registry.errors import AnswersNeeded
from models_registry.formats import gate_form
from models_registry.formats.licences import LONGEST
from models_registry.formats.tasks import TASKS
from models_registry.models import Gate, Kind
from models_registry.models.repository import REPOSITORY_NAME
from models_registry.services.format_words import in_words
from models_registry.services.gating import LONGEST_REASON
from models_registry.templatetags.registry import task_title


class LicenceField(forms.CharField):
    """The name of a licence, typed or chosen from those whose terms are known; what it allows shows in #licence-preview."""

    def __init__(self, **kwargs: Any) -> None:
        attributes = {
            "list": "licences", "autocomplete": "off", "spellcheck": "false", "placeholder": "apache-2.0",
            "hx-get": reverse_lazy("licences"), "hx-trigger": "change", "hx-target": "#licence-preview",
        }  # fmt: skip
        kwargs.setdefault(
            "validators", [RegexValidator(r"^[A-Za-z0-9.+\-_() ]+$", _("Use letters, digits, “-”, “.” and “+”."))]
        )
        super().__init__(max_length=LONGEST, required=False, widget=forms.TextInput(attrs=attributes), **kwargs)


GATES = [
    (Gate.OPEN, _("open: everybody who may see it")),
    (Gate.AUTO, _("automatic gate: every member who asks, at once")),
    (Gate.MANUAL, _("gate by hand: whom you accept")),
]
TASK_GROUPS = {
    "text": _("Text"), "image": _("Images"), "video": _("Video"), "audio": _("Sound"), "several": _("Several of these"),
    "other": _("Others"),
}  # fmt: skip


def task_choices() -> list[tuple[Any, Any]]:
    """Known tasks in their groups, after none."""
    groups = [
        (str(TASK_GROUPS[group]), [(task, task_title(task)) for task in listed]) for group, listed in TASKS.items()
    ]
    return [("", _("none chosen")), *groups]


class NewRepositoryForm(forms.Form):
    """Where, what and how visible. The service decides whether it may be made."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        widget=forms.RadioSelect,
        initial=Kind.MODEL,
        choices=[
            (Kind.MODEL, _("model: weights and what belongs to them")),
            (Kind.DATASET, _("dataset: data and their card")),
        ],
    )
    namespace = forms.ModelChoiceField(
        label=_("Owner"), queryset=Namespace.objects.none(), to_field_name="name", empty_label=None
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=96,
        validators=[RegexValidator(REPOSITORY_NAME, _("Use letters, digits, “-”, “_” and “.”, such as digits-cnn."))],
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false", "placeholder": "digits-cnn"}
        ),
    )
    visibility = forms.ChoiceField(
        label=_("Visibility"),
        widget=forms.RadioSelect,
        initial="public",
        choices=[
            ("public", _("public: everybody sees and downloads it")),
            ("private", _("private: only you, or the members of the organisation")),
        ],
    )
    gated = forms.ChoiceField(label=_("Who may read its files"), choices=GATES, required=False)
    licence = LicenceField(
        label=_("Licence"),
        help_text=_(
            "Optional. It goes into a README.md: what others may do with it. Without one, they may do nothing."
        ),
    )
    task = forms.ChoiceField(label=_("Task"), choices=task_choices, required=False)
    from_template = forms.BooleanField(
        label=_("Start with a card from the template"),
        required=False,
        help_text=_("A README.md whose headings ask what a reader wants to know."),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = actor.namespaces(Role.CONTRIBUTOR).order_by("organization", "name")
        self.fields["namespace"].queryset = owners  # type: ignore[attr-defined]


class VisibilityForm(forms.Form):
    private = forms.TypedChoiceField(
        label=_("Visibility"),
        widget=forms.RadioSelect,
        coerce=lambda value: value == "private",
        choices=[
            ("public", _("public: everybody sees and downloads it")),
            ("private", _("private: only you, or the members of the organisation")),
        ],
    )


class DeleteForm(TypedName):
    label = _("Type the full name to confirm")


class LicenceForm(forms.Form):
    licence = LicenceField(
        label=_("Licence"),
        help_text=_("An SPDX name, such as apache-2.0, one of the model licences in the list, or a name of your own."),
    )


class DefaultBranchForm(forms.Form):
    branch = forms.ChoiceField(label=_("Default branch"))

    def __init__(self, *args: Any, branches: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch"].choices = [(name, name) for name in branches]  # type: ignore[attr-defined]


class GateModeForm(forms.Form):
    """Who may read a repository that everybody may see."""

    gated = forms.ChoiceField(
        label=_("Who may read its files"),
        widget=forms.RadioSelect,
        required=False,
        choices=GATES,
    )


class GateWordsForm(forms.Form):
    """What is asked of who wants in; it is written into the card."""

    heading = forms.CharField(label=_("Heading"), max_length=gate_form.LONGEST_HEADING, required=False)
    description = forms.CharField(label=_("In a sentence"), max_length=gate_form.LONGEST_DESCRIPTION, required=False)
    prompt = forms.CharField(
        label=_("What to read first"),
        max_length=gate_form.LONGEST_PROMPT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Markdown."),
    )
    button = forms.CharField(label=_("Words on the button"), max_length=gate_form.LONGEST_BUTTON, required=False)
    terms_file = forms.CharField(
        label=_("File with terms to accept"),
        max_length=gate_form.LONGEST_HEADING,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "LICENSE", "spellcheck": "false"}),
        validators=[
            RegexValidator(rf"^(?:{gate_form.TERMS_FILE.pattern})$", _("A file such as LICENSE."), flags=re.IGNORECASE)
        ],
    )
    terms = forms.CharField(
        label=_("Or the terms themselves"),
        max_length=gate_form.LONGEST_TERMS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("terms") and cleaned.get("terms_file"):
            self.add_error("terms", _("Name a file, or write the terms here: not both."))
        return cleaned


TYPE_TITLES = {
    gate_form.FieldType.TEXT: _("a line of text"),
    gate_form.FieldType.TEXTAREA: _("longer text"),
    gate_form.FieldType.CHECKBOX: _("a box to tick"),
    gate_form.FieldType.DATE: _("a date"),
    gate_form.FieldType.COUNTRY: _("a country"),
    gate_form.FieldType.SELECT: _("one of these options"),
}


class QuestionForm(forms.Form):
    """One question; a row without a label is none."""

    label = forms.CharField(label=_("Question"), max_length=gate_form.LONGEST_LABEL, required=False)
    type = forms.ChoiceField(label=_("Answer"), choices=[(kind.value, title) for kind, title in TYPE_TITLES.items()])
    options = forms.CharField(
        label=_("Options, one a line"), required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=10_000
    )
    required = forms.BooleanField(label=_("Must be answered"), required=False, initial=True)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        is_choice = bool(cleaned and cleaned.get("label") and cleaned.get("type") == gate_form.FieldType.SELECT)
        if is_choice and not self.listed():
            self.add_error("options", _("Name the options, one a line."))
        return cleaned

    def listed(self) -> tuple[str, ...]:
        """The options of a choice between them; no other answer has any."""
        if self.cleaned_data.get("type") != gate_form.FieldType.SELECT:
            return ()
        lines = (line.strip() for line in self.cleaned_data.get("options", "").splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))[: gate_form.MOST_OPTIONS]

    def question(self) -> gate_form.Question | None:
        label = self.cleaned_data["label"].strip()
        if not label:
            return None
        kind = gate_form.FieldType(self.cleaned_data["type"])
        return gate_form.Question(label, kind, self.listed(), self.cleaned_data["required"])


QuestionFormSet = forms.formset_factory(
    QuestionForm, extra=3, max_num=gate_form.MOST_FIELDS, absolute_max=gate_form.MOST_FIELDS, validate_max=True
)


class AskForm(forms.Form):
    """The owners' questions, as the card words them. `terms_sha256` says which text was read."""

    terms_sha256 = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, questions: Sequence[gate_form.Question], terms_sha256: str) -> None:
        super().__init__(data, initial={"terms_sha256": terms_sha256}, auto_id="gate_%s")
        self.names = {question.label: f"q{index}" for index, question in enumerate(questions)}
        for question in questions:
            self.fields[self.names[question.label]] = _field_of(question)
        if terms_sha256:
            self.fields["accept"] = forms.BooleanField(label=_("I have read these terms and accept them."))

    def answers(self) -> dict[str, Any]:
        return {
            label: "" if value is None else value.isoformat() if isinstance(value, date) else value
            for label, name in self.names.items()
            if (value := self.cleaned_data.get(name)) is not None
        }

    def take(self, refusal: AnswersNeeded) -> None:
        """Show what the service found wrong beside the fields it is about."""
        for label, fault in refusal.faults.items():
            self.add_error(self.names.get(label), in_words(fault))
        if refusal.terms_missing:
            self.add_error(
                None, _("The terms have changed meanwhile: read them again, and accept them as they are now.")
            )


def _field_of(question: gate_form.Question) -> forms.Field:
    common: dict[str, Any] = {"label": question.label, "required": question.required}
    match question.type:
        case gate_form.FieldType.CHECKBOX:
            return forms.BooleanField(**common)
        case gate_form.FieldType.DATE:
            return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **common)
        case gate_form.FieldType.COUNTRY:
            return forms.ChoiceField(choices=[("", _("Choose a country")), *countries], **common)
        case gate_form.FieldType.SELECT:
            return forms.ChoiceField(
                choices=[("", _("Choose one")), *((option, option) for option in question.options)], **common
            )
        case gate_form.FieldType.TEXTAREA:
            widget = forms.Textarea(attrs={"rows": 4})
            return forms.CharField(max_length=gate_form.LONGEST_ANSWER["textarea"], widget=widget, **common)
        case _:
            return forms.CharField(max_length=gate_form.LONGEST_ANSWER["text"], **common)


class GrantForm(forms.Form):
    username = forms.CharField(
        label=_("Member's name"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class RejectForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason, which they will read"), max_length=LONGEST_REASON, required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
