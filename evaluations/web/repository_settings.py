"""What who administers a model may settle about its evaluations: new commits by themselves, and protected tags."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import ActorRequest
from evaluations.services import automatic, tag_rules
from evaluations.services.suites import current_versions
from evaluations.web.forms import AutomaticForm, TagRuleForm
from hub.errors import HubError
from hub.wire import rate_limits
from models_registry import access
from models_registry.models import Kind, Repository
from models_registry.page_addresses import page_url


def _administered(request: ActorRequest, namespace: str, name: str) -> Repository:
    """Raises RepositoryNotFound, Forbidden."""
    repository = access.repository_for(request.actor, Kind.MODEL, f"{namespace}/{name}")
    access.require_administration(request.actor, repository)
    return repository


@login_required
@require_safe
def page(request: ActorRequest, namespace: str, name: str) -> HttpResponse:
    return _page(request, _administered(request, namespace, name))


def _page(request: ActorRequest, repository: Repository, **forms: Any) -> HttpResponse:
    rows = list(automatic.of_repository(request.actor, repository))
    versions = list(current_versions())
    on = {row.suite_id for row in rows}
    others = [version for version in versions if version.suite_id not in on]
    context = {
        "repository": repository,
        "section": "models",
        "settings_page": "evaluations",
        "automatic": rows,
        "switch_on": forms.get("switch_on") or (AutomaticForm(versions=others) if others else None),
        "rules": list(tag_rules.rules_of(request.actor, repository)),
        "new_rule": forms.get("new_rule") or TagRuleForm(versions=versions),
    }
    return render(request, "evaluations/repository_settings.html", context, status=400 if forms else 200)


def _back(repository: Repository) -> HttpResponse:
    return redirect(page_url(repository, "settings/evaluations"))


@rate_limits.under(writes="evaluation")
@login_required
@require_POST
def automatic_on(request: ActorRequest, namespace: str, name: str) -> HttpResponse:
    repository = _administered(request, namespace, name)
    form = AutomaticForm(request.POST, versions=current_versions())
    if form.is_valid():
        hardware = form.cleaned_data["hardware"] or "cpu"
        try:
            automatic.switch_on(
                actor=request.actor, repository=repository, suite=form.cleaned_data["suite"], hardware_class=hardware
            )
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("New commits are evaluated from now on, out of your quota."))
            return _back(repository)
    return _page(request, repository, switch_on=form)


@login_required
@require_POST
def automatic_off(request: ActorRequest, namespace: str, name: str, suite: str) -> HttpResponse:
    repository = _administered(request, namespace, name)
    try:
        automatic.switch_off(actor=request.actor, repository=repository, suite=suite)
    except HubError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("New commits are not evaluated on it any more."))
    return _back(repository)


@login_required
@require_POST
def add_rule(request: ActorRequest, namespace: str, name: str) -> HttpResponse:
    repository = _administered(request, namespace, name)
    form = TagRuleForm(request.POST, versions=current_versions())
    if form.is_valid():
        try:
            tag_rules.add(actor=request.actor, repository=repository, **form.asked())
        except HubError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("These tags are protected now."))
            return _back(repository)
    return _page(request, repository, new_rule=form)


@login_required
@require_POST
def remove_rule(request: ActorRequest, namespace: str, name: str, rule_id: int) -> HttpResponse:
    repository = _administered(request, namespace, name)
    try:
        tag_rules.remove(actor=request.actor, repository=repository, rule_id=rule_id)
    except HubError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The rule is removed."))
    return _back(repository)
