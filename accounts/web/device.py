"""The page on which a member lets a program act for them, or does not."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.errors import NoSuchDeviceCode
from accounts.models import DeviceLogin, TokenRole
from accounts.requests import ActorRequest
from accounts.services import device_logins
from accounts.services.device_logins import TOKEN_LIFE
from accounts.web.forms import DeviceCodeForm, DeviceRoleForm


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def device_login(request: ActorRequest) -> HttpResponse:
    """First the code, then the question; nothing happens without a POST that answers it."""
    code = DeviceCodeForm(request.POST if request.method == "POST" else request.GET)
    has_code = "user_code" in code.data and code.is_valid()
    try:
        login = (
            device_logins.waiting(user=request.actor.require_user(), user_code=code.cleaned_data["user_code"])
            if has_code
            else None
        )
        role = DeviceRoleForm(request.POST if "answer" in request.POST else None)
        if login is not None and role.is_bound and role.is_valid():
            login = device_logins.decide(
                actor=request.actor,
                user_code=code.cleaned_data["user_code"],
                approve=request.POST["answer"] == "yes",
                role=TokenRole(role.cleaned_data["role"]),
            )
    except NoSuchDeviceCode as refusal:
        code.add_error("user_code", str(refusal))
        return render(request, "accounts/device_login.html", {"code": code}, status=404)
    context = {
        "code": code if has_code or request.method == "POST" else DeviceCodeForm(),
        "login": login,
        "role": role,
        "is_waiting": login is not None and login.state == DeviceLogin.State.PENDING,
        "is_approved": login is not None and login.state == DeviceLogin.State.APPROVED,
        "days": TOKEN_LIFE.days,
    }
    return render(request, "accounts/device_login.html", context)
