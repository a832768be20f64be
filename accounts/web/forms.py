from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import scopes
from accounts.models import AccessToken, Actor, Namespace, Role, TokenRole
from hub.typed_name import TypedName

MOST_SCOPES = 100


class TokenForm(forms.Form):
    """A new access token. `cleaned_scopes` and `expires_at` are what the service takes."""

    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("Where you will use it, so that you know which one to revoke.")
    )
    role = forms.ChoiceField(
        label=_("It may"),
        widget=forms.RadioSelect,
        initial=TokenRole.READ,
        choices=[
            (TokenRole.READ, _("read everything you may read")),
            (TokenRole.WRITE, _("read and write everything you may write")),
            (TokenRole.FINE_GRAINED, _("only what you name below")),
        ],
    )
    days = forms.TypedChoiceField(
        label=_("Expires"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[("", _("never")), (7, _("in a week")), (30, _("in 30 days")), (365, _("in a year"))],
    )
    action = forms.ChoiceField(
        label=_("What it names may be"),
        required=False,
        choices=[("read", _("read")), ("write", _("read and written"))],
        initial="read",
    )
    namespaces = forms.ModelMultipleChoiceField(
        label=_("Everything under"),
        required=False,
        queryset=Namespace.objects.none(),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        self.fields["namespaces"].queryset = actor.namespaces(Role.READ).order_by("name")  # type: ignore[attr-defined]
        for kind in scopes.kinds():
            self.fields[kind.key] = forms.CharField(
                label=kind.title,
                required=False,
                widget=forms.Textarea(attrs={"rows": 3, "placeholder": kind.example, "spellcheck": "false"}),
                help_text=_("One name in each line."),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.cleaned_scopes: list[dict[str, Any]] = []
        if data.get("role") != TokenRole.FINE_GRAINED:
            return data
        action = data.get("action") or "read"
        self.cleaned_scopes += [{"action": action, "namespace": space.pk} for space in data.get("namespaces", [])]
        for kind in scopes.kinds():
            names = list(dict.fromkeys(data.get(kind.key, "").split()))[:MOST_SCOPES]
            found = kind.find(self.actor, names)
            if missing := [name for name in names if name not in found]:
                self.add_error(kind.key, _("There is no %(name)s, or you may not see it.") % {"name": missing[0]})
            self.cleaned_scopes += [{"action": action, kind.key: pk} for pk in found.values()]
        if not self.cleaned_scopes and not self.errors:
            raise forms.ValidationError(_("Name at least one thing that the token opens."))
        return data

    @property
    def expires_at(self) -> datetime | None:
        days = self.cleaned_data["days"]
        return timezone.now() + timedelta(days=days) if days else None


class DeviceCodeForm(forms.Form):
    user_code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("As the program shows it."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "characters"}),
    )


class DeviceRoleForm(forms.Form):
    role = forms.ChoiceField(
        label=_("It may"),
        widget=forms.RadioSelect,
        initial=TokenRole.WRITE,
        choices=[
            (TokenRole.WRITE, _("read and write everything you may write")),
            (TokenRole.READ, _("read everything you may read")),
        ],
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        help_text=_("The link is sent there. Left empty, it is shown to you, for one person of your choice."),
    )


class LeaveForm(TypedName):
    label = _("Type your name here")
    refusal = _("That is not your name: nothing was deleted.")


def describe_scopes(tokens: list[AccessToken]) -> dict[int, list[str]]:
    """{token id: what a fine-grained token opens, in words}, with one query for each kind of thing."""
    everything = [scope for token in tokens for scope in token.scopes]
    lookups: dict[str, dict[int, str]] = {}
    for key, names in {"namespace": _namespace_names, **{kind.key: kind.names for kind in scopes.kinds()}}.items():
        wanted = {scope[key] for scope in everything if key in scope}
        lookups[key] = names(wanted) if wanted else {}
    described: dict[int, list[str]] = {}
    for token in tokens:
        described[token.pk] = [
            f"{lookups[key].get(scope[key], '?')} ({scope['action']})"
            for scope in token.scopes
            for key in lookups
            if key in scope
        ]
    return described


def _namespace_names(ids: Any) -> dict[int, str]:
    return {space.pk: f"{space.name}/*" for space in Namespace.objects.filter(pk__in=ids)}
