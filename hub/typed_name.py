"""A form that asks for a name to be typed, so that nothing is deleted by a slip."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class TypedName(forms.Form):
    label: Any = _("Type the name to confirm")
    refusal: Any = _("This is not its name; nothing was deleted.")

    confirmation = forms.CharField(
        max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"})
    )

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name
        self.fields["confirmation"].label = self.label

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"].strip()
        if typed != self.name:
            raise forms.ValidationError(self.refusal)
        return typed
