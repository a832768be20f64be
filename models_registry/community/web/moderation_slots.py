"""What moderation shows on the registry's pages: where to report, and what to do about an act."""

from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from accounts.models import Namespace
from accounts.requests import ActorRequest
from models_registry import panels
from models_registry.community.services.moderation import subjects
from models_registry.models import Repository


def fill() -> None:
    panels.fill("repository-foot", _report_repository)
    panels.fill("namespace-foot", _report_name)
    panels.fill("repository-closed", _appeal)


def _report_repository(request: ActorRequest, repository: Any) -> SafeString:
    assert isinstance(repository, Repository)
    context = {"kind": "repository", "name": subjects.of_repository(repository).name}
    return render_to_string("community/_report_link.html", context, request)


def _report_name(request: ActorRequest, namespace: Any) -> SafeString:
    assert isinstance(namespace, Namespace)
    return render_to_string("community/_report_link.html", {"kind": "name", "name": namespace.name}, request)


def _appeal(request: ActorRequest, repository: Any) -> SafeString:
    return render_to_string("community/_appeal_link.html", {}, request)
