"""Pages under Settings; signing in and out is django-allauth's, on our templates."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import AccessToken, TokenRole
from accounts.requests import ActorRequest
from accounts.services.profiles import change_profile, profile_of
from accounts.services.tokens import create_token, revoke_token
from accounts.web.forms import TokenForm, describe_scopes
from accounts.web.organization_forms import NameForm, ProfileForm
from hub.errors import HubError


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: ActorRequest) -> HttpResponse:
    namespace = request.actor.require_user().namespace
    form = ProfileForm(request.POST or None, initial=ProfileForm.initial_of(namespace, profile_of(namespace)))
    if request.method == "POST" and form.is_valid():
        try:
            change_profile(actor=request.actor, namespace=namespace, **form.cleaned_data)
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("settings-profile")
    context = {"form": form, "naming": NameForm(auto_id="id_naming_%s")}
    return render(request, "accounts/profile_settings.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: ActorRequest) -> HttpResponse:
    """The list; a POST makes one and shows its value in the answer, the only time it can be seen."""
    user = request.actor.require_user()
    value, form = None, TokenForm(request.POST or None, actor=request.actor)
    if request.method == "POST" and form.is_valid():
        _token, value = create_token(
            actor=request.actor,
            user=user,
            name=form.cleaned_data["name"],
            role=TokenRole(form.cleaned_data["role"]),
            scopes=form.cleaned_scopes,
            expires_at=form.expires_at,
        )
        form = TokenForm(actor=request.actor)
    listed = list(AccessToken.objects.filter(user=user, revoked_at=None))
    context = {"form": form, "value": value, "tokens": listed, "scopes": describe_scopes(listed)}
    # With the address: without it the client would send this hub's token to another one.
    context["login"] = f"export HF_ENDPOINT={settings.BASE_URL}\nhf auth login"
    return render(request, "accounts/token_settings.html", context)


@login_required
@require_POST
def revoke(request: ActorRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(AccessToken, pk=pk, user=request.actor.require_user(), revoked_at=None)
    revoke_token(actor=request.actor, token=token)
    messages.success(request, _("The token “%(name)s” is revoked: it opens nothing any more.") % {"name": token.name})
    return redirect("settings-tokens")
