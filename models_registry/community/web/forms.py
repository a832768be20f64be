from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Actor, Namespace, Role
from models_registry.community.models import Collection
from models_registry.community.services import collections

THEMES = [
    (Collection.Theme.ORANGE, pgettext_lazy("colour", "Orange")),
    (Collection.Theme.BLUE, pgettext_lazy("colour", "Blue")),
    (Collection.Theme.GREEN, pgettext_lazy("colour", "Green")),
    (Collection.Theme.PURPLE, pgettext_lazy("colour", "Purple")),
    (Collection.Theme.PINK, pgettext_lazy("colour", "Pink")),
    (Collection.Theme.INDIGO, pgettext_lazy("colour", "Indigo")),
]


class CollectionForm(forms.Form):
    """A new collection, or what an old one is called."""

    namespace = forms.ModelChoiceField(
        Namespace.objects.none(), to_field_name="name", label=_("Owner"), empty_label=None
    )
    title = forms.CharField(label=_("Title"), max_length=collections.LONGEST_TITLE)
    description = forms.CharField(
        label=_("Description"),
        max_length=collections.LONGEST_DESCRIPTION,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    theme = forms.ChoiceField(label=_("Colour"), choices=THEMES, required=False)
    visibility = forms.ChoiceField(
        label=_("Visibility"),
        widget=forms.RadioSelect,
        initial="public",
        choices=[("public", _("Public: everybody sees it")), ("private", _("Private: only its owners see it"))],
    )

    def __init__(self, *args: Any, actor: Actor, is_new: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_new:
            self.fields["namespace"].queryset = actor.namespaces(Role.WRITE).order_by("key")  # type: ignore[attr-defined]
            del self.fields["theme"]
        else:
            del self.fields["namespace"]

    @property
    def private(self) -> bool:
        return bool(self.cleaned_data["visibility"] == "private")


class ItemForm(forms.Form):
    """Something to put into a collection, by its name."""

    kind = forms.ChoiceField(
        label=_("What"),
        choices=[("model", _("Model")), ("dataset", _("Dataset")), ("collection", _("Collection"))],
    )
    name = forms.CharField(
        label=_("Name"), max_length=300, widget=forms.TextInput(attrs={"placeholder": _("owner/name")})
    )
    note = forms.CharField(label=_("Note"), max_length=collections.LONGEST_NOTE, required=False)
