"""Suites, runs and their scores for the hub's staff. Actions call services, which write the audit log."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import Actor
from evaluations.models import Run, Score, Suite, SuiteVersion
from evaluations.services import requesting
from hub.errors import HubError


class ReadOnly:
    """What evaluations write is never typed: staff look at it, and act through the actions."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


class ScoreInline(ReadOnly, TabularInline):  # type: ignore[misc]  # the mixin narrows what the base allows
    model = Score
    fields = ["name", "value", "low", "high", "n", "method"]
    extra = 0


@admin.register(Run)
class RunAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["short_id", "repository", "suite_version", "state", "attempt", "requested_by", "created_at", "why"]
    list_filter = ["state", "failure_kind", "hardware_class", "suite_version__suite"]
    search_fields = ["=id", "repository__name", "repository__namespace__name", "requested_by__username"]
    list_select_related = ["repository__namespace", "suite_version__suite", "requested_by"]
    date_hierarchy = "created_at"
    inlines = [ScoreInline]
    actions = ["queue_again", "cancel"]

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return bool(request.user.is_staff)

    @admin.display(description=_("run"))
    def short_id(self, run: Run) -> str:
        return str(run.pk)[:8]

    @admin.display(description=_("failure"))
    def why(self, run: Run) -> str:
        return run.failure_reason[:80]

    @admin.action(description=_("Queue again"), permissions=["view"])
    def queue_again(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        self._each(request, queryset, requesting.queue_again, _("Queued again: %s."))

    @admin.action(description=_("Cancel"), permissions=["view"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Run]) -> None:
        self._each(request, queryset, requesting.cancel, _("Cancelled: %s."))

    def _each(self, request: HttpRequest, runs: QuerySet[Run], act: Callable[..., Run], done: str) -> None:
        actor = Actor(user=request.user)  # type: ignore[arg-type]  # the admin lets nobody anonymous in
        for run in runs.select_related("repository__namespace", "suite_version__suite"):
            try:
                act(actor=actor, run=run)
            except HubError as error:
                self.message_user(request, f"{run}: {error}", messages.ERROR)
            else:
                self.message_user(request, done % run)


class VersionInline(ReadOnly, TabularInline):  # type: ignore[misc]
    model = SuiteVersion
    fields = ["version", "current", "digest", "created_at"]
    extra = 0


@admin.register(Suite)
class SuiteAdmin(ReadOnly, ModelAdmin):  # type: ignore[misc]
    list_display = ["name", "title", "task", "tier"]
    inlines = [VersionInline]
