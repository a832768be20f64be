"""Another name, or another owner, for a repository."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.validators import RegexValidator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts.models import Actor, Namespace, Role
from accounts.requests import ActorRequest
from hub.errors import HubError
from models_registry.models.repository import REPOSITORY_NAME
from models_registry.services.moving import move_repository
from models_registry.web.repository_settings import administered, frame


class TransferForm(forms.Form):
    """Offers the namespaces in which the actor may make repositories; the service decides."""

    namespace = forms.ModelChoiceField(
        label=gettext_lazy("Owner"),
        queryset=Namespace.objects.none(),
        to_field_name="name",
        empty_label=None,
        help_text=gettext_lazy(
            "Your own name, and the organisations in which you may make repositories. It cannot be given to anybody"
            " else: they would have to take it."
        ),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=96,
        validators=[
            RegexValidator(REPOSITORY_NAME, gettext_lazy("Use letters, digits, “-”, “_” and “.”, such as digits-cnn."))
        ],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owners = actor.namespaces(Role.CONTRIBUTOR).order_by("organization", "name")
        self.fields["namespace"].queryset = owners  # type: ignore[attr-defined]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def transfer(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = administered(request, kind, namespace, name)
    initial = {"namespace": repository.namespace.name, "name": repository.name}
    form = TransferForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            moved = move_repository(
                actor=request.actor,
                repository=repository,
                namespace=form.cleaned_data["namespace"].name,
                name=form.cleaned_data["name"],
            )
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("It is %(name)s now. The old address leads here.") % {"name": moved.full_name})
            return redirect(moved)
    context = frame(repository, "transfer") | {"form": form}
    return render(request, "models_registry/repository_transfer.html", context)
