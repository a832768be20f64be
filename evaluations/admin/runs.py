"""Runs and their scores for the hub's staff."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.requests import ActorRequest
from evaluations.admin.inlines import ShowOnlyInline
from evaluations.models import (
    Run,
    Score,
    State,
)
from evaluations.services import requesting
from hub.administration import ConfirmForm, ReasonForm, ShowOnly, done, holding, refused
from hub.errors import HubError


class ScoreInline(ShowOnlyInline):
    model = Score
    fields = ["name", "value", "low", "high", "n", "method"]


@admin.register(Run)
class RunAdmin(ShowOnly):
    has_queueing_permission = holding("evaluations.queue_run")
    has_cancelling_permission = holding("evaluations.cancel_run")
    has_invalidating_permission = holding("evaluations.invalidate_run")

    list_display = ["__str__", "stage", "attempt", "requested_by", "created_at", "finished_at", "failure"]
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
        description=_("State"),
        ordering="state",
        label={
            **dict.fromkeys(State.values, ""),
            "scored": "success",
            "failed": "danger",
            "running": "info",
            "invalidated": "warning",
        },
    )
    def stage(self, run: Run) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description=_("Failure"))
    def failure(self, run: Run) -> str:
        return run.failure_reason[:80]

    @admin.action(description=_("Queue again"), permissions=["queueing"])
    def queue_each_again(self, request: ActorRequest, runs: QuerySet[Run]) -> None:
        self._each(request, runs, requesting.queue_again, gettext("%(run)s is queued again."))

    @admin.action(description=_("Cancel"), permissions=["cancelling"])
    def cancel_each(self, request: ActorRequest, runs: QuerySet[Run]) -> None:
        self._each(request, runs, requesting.cancel, gettext("%(run)s is cancelled."))

    @action(
        description=_("Queue again"),
        permissions=["queueing"],
        dialog={
            "title": _("Queue this evaluation again"),
            "description": _("The same commit on the same suite, as a run of its own; this one stays as it is."),
            "form_class": ConfirmForm,
            "form_submit_text": _("Queue again"),
        },
    )
    def queue_again(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._one(request, object_id, requesting.queue_again, gettext("%(run)s is queued again."))

    @action(
        description=_("Cancel"),
        permissions=["cancelling"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Cancel this evaluation"),
            "description": _("It stops at once, or at its worker's next heartbeat."),
            "form_class": ConfirmForm,
            "form_submit_text": _("Cancel the run"),
        },
    )
    def cancel(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._one(request, object_id, requesting.cancel, gettext("%(run)s is cancelled."))

    @action(
        description=_("Invalidate"),
        permissions=["invalidating"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Take this score off the leaderboards"),
            "description": _("The run stays to be seen, crossed out, with your reason."),
            "form_class": ReasonForm,
            "form_submit_text": _("Invalidate"),
        },
    )
    def invalidate(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        said = gettext("%(run)s is invalidated.")
        return self._one(request, object_id, requesting.invalidate, said, reason=form.cleaned_data["reason"])

    def _one(
        self, request: ActorRequest, object_id: str, act: Callable[..., Any], said: str, **arguments: Any
    ) -> HttpResponse:
        page = reverse("admin:evaluations_run_change", args=[object_id])
        run = self.get_queryset(request).get(pk=object_id)
        try:
            act(actor=request.actor, run=run, **arguments)
        except HubError as refusal:
            return refused(request, page, refusal)
        return done(request, page, said % {"run": run})

    def _each(self, request: ActorRequest, runs: QuerySet[Run], act: Callable[..., Any], said: str) -> None:
        for run in runs:
            try:
                act(actor=request.actor, run=run)
            except HubError as refusal:
                messages.error(request, f"{run}: {refusal}")
            else:
                messages.success(request, said % {"run": run})
