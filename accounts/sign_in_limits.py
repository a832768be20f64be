"""django-allauth counts by name what is guessed at (passwords, codes, letters); here its refusals become those of the hub.

Its windows slide, and it tells nobody when they open: what is said here is when they surely have.
"""

from allauth.account import app_settings
from allauth.core.internal.ratelimit import parse_rates
from django.http import HttpRequest, HttpResponse

from hub.error_responses import to_page
from hub.errors import RateLimited
from hub.wire.rate_limits import refusal
from hub.wire.rate_policies import Limit

# By the name of the view that was asked; all others prove anew who somebody is.
_ACTIONS = {
    "account_login": "login",
    "mfa_login_webauthn": "login",
    "account_signup": "signup",
    "socialaccount_signup": "signup",
    "account_email": "manage_email",
    "account_change_password": "change_password",
    "account_set_password": "change_password",
    "account_reset_password": "reset_password",
    "account_reset_password_from_key": "reset_password_from_key",
}


def too_many(action: str) -> RateLimited:
    """action: as django-allauth names it. The widest of its windows is told, as it may be the one that is full."""
    rate = max(parse_rates(app_settings.RATE_LIMITS[action]), key=lambda rate: rate.duration)
    seconds = int(rate.duration)
    return refusal(action, Limit(rate.amount, seconds), reset=seconds)


def page(request: HttpRequest) -> HttpResponse:
    """The `handler429` that django-allauth looks for."""
    match = request.resolver_match
    name = match.url_name if match else None
    return to_page(request, too_many(_ACTIONS.get(name or "", "reauthenticate")))
