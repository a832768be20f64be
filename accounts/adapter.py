"""How django-allauth makes and names our users."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.errors import NameTaken
from accounts.models import Namespace, User
from accounts.models.namespace import name_validators


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.REGISTRATION == "open"

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
        except (IntegrityError, NameTaken):  # somebody took the name since the form looked
            messages.error(request, _("This name or address was taken a moment ago. Choose another."))
            raise ImmediateHttpResponse(redirect("account_signup")) from None
        return user
