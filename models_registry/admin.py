"""Repositories, to look at and to moderate; and the queue of work on them, for operators."""

from collections.abc import Callable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from accounts.models import AuditEntry
from accounts.requests import ActorRequest
from hub.administration import ConfirmForm, ReasonForm, ShowOnly, done, holding
from hub.jobs.models import Job, State
from models_registry.community.administration import ON_REPOSITORIES, OnRepositories, each
from models_registry.community.services.moderation import acts
from models_registry.models import Quarantine, Repository, Standing
from models_registry.services import quarantine

_COLOURS = {
    "hidden": "danger",
    "taken down": "danger",
    "quarantined": "danger",
    "private": "warning",
    "public": "success",
}


@admin.register(Repository)
class RepositoryAdmin(OnRepositories):
    list_display = ["called", "kind", "standing", "creator", "licence", "downloads", "updated_at"]
    list_filter = ["kind", "private", "gated", ("disabled_reason", admin.EmptyFieldListFilter)]
    search_fields = ["name", "namespace__name"]
    ordering = ["-updated_at"]
    actions_detail = [{"title": _("Moderate"), "items": ON_REPOSITORIES}]
    actions = ["hide_each"]
    fields = [
        "namespace", "name", "kind", "creator", "private", "gated", "disabled_reason", "disabled_as", "disabled_at",
        "public_notice", "legal_basis", "default_branch", "task", "library",
        "licence", "parameter_count", "downloads", "likes", "created_at", "updated_at",
    ]  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Repository]:
        return super().get_queryset(request).select_related("namespace", "creator")

    @display(description=_("Name"))
    def called(self, repository: Repository) -> str:
        return repository.full_name

    def view_on_site(self, repository: Repository) -> str:
        return repository.get_absolute_url()

    @display(description=_("Standing"), label=_COLOURS)
    def standing(self, repository: Repository) -> tuple[str, str]:
        if repository.disabled_reason:
            return repository.standing.value, str(repository.standing.label)
        return ("private", gettext("Private")) if repository.private else ("public", gettext("Public"))

    @admin.action(description=_("Hide"), permissions=["hiding"])
    def hide_each(self, request: ActorRequest, repositories: QuerySet[Repository]) -> HttpResponse | None:
        hide = lambda order, repository: acts.close_repository(order, repository, standing=Standing.HIDDEN)  # noqa: E731
        return each(self, request, repositories, "hide_each", hide)


@admin.register(Quarantine)
class QuarantineAdmin(ShowOnly):
    """Content that nobody gets. It is found by scanners; maintainers say whether they are right."""

    has_releasing_permission = holding("models_registry.release_quarantine")

    list_display = ["content", "path", "repository", "reason", "standing", "created_at"]
    search_fields = ["content", "twin", "path", "reason"]
    ordering = ["-pk"]
    fields = ["content", "twin", "path", "repository", "reason", "created_at", "confirmed_at", "released_at"]
    actions_detail = ["confirm_quarantine", "release_quarantine"]

    @display(description=_("State"), label={"released": "success", "confirmed": "danger", "waits": "warning"})
    def standing(self, row: Quarantine) -> tuple[str, str]:
        if row.released_at:
            return "released", gettext("released")
        return ("confirmed", gettext("confirmed")) if row.confirmed_at else ("waits", gettext("waits"))

    @action(
        description=_("Confirm"),
        permissions=["releasing"],
        dialog={
            "title": _("It is malware"),
            "description": _("It stays in quarantine, and goes back there if it was released."),
            "form_class": ReasonForm,
        },
    )
    def confirm_quarantine(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        return self._decide(request, form, object_id, quarantine.confirm, gettext("It stays in quarantine."))

    @action(
        description=_("Release"),
        permissions=["releasing"],
        dialog={
            "title": _("It is no malware"),
            "description": _("Everybody who could have it can again, and the same finding stops it no more."),
            "form_class": ReasonForm,
        },
    )
    def release_quarantine(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        return self._decide(request, form, object_id, quarantine.release, gettext("It is released."))

    def _decide(
        self, request: ActorRequest, form: ReasonForm, object_id: str, act: Callable[..., None], said: str
    ) -> HttpResponse:
        row = Quarantine.objects.get(pk=object_id)
        act(actor=request.actor, quarantine=row, reason=form.cleaned_data["reason"])
        return done(request, reverse("admin:models_registry_quarantine_change", args=[object_id]), said)


@admin.register(Job)
class JobAdmin(ShowOnly):
    has_retrying_permission = holding("jobs.retry_job")

    list_display = ["kind", "key", "standing", "attempt", "run_after", "leased_until", "error"]
    list_filter = ["state", "kind"]
    search_fields = ["kind", "key", "last_error"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["kind", "key", "state", "requested", "attempt", "created_at", "run_after", "leased_until", "last_error"]
    actions_detail = ["retry"]
    actions = ["retry_each"]

    @display(
        description=_("State"),
        ordering="state",
        label={"failed": "danger", "running": "info", "queued": "warning", "done": "success"},
    )
    def standing(self, job: Job) -> tuple[str, str]:
        return job.state, job.get_state_display()

    @display(description=_("Error"))
    def error(self, job: Job) -> str:
        return job.last_error[:100]

    @action(
        description=_("Run again"),
        permissions=["retrying"],
        dialog={
            "title": _("Run this job again"),
            "description": _("At once; attempts count anew."),
            "form_class": ConfirmForm,
        },
    )
    def retry(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        job = Job.objects.get(pk=object_id)
        _run_again(request, job)
        said = gettext("%(job)s is queued.") % {"job": job}
        return done(request, reverse("admin:jobs_job_change", args=[object_id]), said)

    @admin.action(description=_("Run again those that failed"), permissions=["retrying"])
    def retry_each(self, request: ActorRequest, jobs: QuerySet[Job]) -> None:
        for job in jobs.filter(state=State.FAILED):
            _run_again(request, job)


def _run_again(request: ActorRequest, job: Job) -> None:
    AuditEntry.objects.record(request.actor, "job.retried", str(job))
    Job.objects.add(job.kind, job.key)
