"""Suites, runs and their scores for the hub's staff. Acts call services, which write the audit log."""

from collections.abc import Callable
from typing import Any

import yaml
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from unfold.admin import TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.requests import ActorRequest
from evaluations.models import Run, Score, Suite, SuiteProposal, SuiteVersion
from evaluations.services import hosting, previewing, proposing, requesting
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


class _SuitePreview:
    """How a definition is shown to who decides: as YAML, its metrics, its hashes, the first rows."""

    @display(description="Definition")
    def definition_in_words(self, row: Any) -> str:
        text = yaml.safe_dump(row.definition, allow_unicode=True, sort_keys=False, width=110)
        return format_html("<pre>{}</pre>", text)

    @display(description="Metrics")
    def metrics(self, row: Any) -> str:
        return ", ".join(
            f"{metric['name']} ({metric['ci']}{', ranks' if metric['primary'] else ''})"
            for metric in row.definition["metrics"]
        )

    @display(description="SHA-256 of the data")
    def hashes(self, row: Any) -> str:
        (data,) = row.definition["data"]
        return f"inputs {data['sha256']}, labels {data['labels_sha256']}"


@admin.register(SuiteVersion)
class SuiteVersionAdmin(_SuitePreview, ShowOnly):
    list_display = ["__str__", "current", "created_at"]
    list_filter = ["current", "suite__task", "suite__tier"]
    search_fields = ["suite__name"]
    list_select_related = ["suite"]
    ordering = ["-created_at"]
    fields = readonly_fields = [
        "suite", "version", "current", "digest", "metrics", "hashes", "data_repository", "data_revision", "data_path",
        "data_standing", "first_inputs", "definition_in_words", "created_at",
    ]  # fmt: skip

    @display(description="Data")
    def data_standing(self, version: SuiteVersion) -> str:
        if not version.data_revision:
            return "not stored yet: the command sync_suites, or a worker that starts, stores them"
        return "there" if hosting.is_hosted(version) else "gone: runs of this version fail until they are stored again"

    @display(description="First rows")
    def first_inputs(self, version: SuiteVersion) -> str:
        return format_html("<pre>{}</pre>", "\n".join(previewing.first_inputs(version)))


@admin.register(SuiteProposal)
class SuiteProposalAdmin(_SuitePreview, ShowOnly):
    has_publishing_permission = holding("evaluations.publish_suite")

    list_display = ["__str__", "state", "author", "created_at", "decided_by"]
    list_filter = ["state"]
    search_fields = ["repository_name"]
    list_select_related = ["author", "decided_by"]
    ordering = ["-created_at"]
    fields = readonly_fields = [
        "repository_name", "commit", "author", "state", "reason", "validation", "metrics", "digest", "hashes", "first_inputs",
        "first_labels", "definition_in_words", "version", "decided_by", "decided_at", "created_at",
    ]  # fmt: skip
    actions_detail = ["publish", "decline"]

    @display(description="Check")
    def validation(self, proposal: SuiteProposal) -> str:
        """Anew, of the commit as it is to be had now."""
        if proposal.state != SuiteProposal.State.PROPOSED:
            return "decided"
        faults = proposing.faults_now(proposal)
        return format_html_join("", "<p>{}</p>", ((fault,) for fault in faults)) if faults else "It can be published."

    @display(description="First rows")
    def first_inputs(self, proposal: SuiteProposal) -> str:
        return format_html("<pre>{}</pre>", "\n".join(proposal.preview.get("inputs", [])))

    @display(description="Their labels")
    def first_labels(self, proposal: SuiteProposal) -> str:
        return ", ".join(proposal.preview.get("labels", []))

    @action(
        description="Publish",
        permissions=["publishing"],
        dialog={
            "title": "Publish this suite",
            "description": "Everybody sees its inputs and may have models measured on it. Its labels are put apart.",
            "form_class": ConfirmForm,
            "form_submit_text": "Publish",
        },
    )
    def publish(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, proposing.publish, "published")

    @action(
        description="Decline",
        permissions=["publishing"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Decline this suite",
            "description": "Its author reads your reason, and may propose it again.",
            "form_class": ReasonForm,
            "form_submit_text": "Decline",
        },
    )
    def decline(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        return self._decide(request, object_id, proposing.decline, "declined", reason=form.cleaned_data["reason"])

    def _decide(
        self, request: ActorRequest, object_id: str, act: Callable[..., Any], what: str, **arguments: Any
    ) -> HttpResponse:
        page = reverse("admin:evaluations_suiteproposal_change", args=[object_id])
        proposal = SuiteProposal.objects.select_related("repository__namespace", "author").get(pk=object_id)
        try:
            act(actor=request.actor, proposal=proposal, **arguments)
        except HubError as refusal:
            return refused(request, page, refusal)
        return done(request, page, f"{proposal} is {what}.")
