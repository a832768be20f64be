"""How django-allauth makes and names our users, and guards their second factors."""

import base64
import re
from functools import cache
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts import sign_in_limits
from accounts.errors import NameTaken, NoSuchInvitation
from accounts.models import Actor, Invitation, Namespace, User
from accounts.models.namespace import NAMESPACE_NAME, name_validators
from accounts.services import invitations

_LONGEST_NAME = 42


def _invitation(request: HttpRequest) -> Invitation | None:
    """The one whose link this browser has opened, if it can still be accepted by somebody new."""
    try:
        found = invitations.open_invitation(str(request.session.get("invitation", "")))
    except NoSuchInvitation:
        return None
    return found if found.user_id is None else None


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        if settings.REGISTRATION == "invitation":
            return _invitation(request) is not None
        return settings.REGISTRATION == "open"

    def validation_error(self, code: str, *args: Any) -> Exception:
        """What is refused for being asked too often is no mistake in a form."""
        if code in {"too_many_login_attempts", "rate_limited"}:
            return sign_in_limits.too_many("login_failed")
        return super().validation_error(code, *args)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        for validate in name_validators:
            validate(username)
        if not shallow and not Namespace.objects.is_free(username):
            raise ValidationError(_("This name is taken."))
        return super().clean_username(username, shallow=shallow)

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        try:
            with transaction.atomic():
                user = super().save_user(request, user, form, commit=commit)
                if commit:
                    Namespace.objects.claim(user.username, user=user)
                    self._use_invitation(request, user)
        except (IntegrityError, NameTaken):  # somebody took the name since the form looked
            messages.error(request, _("This name or address was taken a moment ago. Choose another."))
            raise ImmediateHttpResponse(redirect("account_signup")) from None
        except NoSuchInvitation as refusal:  # it admitted somebody else meanwhile
            messages.error(request, str(refusal))
            raise ImmediateHttpResponse(redirect("account_signup")) from None
        return user

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        try:
            with transaction.atomic():
                return bool(super().confirm_email(request, email_address))
        except IntegrityError:  # an account that never confirmed it has written it down
            messages.error(request, _("Another account has this address already: ask the hub's maintainers."))
            return False

    def _use_invitation(self, request: HttpRequest, user: User) -> None:
        """An invitation admits one person: who signs up by it has accepted it."""
        invitation = _invitation(request)
        if invitation is not None:
            invitations.accept(actor=Actor(user=user), invitation=invitation)
            request.session.pop("invitation", None)
        elif settings.REGISTRATION == "invitation":
            raise NoSuchInvitation


class OtherSiteAdapter(DefaultSocialAccountAdapter):
    """Signing in at another site. It knows an account by its id there alone: an address proves nothing."""

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        user: User = super().populate_user(request, sociallogin, data)
        user.full_name = str(data.get("name") or "")[:120]
        user.username = free_name_like(str(data.get("username") or ""), str(data.get("email") or ""))
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        with transaction.atomic():  # the account and its link to the other site, or neither
            user: User = super().save_user(request, sociallogin, form)
        return user


@cache
def _fernet(secret_key: str) -> Fernet:
    key = salted_hmac("accounts.second_factor", "", secret=secret_key, algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(key))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps lie encrypted: the database alone makes no codes."""

    def encrypt(self, text: str) -> str:
        return _fernet(settings.SECRET_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _fernet(settings.SECRET_KEY).decrypt(encrypted_text.encode()).decode()


def free_name_like(*wishes: str) -> str:
    """A name that is free now, made of the first wish that has letters; the member may choose another."""
    for wish in wishes:
        name = re.sub(r"[^A-Za-z0-9]+", "-", wish.partition("@")[0]).strip("-")[: _LONGEST_NAME - 4].strip("-")
        if name and re.match(NAMESPACE_NAME, name):
            break
    else:
        return ""
    for candidate in (name, *(f"{name}-{number}" for number in range(2, 100))):
        try:
            AccountAdapter().clean_username(candidate)
        except ValidationError:
            continue
        return candidate
    return ""
