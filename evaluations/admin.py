"""Suites, runs and their scores for the hub's staff. Acts call services, which write the audit log."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.requests import ActorRequest
from evaluations.models import Edition, GroupMember, Mode, Run, Score, Suite, SuiteGroup, SuiteVersion, Worker
from evaluations.services import editions, listing, requesting, workers
from evaluations.services.suites import current_version
from hub import clock
from hub.administration import ConfirmForm, ReasonForm, ShowOnly, done, holding, refused
from hub.errors import HubError


class _ShowOnlyInline(TabularInline):
    extra = 0

    def has_add_permission(self, request: ActorRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: ActorRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: ActorRequest, obj: Any = None) -> bool:
        return False


class ScoreInline(_ShowOnlyInline):
    model = Score
    fields = ["name", "value", "low", "high", "n", "method"]


@admin.register(Run)
class RunAdmin(ShowOnly):
    has_queueing_permission = holding("evaluations.queue_run")
    has_cancelling_permission = holding("evaluations.cancel_run")
    has_invalidating_permission = holding("evaluations.invalidate_run")

    list_display = ["__str__", "standing", "attempt", "requested_by", "created_at", "finished_at", "failure"]
    list_filter = ["state", "failure_kind", "hardware_class", "suite_version__suite"]
    search_fields = ["=id", "repository__name", "repository__namespace__name", "requested_by__username"]
    ordering = ["-created_at"]
    fields = [
        "id", "repository", "commit", "suite_version", "hardware_class", "requested_by", "rerun_of", "state", "attempt",
        "worker", "leased_until", "cancel_requested", "created_at", "started_at", "finished_at", "failure_kind",
        "failure_code", "failure_reason", "log_tail", "invalidated_reason", "format", "path", "architecture",
        "parameters", "machine",
    ]  # fmt: skip
    inlines = [ScoreInline]
    actions = ["queue_each_again", "cancel_each"]
    actions_detail = ["queue_again", "cancel", "invalidate"]

    def get_queryset(self, request: ActorRequest) -> QuerySet[Run]:
        return (
            super()
            .get_queryset(request)
            .select_related("repository__namespace", "suite_version__suite", "requested_by")
        )

    def view_on_site(self, run: Run) -> str:
        return run.get_absolute_url()

    @display(
        description="State",
        ordering="state",
        label={"scored": "success", "failed": "danger", "running": "info", "invalidated": "warning"},
    )
    def standing(self, run: Run) -> str:
        return run.state

    @display(description="Failure")
    def failure(self, run: Run) -> str:
        return run.failure_reason[:80]

    @admin.action(description="Queue again", permissions=["queueing"])
    def queue_each_again(self, request: ActorRequest, runs: QuerySet[Run]) -> None:
        self._each(request, runs, requesting.queue_again, "queued again")

    @admin.action(description="Cancel", permissions=["cancelling"])
    def cancel_each(self, request: ActorRequest, runs: QuerySet[Run]) -> None:
        self._each(request, runs, requesting.cancel, "cancelled")

    @action(
        description="Queue again",
        permissions=["queueing"],
        dialog={
            "title": "Queue this evaluation again",
            "description": "The same commit on the same suite, as a run of its own; this one stays as it is.",
            "form_class": ConfirmForm,
            "form_submit_text": "Queue again",
        },
    )
    def queue_again(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._one(request, object_id, requesting.queue_again, "queued again")

    @action(
        description="Cancel",
        permissions=["cancelling"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Cancel this evaluation",
            "description": "It stops at once, or at its worker's next heartbeat.",
            "form_class": ConfirmForm,
            "form_submit_text": "Cancel the run",
        },
    )
    def cancel(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._one(request, object_id, requesting.cancel, "cancelled")

    @action(
        description="Invalidate",
        permissions=["invalidating"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Take this score off the leaderboards",
            "description": "The run stays to be seen, crossed out, with your reason.",
            "form_class": ReasonForm,
            "form_submit_text": "Invalidate",
        },
    )
    def invalidate(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return self._one(request, object_id, requesting.invalidate, "invalidated", reason=reason)

    def _one(
        self, request: ActorRequest, object_id: str, act: Callable[..., Any], what: str, **arguments: Any
    ) -> HttpResponse:
        page = reverse("admin:evaluations_run_change", args=[object_id])
        run = self.get_queryset(request).get(pk=object_id)
        try:
            act(actor=request.actor, run=run, **arguments)
        except HubError as refusal:
            return refused(request, page, refusal)
        return done(request, page, f"{run} is {what}.")

    def _each(self, request: ActorRequest, runs: QuerySet[Run], act: Callable[..., Any], what: str) -> None:
        for run in runs:
            try:
                act(actor=request.actor, run=run)
            except HubError as refusal:
                messages.error(request, f"{run}: {refusal}")
            else:
                messages.success(request, f"{run} is {what}.")


class VersionInline(_ShowOnlyInline):
    model = SuiteVersion
    fields = readonly_fields = ["version", "current", "digest", "created_at"]


@admin.register(Suite)
class SuiteAdmin(ShowOnly):
    list_display = ["name", "title", "task", "tier"]
    fields = ["name", "title", "summary", "task", "tier"]
    inlines = [VersionInline]

    has_publishing_permission = holding("evaluations.publish_edition")
    actions_detail = ["publish_edition"]

    def view_on_site(self, suite: Suite) -> str:
        return suite.get_absolute_url()

    @action(
        description="Publish an edition",
        permissions=["publishing"],
        dialog={
            "title": "Publish this leaderboard as it stands",
            "description": "As the edition of today: signed, to be cited, and never changed.",
            "form_class": ConfirmForm,
            "form_submit_text": "Publish",
        },
    )
    def publish_edition(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        suite = self.get_queryset(request).get(pk=object_id)
        page = reverse("admin:evaluations_suite_change", args=[object_id])
        try:
            published = editions.publish(actor=request.actor, version=current_version(suite.name))
        except HubError as refusal:
            return refused(request, page, refusal)
        return done(request, page, f"{published} is published.")


@admin.register(Edition)
class EditionAdmin(ShowOnly):
    list_display = ["__str__", "suite_version", "model_count", "published_by", "created_at"]
    list_filter = ["suite"]
    fields = [
        "suite",
        "suite_version",
        "day",
        "model_count",
        "sha256",
        "key",
        "public_key",
        "published_by",
        "created_at",
    ]

    def get_queryset(self, request: ActorRequest) -> QuerySet[Edition]:
        return super().get_queryset(request).select_related("suite", "suite_version__suite", "published_by")

    def view_on_site(self, edition: Edition) -> str:
        return edition.get_absolute_url()


class GroupMemberInline(_ShowOnlyInline):
    model = GroupMember
    fields = readonly_fields = ["suite", "place"]


@admin.register(SuiteGroup)
class SuiteGroupAdmin(ShowOnly):
    list_display = ["name", "title", "model_count", "complete_count", "ranked_at"]
    fields = ["name", "title", "summary", "model_count", "complete_count", "ranked_at"]
    inlines = [GroupMemberInline]

    def view_on_site(self, group: SuiteGroup) -> str:
        return group.get_absolute_url()


@admin.register(Worker)
class WorkerAdmin(ShowOnly):
    has_managing_permission = holding("evaluations.manage_worker")

    list_display = ["name", "presence", "wanted", "classes", "machine", "at_work", "seen_at"]
    list_filter = ["mode"]
    search_fields = ["name"]
    fields = [
        "name",
        "mode",
        "classes",
        "machine",
        "memory",
        "walls",
        "hardware",
        "started_at",
        "seen_at",
        "stopped_at",
    ]
    actions = ["pause_each", "resume_each", "drain_each"]
    actions_detail = ["pause", "resume", "drain"]

    @display(description="Presence", label={"here": "success", "stopped": "info", "lost": "danger"})
    def presence(self, worker: Worker) -> str:
        if worker.is_present(clock.now()):
            return "here"
        return "stopped" if worker.stopped_at else "lost"

    @display(description="Mode", ordering="mode", label={"active": "success", "paused": "warning", "draining": "info"})
    def wanted(self, worker: Worker) -> str:
        return worker.mode

    @display(description="Protections in force")
    def walls(self, worker: Worker) -> str:
        return " ".join(worker.protections.get("sentences", []))

    @display(description="At work on")
    def at_work(self, worker: Worker) -> str:
        return self._at_work.get(worker.name, "")

    def get_queryset(self, request: ActorRequest) -> QuerySet[Worker]:
        self._at_work = {run.worker: str(run) for run in listing.at_work()}
        return super().get_queryset(request)

    @admin.action(description="Pause", permissions=["managing"])
    def pause_each(self, request: ActorRequest, chosen: QuerySet[Worker]) -> None:
        self._each(request, chosen, Mode.PAUSED)

    @admin.action(description="Resume", permissions=["managing"])
    def resume_each(self, request: ActorRequest, chosen: QuerySet[Worker]) -> None:
        self._each(request, chosen, Mode.ACTIVE)

    @admin.action(description="Drain", permissions=["managing"])
    def drain_each(self, request: ActorRequest, chosen: QuerySet[Worker]) -> None:
        self._each(request, chosen, Mode.DRAINING)

    @action(
        description="Pause",
        permissions=["managing"],
        dialog={
            "title": "Pause this worker",
            "description": "What it has at hand goes on; it takes nothing new until it is resumed, also after a new start.",
            "form_class": ConfirmForm,
            "form_submit_text": "Pause",
        },
    )
    def pause(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._one(request, object_id, Mode.PAUSED)

    @action(
        description="Resume",
        permissions=["managing"],
        dialog={
            "title": "Resume this worker",
            "description": "It takes runs again.",
            "form_class": ConfirmForm,
            "form_submit_text": "Resume",
        },
    )
    def resume(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._one(request, object_id, Mode.ACTIVE)

    @action(
        description="Drain",
        permissions=["managing"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Drain this worker",
            "description": "It takes nothing new, brings to an end what it has, and then its process ends.",
            "form_class": ConfirmForm,
            "form_submit_text": "Drain",
        },
    )
    def drain(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._one(request, object_id, Mode.DRAINING)

    def _one(self, request: ActorRequest, object_id: str, mode: Mode) -> HttpResponse:
        page = reverse("admin:evaluations_worker_change", args=[object_id])
        worker = Worker.objects.get(pk=object_id)
        try:
            workers.set_mode(actor=request.actor, worker=worker, mode=mode)
        except HubError as refusal:
            return refused(request, page, refusal)
        return done(request, page, f"{worker} is told: {mode}.")

    def _each(self, request: ActorRequest, chosen: QuerySet[Worker], mode: Mode) -> None:
        for worker in chosen:
            workers.set_mode(actor=request.actor, worker=worker, mode=mode)
            messages.success(request, f"{worker} is told: {mode}.")
