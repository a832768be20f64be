"""Settings → Security: password, second factors, passkeys, other sites, and the browsers one is signed in with."""

import re

from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialAccount
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import ActorRequest
from accounts.services import sessions

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_of(user_agent: str) -> str:
    """The browser and the system that a User-Agent claims to be, for people to recognise."""
    browser = next((name for sign, name in _BROWSERS if re.search(rf"{sign}\w*/", user_agent)), "")
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    return " · ".join(filter(None, (browser, system))) or user_agent[:40] or _("unknown")


@login_required
@never_cache
@require_safe
def security(request: ActorRequest) -> HttpResponse:
    user = request.actor.require_user()
    factors = list(Authenticator.objects.filter(user=user).order_by("created_at"))
    codes = next((one for one in factors if one.type == Authenticator.Type.RECOVERY_CODES), None)
    found = sessions.sessions_of(user)
    current = request.session.session_key
    context = {
        "totp": next((one for one in factors if one.type == Authenticator.Type.TOTP), None),
        "passkeys": [one for one in factors if one.type == Authenticator.Type.WEBAUTHN],
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "is_protected": any(one.type != Authenticator.Type.RECOVERY_CODES for one in factors),
        "sessions": [(row, device_of(row.user_agent), row.session_key == current) for row in found],
        "others": sum(row.session_key != current for row in found),
        "other_sites": SocialAccount.objects.filter(user=user).order_by("date_joined"),
        "offers_other_sites": bool(get_adapter().list_apps(request)),
    }
    return render(request, "accounts/security.html", context)


@login_required
@require_POST
def end_session(request: ActorRequest, pk: int) -> HttpResponse:
    if sessions.end(user=request.actor.require_user(), pk=pk):
        messages.success(request, _("The session is ended: that browser has to sign in again."))
    return redirect("settings-security")


@login_required
@require_POST
def end_other_sessions(request: ActorRequest) -> HttpResponse:
    count = sessions.end_others(user=request.actor.require_user(), current=request.session.session_key)
    said = ngettext("%(count)s other session is ended.", "%(count)s other sessions are ended.", count)
    messages.success(request, said % {"count": count})
    return redirect("settings-security")
