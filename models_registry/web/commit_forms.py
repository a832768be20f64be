"""What every page that changes files asks first and shares: a branch, who may change it, and how that is given back."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.requests import ActorRequest
from hub.errors import Forbidden, Invalid
from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.page_addresses import page_url
from models_registry.services import editing
from models_registry.web.files import frame


@dataclass(frozen=True)
class CommitForm:
    """A branch at some commit, and how the sender wants to give back what changes there; `context` is for the template."""

    request: ActorRequest
    repository: Repository
    branch: Reference
    commit: Commit
    revision: str
    path: str
    context: dict[str, Any]

    @classmethod
    def of(cls, request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> "CommitForm":
        """Raises Unauthenticated, Forbidden, Invalid if the address names no branch, and as `frame`."""
        repository, commit, context = frame(request, kind, namespace, name, rest)
        request.actor.require_writer()
        revision, path = context["revision"], context["path"]
        branch = editing.branch_of(repository, revision)
        if branch is None:
            raise Invalid(_("%(revision)s is no branch: files are changed on a branch alone.") % {"revision": revision})
        ways = editing.ways(request.actor, repository, branch)
        if not ways.may_commit and not ways.may_propose:
            raise Forbidden(
                _("You may not change %(repository)s with this account.") % {"repository": repository.full_name}
            )
        sent = request.POST
        context |= {
            "branch": branch,
            "ways": ways,
            "parent": sent.get("parent") or commit.oid,
            "title": sent.get("title", ""),
            "body": sent.get("body", ""),
            "as_proposal": sent.get("how") == "propose" or not ways.may_commit,
        }
        return cls(request, repository, branch, commit, revision, path, context)

    @property
    def parent(self) -> str:
        """The commit at which it was opened: who changes the same file meanwhile is not overwritten unseen."""
        parent: str = self.context["parent"]
        return parent

    @property
    def is_sent(self) -> bool:
        return self.request.method == "POST" and self.request.POST.get("act") != "preview"

    def said(self, otherwise: str) -> dict[str, Any]:
        """What every act of `services.editing` asks for. otherwise: the title, where none was typed."""
        return {
            "actor": self.request.actor, "repository": self.repository, "branch": self.branch,
            "title": self.context["title"].strip() or otherwise, "body": self.context["body"],
            "as_proposal": self.context["as_proposal"],
        }  # fmt: skip

    def done(self, made: Commit | PullRequest, page: str, path: str) -> HttpResponse:
        if isinstance(made, PullRequest):
            return redirect(made)
        messages.success(
            self.request, _("Committed to %(branch)s: %(title)s") % {"branch": self.revision, "title": made.title}
        )
        return redirect(page_url(self.repository, page, self.revision, path))

    def page(self, template: str, status: int = 200, **more: Any) -> HttpResponse:
        return render(self.request, f"models_registry/{template}", self.context | more, status=status)
