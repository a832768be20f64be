"""The gate of a repository as who wants in meets it: what is asked, how it stands, and all that one has asked for."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import ActorRequest
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry import access
from models_registry.errors import AnswersNeeded, GatedRepository
from models_registry.models import GateForm, Kind, Repository
from models_registry.page_addresses import page_url, resolve_url
from models_registry.services import gating
from models_registry.services.cards import render as render_markdown
from models_registry.services.markdown import Place
from models_registry.web.addressing import of_address
from models_registry.web.forms import AskForm

PAGE_SIZE = 50


def is_shut(request: ActorRequest, repository: Repository) -> bool:
    """Whether a gate stands between this reader and the files."""
    try:
        access.require_read(request.actor, repository)
    except GatedRepository:
        return True
    return False


def context(request: ActorRequest, repository: Repository, form: AskForm | None = None) -> dict[str, Any]:
    """What _gate.html needs."""
    if not repository.gated:
        return {"is_shut": False}
    asked = gating.form_of(repository)
    return {
        "is_shut": is_shut(request, repository),
        "gate": asked,
        "gate_prompt": render_markdown(asked.prompt, _place(repository)) if asked.prompt else "",
        "gate_form": form or _ask_form(asked),
        "access_request": gating.state_of(request.actor, repository),
    }


def _ask_form(asked: GateForm, data: Any = None) -> AskForm:
    return AskForm(data, questions=gating.questions_of(asked), terms_sha256=asked.terms_sha256)


def _place(repository: Repository) -> Place:
    branch = repository.default_branch
    return Place(blob=page_url(repository, "blob", branch) + "/", resolve=resolve_url(repository, branch, ""))


@rate_limits.under(writes="access")
@require_http_methods(["GET", "HEAD", "POST"])
def gate(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """The gate on a page of its own; it takes the form that stands on the repository's page, too."""
    repository = of_address(request, kind, namespace, name)
    form = None
    if request.method == "POST" and repository.gated:
        request.actor.require_user()
        form = _ask_form(gating.form_of(repository), request.POST)
        if form.is_valid():
            try:
                asked = gating.ask(
                    actor=request.actor,
                    repository=repository,
                    answers=form.answers(),
                    terms=form.cleaned_data["terms_sha256"],
                )
            except AnswersNeeded as refusal:
                form.take(refusal)
            else:
                if asked.status == asked.Status.ACCEPTED:
                    messages.success(request, _("You have access now."))
                return redirect(repository)
    shown = {
        "repository": repository,
        "section": Kind(kind).plural,
        **context(request, repository, form),
    }
    return render(request, "models_registry/gate.html", shown, status=400 if form is not None else 200)


@login_required
@require_POST
def withdraw(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    try:
        gating.withdraw(actor=request.actor, repository=repository)
    except HubError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Your request for %(name)s is withdrawn.") % {"name": repository.full_name})
    return redirect("settings-gated") if request.POST.get("back") == "settings" else redirect(repository)


@login_required
@require_safe
def mine(request: ActorRequest) -> HttpResponse:
    """All that the member has asked for, and how it stands."""
    page = Paginator(gating.requests_by(request.actor), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "models_registry/my_requests.html", {"page": page})
