"""How django-allauth makes and names our users."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest

from accounts.models import Namespace, User
from accounts.models.namespace import name_validators


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.REGISTRATION == "open"

    def clean_username(self, username: str, shallow: bool = False) -> str:
        for validate in name_validators:
            validate(username)
        if not shallow and Namespace.objects.filter(key=username.lower()).exists():
            raise ValidationError("This name is taken.")
        return super().clean_username(username, shallow=shallow)

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user = super().save_user(request, user, form, commit=commit)
        if commit:
            Namespace.objects.create(name=user.username, user=user)
        return user
