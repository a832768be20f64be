"""What is filled in to found an organisation, to set it up, and to change who belongs to it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Namespace, Organization, Profile, Role
from accounts.models.namespace import name_validators
from accounts.services.profiles import LONGEST, MOST_LINKS

ROLE_WORDS: dict[int, str | Promise] = {
    Role.READ: _("read: sees what is private"),
    Role.CONTRIBUTOR: _("contributor: also makes repositories, and changes those"),
    Role.WRITE: _("write: changes every repository"),
    Role.ADMIN: _("admin: also manages members and settings"),
}
_PLAIN = {"autocomplete": "off", "spellcheck": "false"}


def role_field(**more: Any) -> forms.TypedChoiceField:
    words = [(int(role), ROLE_WORDS[role]) for role in Role]
    return forms.TypedChoiceField(
        label=_("Role"), coerce=lambda value: Role(int(value)), choices=words, **{"initial": Role.READ, **more}
    )


class FoundingForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=42,
        validators=name_validators,
        help_text=_("Stands in every address: letters, digits, and single “-”, “_” or “.” between them."),
        widget=forms.TextInput(attrs={**_PLAIN, "placeholder": "birch-lab"}),
    )
    full_name = forms.CharField(
        label=_("Full name"), max_length=LONGEST["full_name"], required=False, help_text=_("In any script, or nothing.")
    )
    about = forms.CharField(
        label=_("About"),
        max_length=LONGEST["about"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What it is and does; Markdown."),
    )


class ProfileForm(forms.Form):
    """Of a member or an organisation."""

    full_name = forms.CharField(
        label=_("Full name"),
        max_length=LONGEST["full_name"],
        required=False,
        help_text=_("Shown beside the name; any script, or nothing."),
    )
    about = forms.CharField(
        label=_("About"),
        max_length=LONGEST["about"],
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Markdown, shown at the top of the page."),
    )
    location = forms.CharField(label=_("Place"), max_length=LONGEST["location"], required=False)
    website = forms.URLField(label=_("Website"), max_length=LONGEST["website"], required=False, assume_scheme="https")
    links = forms.CharField(
        label=_("Other links"),
        max_length=MOST_LINKS * (LONGEST["website"] + 2),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "placeholder": "https://"}),
        help_text=_("One address in each line, at most five."),
    )

    @staticmethod
    def initial_of(namespace: Namespace, profile: Profile) -> dict[str, Any]:
        owner = namespace.organization or namespace.user
        return {
            "full_name": owner.full_name if owner else "",
            "about": profile.about,
            "location": profile.location,
            "website": profile.website,
            "links": "\n".join(profile.links),
        }

    def clean_links(self) -> list[str]:
        return self.cleaned_data["links"].split()


class DefaultsForm(forms.Form):
    private_by_default = forms.TypedChoiceField(
        label=_("New repositories are"),
        widget=forms.RadioSelect,
        coerce=lambda value: value == "private",
        choices=[
            ("public", _("public: everybody sees and downloads them")),
            ("private", _("private: only members do")),
        ],
        help_text=_("Unless who makes one chooses otherwise. Those that are there stay as they are."),
    )
    role = forms.TypedChoiceField(
        label=_("Who is invited gets the role"),
        widget=forms.RadioSelect,
        coerce=lambda value: Role(int(value)),
        choices=[(int(role), ROLE_WORDS[role]) for role in Role if role != Role.ADMIN],
        help_text=_("Unless another is chosen in the invitation."),
    )

    @staticmethod
    def initial_of(organization: Organization) -> dict[str, Any]:
        private = "private" if organization.private_by_default else "public"
        return {"private_by_default": private, "role": organization.default_role}


class InviteForm(forms.Form):
    whom = forms.CharField(
        label=_("Member name or e-mail address"), max_length=254, widget=forms.TextInput(attrs=_PLAIN)
    )
    role = role_field()

    def clean_whom(self) -> str:
        whom = self.cleaned_data["whom"].strip().lstrip("@")
        if "@" in whom:
            try:
                validate_email(whom)
            except ValidationError:
                raise forms.ValidationError(_("This is no e-mail address.")) from None
        return whom


class RoleForm(forms.Form):
    role = role_field(widget=forms.Select())


class HandOverForm(forms.Form):
    to = forms.CharField(label=_("New administrator"), max_length=42, widget=forms.TextInput(attrs=_PLAIN))
    own_role = forms.TypedChoiceField(
        label=_("Afterwards you"),
        coerce=lambda value: Role(int(value)),
        empty_value=None,
        required=False,
        initial=int(Role.WRITE),
        choices=[
            (int(Role.WRITE), _("stay, with the role write")),
            (int(Role.READ), _("stay, with the role read")),
            ("", _("leave the organisation")),
        ],
    )


class NameForm(forms.Form):
    name = forms.CharField(
        label=_("New name"), max_length=42, validators=name_validators, widget=forms.TextInput(attrs=_PLAIN)
    )
