"""What members and organisations say of themselves."""

from collections.abc import Sequence

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import access
from accounts.models import Actor, AuditEntry, Namespace, Profile
from hub.errors import Invalid

MOST_LINKS = 5
LONGEST = {"about": 4000, "website": 200, "location": 100, "full_name": 120}
_check_address = URLValidator(schemes=["http", "https"])


def profile_of(namespace: Namespace) -> Profile:
    """An empty one for who has said nothing, and for who is banned: what they say is shown no more."""
    if namespace.user is not None and not namespace.user.is_active:
        return Profile(namespace=namespace)
    return Profile.objects.filter(namespace=namespace).first() or Profile(namespace=namespace)


@transaction.atomic
def change_profile(
    *,
    actor: Actor,
    namespace: Namespace,
    full_name: str | None = None,
    about: str | None = None,
    website: str | None = None,
    location: str | None = None,
    links: Sequence[str] | None = None,
) -> Profile:
    """None leaves a part as it is. Raises Unauthenticated, Forbidden; Invalid for what is too long or no address."""
    access.require_own(actor, namespace)
    profile, _made = Profile.objects.get_or_create(namespace=namespace)
    given = {"full_name": full_name, "about": about, "website": website, "location": location}
    said = {part: value.strip() for part, value in given.items() if value is not None}
    for part in said.keys() & {"full_name", "location"}:  # one line: they stand in e-mails
        said[part] = " ".join(said[part].split())
    for part, value in said.items():
        if len(value) > LONGEST[part]:
            raise Invalid(_("%(part)s has at most %(most)s characters.") % {"part": part, "most": LONGEST[part]})
    if website := said.get("website"):
        _require_address(website)
    if links is not None:
        profile.links = [link.strip() for link in links if link.strip()]
        if len(profile.links) > MOST_LINKS:
            raise Invalid(_("At most %(most)s links are shown.") % {"most": MOST_LINKS})
        for link in profile.links:
            _require_address(link)
    owner = namespace.organization or namespace.user
    if "full_name" in said and owner is not None:
        owner.full_name = said.pop("full_name")
        owner.save(update_fields=["full_name"])
    for part, value in said.items():
        setattr(profile, part, value)
    profile.save()
    if namespace.organization is not None:
        AuditEntry.objects.record(actor, "organization.profile", namespace.name, namespace=namespace)
    return profile


def _require_address(text: str) -> None:
    try:
        if len(text) > LONGEST["website"]:
            raise ValidationError("")
        _check_address(text)
    except ValidationError:
        raise Invalid(
            _("%(text)r is no http or https address of at most %(most)s characters.")
            % {"text": text[:80], "most": LONGEST["website"]}
        ) from None
