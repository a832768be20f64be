from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import Actor, Namespace, Role
from models_registry.models import Kind
from models_registry.models.repository import REPOSITORY_NAME


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
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "digits-cnn"}),
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


class DeleteForm(forms.Form):
    """Asks for the repository's full name, so that nothing is deleted by a slip."""

    confirmation = forms.CharField(
        label=_("Type the full name to confirm"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, full_name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.full_name = full_name

    def clean_confirmation(self) -> str:
        typed = self.cleaned_data["confirmation"].strip()
        if typed != self.full_name:
            raise forms.ValidationError(_("This is not its name; nothing was deleted."))
        return typed
