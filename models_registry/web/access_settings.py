"""A gated repository as its owners see it: the gate, what it asks, who asks, who is in."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.requests import ActorRequest
from hub.errors import HubError
from hub.wire.csv_files import csv_file
from models_registry import access
from models_registry.formats.gate_form import GateWords, Question
from models_registry.models import AccessRequest, Gate, Repository
from models_registry.page_addresses import page_url
from models_registry.services import gating
from models_registry.services.repositories import change_settings
from models_registry.web.addressing import of_address
from models_registry.web.forms import GateModeForm, GateWordsForm, GrantForm, QuestionFormSet, RejectForm
from models_registry.web.repository_settings import administered, frame

PAGE_SIZE = 50
STATUS_TITLES = {
    AccessRequest.Status.PENDING: gettext_lazy("Waiting"),
    AccessRequest.Status.ACCEPTED: gettext_lazy("Accepted"),
    AccessRequest.Status.REJECTED: gettext_lazy("Declined"),
}


def _written(request: ActorRequest, kind: str, namespace: str, name: str) -> Repository:
    """Who may write it may handle requests. Raises RepositoryNotFound, Forbidden."""
    repository = of_address(request, kind, namespace, name)
    access.require_write(request.actor, repository)
    return repository


@login_required
@require_safe
def requests(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    return _page(request, _written(request, kind, namespace, name))


def _page(request: ActorRequest, repository: Repository, **forms: Any) -> HttpResponse:
    status = request.GET.get("status", AccessRequest.Status.PENDING)
    found = gating.kept_requests(actor=request.actor, repository=repository, status=status).order_by("pk")
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    counted = gating.counts(repository)
    rows = list(page.object_list)
    context = frame(repository, "access") | {
        "may_administer": Repository.objects.filter(pk=repository.pk).administered_by(request.actor).exists(),
        "mode": GateModeForm(initial={"gated": repository.gated}),
        "gate": gating.form_of(repository),
        "status": status,
        "states": [(value, title, counted[value]) for value, title in STATUS_TITLES.items()],
        "page": page,
        "rows": rows,
        "addresses": gating.addresses_of(rows),
        "grant_form": forms.get("grant_form") or GrantForm(),
        "reject_form": RejectForm(),
        "has_requests": any(counted.values()),
    }
    return render(request, "models_registry/access_settings.html", context, status=400 if forms else 200)


@login_required
@require_POST
def mode(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = administered(request, kind, namespace, name)
    form = GateModeForm(request.POST)
    if form.is_valid():
        change_settings(actor=request.actor, repository=repository, gated=Gate(form.cleaned_data["gated"]))
        messages.success(request, _("The gate is changed."))
    return _back(request, repository)


def _back(request: ActorRequest, repository: Repository) -> HttpResponse:
    status = request.GET.get("status", "")
    query = f"?status={status}" if status in AccessRequest.Status.values else ""
    return redirect(page_url(repository, "settings/access") + query)


@login_required
@require_POST
def decide(request: ActorRequest, kind: str, namespace: str, name: str, request_id: int) -> HttpResponse:
    """`status` of the form: accepted, rejected (with `reason`), or pending."""
    repository = _written(request, kind, namespace, name)
    try:
        decided = gating.decide(
            actor=request.actor,
            repository=repository,
            status=request.POST.get("status", ""),
            request_id=str(request_id),
            reason=request.POST.get("reason", "").strip(),
        )
    except HubError as refusal:
        messages.error(request, str(refusal))
    else:
        words = {"user": decided.user.username, "state": STATUS_TITLES[AccessRequest.Status(decided.status)]}
        messages.success(request, _("%(user)s: %(state)s") % words)
    return _back(request, repository)


@login_required
@require_POST
def accept_all(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """Those whose boxes are ticked, or with `all`, everybody who waits."""
    repository = _written(request, kind, namespace, name)
    chosen = [int(value) for value in request.POST.getlist("request") if value.isdecimal() and len(value) < 19]
    try:
        count = gating.accept_all(
            actor=request.actor, repository=repository, ids=None if "all" in request.POST else chosen
        )
    except HubError as refusal:
        messages.error(request, str(refusal))
    else:
        said = ngettext("%(count)d request is accepted.", "%(count)d requests are accepted.", count)
        messages.success(request, said % {"count": count})
    return _back(request, repository)


@login_required
@require_POST
def grant(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = _written(request, kind, namespace, name)
    form = GrantForm(request.POST)
    if form.is_valid():
        try:
            let_in = gating.grant(
                actor=request.actor, repository=repository, username=form.cleaned_data["username"].strip()
            )
        except HubError as refusal:
            form.add_error("username", str(refusal))
        else:
            messages.success(request, _("%(user)s may read it now.") % {"user": let_in.user.username})
            return redirect(page_url(repository, "settings/access") + "?status=accepted")
    return _page(request, repository, grant_form=form)


@login_required
@require_safe
def export(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponseBase:
    """Every request as CSV."""
    repository = _written(request, kind, namespace, name)
    rows = gating.exported(actor=request.actor, repository=repository)
    return csv_file(f"{repository.full_name.replace('/', '-')}-access.csv", rows)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def words(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    """What the gate asks; it stands in the card, so saving is a commit."""
    repository = administered(request, kind, namespace, name)
    asked = gating.form_of(repository)
    initial = {
        "heading": asked.heading, "description": asked.description, "prompt": asked.prompt, "button": asked.button,
        "terms_file": asked.terms_file, "terms": "" if asked.terms_file else asked.terms,
    }  # fmt: skip
    form = GateWordsForm(request.POST or None, initial=initial)
    questions = QuestionFormSet(
        request.POST or None, prefix="q", initial=[_initial(question) for question in gating.questions_of(asked)]
    )
    if request.method == "POST" and form.is_valid() and questions.is_valid():
        kept = {question.label: question for row in questions if (question := row.question())}
        wanted = GateWords(**form.cleaned_data, questions=tuple(kept.values()))
        try:
            gating.change_words(actor=request.actor, repository=repository, words=wanted)
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The card says so now. The gate asks it as soon as the commit is read."))
            return redirect(page_url(repository, "settings/access"))
    context = frame(repository, "access") | {"form": form, "questions": questions, "gate": asked}
    return render(
        request, "models_registry/gate_words.html", context, status=400 if form.errors or any(questions.errors) else 200
    )


def _initial(question: Question) -> dict[str, Any]:
    return question.as_json() | {"options": "\n".join(question.options)}
