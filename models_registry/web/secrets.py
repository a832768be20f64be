"""Secrets that lie open in files: shown to those who may write the repository, and to nobody else."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.requests import ActorRequest
from hub.errors import Invalid
from models_registry.models import Kind
from models_registry.page_addresses import page_url
from models_registry.services import secrets as finding_secrets
from models_registry.web.addressing import of_address

_MOST = 500


@login_required
@never_cache
@require_safe
def secrets(request: ActorRequest, kind: str, namespace: str, name: str) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    found = list(finding_secrets.findings(request.actor, repository)[:_MOST])
    rows = [
        {
            "finding": finding,
            "url": f"{page_url(repository, 'blob', finding.commit, finding.path)}#L{finding.line}",
            "dismiss": page_url(repository, f"secrets/{finding.pk}/dismiss"),
        }
        for finding in found
    ]
    context = {"repository": repository, "section": Kind(kind).plural, "rows": rows}
    return render(request, "models_registry/secrets.html", context)


@login_required
@require_POST
def dismiss(request: ActorRequest, kind: str, namespace: str, name: str, finding: int) -> HttpResponse:
    repository = of_address(request, kind, namespace, name)
    try:
        finding_secrets.dismiss(
            actor=request.actor, repository=repository, finding=finding, reason=request.POST.get("reason", "")
        )
        messages.success(request, _("It is dismissed."))
    except Invalid as error:
        messages.error(request, str(error))
    return redirect(page_url(repository, "secrets"))
