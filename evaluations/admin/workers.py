"""Workers for the hub's operators: who is here, and pause, resume and drain."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.requests import ActorRequest
from evaluations.models import Mode, Worker
from evaluations.services import listing, workers
from hub import clock
from hub.administration import ConfirmForm, ShowOnly, done, holding, refused
from hub.errors import HubError

_TOLD = {
    Mode.PAUSED: _("%(worker)s is told: paused."),
    Mode.ACTIVE: _("%(worker)s is told: active."),
    Mode.DRAINING: _("%(worker)s is told: draining."),
}


@admin.register(Worker)
class WorkerAdmin(ShowOnly):
    has_managing_permission = holding("evaluations.manage_worker")

    list_display = ["name", "presence", "wanted", "classes", "computer", "at_work", "seen_at"]
    list_filter = ["mode"]
    search_fields = ["name"]
    fields = [
        "name",
        "mode",
        "classes",
        "computer",
        "memory",
        "walls",
        "hardware",
        "started_at",
        "seen_at",
        "stopped_at",
    ]
    actions = ["pause_each", "resume_each", "drain_each"]
    actions_detail = ["pause", "resume", "drain"]

    @display(description=_("Presence"), label={"here": "success", "stopped": "info", "lost": "danger"})
    def presence(self, worker: Worker) -> tuple[str, str]:
        if worker.is_present(clock.now()):
            return "here", gettext("here")
        return ("stopped", gettext("stopped")) if worker.stopped_at else ("lost", gettext("lost"))

    @display(
        description=_("Mode"), ordering="mode", label={"active": "success", "paused": "warning", "draining": "info"}
    )
    def wanted(self, worker: Worker) -> tuple[str, str]:
        return worker.mode, worker.get_mode_display()

    @display(description=_("Machine"))
    def computer(self, worker: Worker) -> str:
        return worker.machine

    @display(description=_("Protections in force"))
    def walls(self, worker: Worker) -> str:
        return " ".join(worker.protections.get("sentences", []))

    @display(description=_("At work on"))
    def at_work(self, worker: Worker) -> str:
        return self._at_work.get(worker.name, "")

    def get_queryset(self, request: ActorRequest) -> QuerySet[Worker]:
        self._at_work = {run.worker: str(run) for run in listing.at_work()}
        return super().get_queryset(request)

    @admin.action(description=_("Pause"), permissions=["managing"])
    def pause_each(self, request: ActorRequest, chosen: QuerySet[Worker]) -> None:
        self._each(request, chosen, Mode.PAUSED)

    @admin.action(description=_("Resume"), permissions=["managing"])
    def resume_each(self, request: ActorRequest, chosen: QuerySet[Worker]) -> None:
        self._each(request, chosen, Mode.ACTIVE)

    @admin.action(description=_("Drain"), permissions=["managing"])
    def drain_each(self, request: ActorRequest, chosen: QuerySet[Worker]) -> None:
        self._each(request, chosen, Mode.DRAINING)

    @action(
        description=_("Pause"),
        permissions=["managing"],
        dialog={
            "title": _("Pause this worker"),
            "description": _(
                "What it has at hand goes on; it takes nothing new until it is resumed, also after a new start."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Pause"),
        },
    )
    def pause(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._one(request, object_id, Mode.PAUSED)

    @action(
        description=_("Resume"),
        permissions=["managing"],
        dialog={
            "title": _("Resume this worker"),
            "description": _("It takes runs again."),
            "form_class": ConfirmForm,
            "form_submit_text": _("Resume"),
        },
    )
    def resume(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._one(request, object_id, Mode.ACTIVE)

    @action(
        description=_("Drain"),
        permissions=["managing"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Drain this worker"),
            "description": _("It takes nothing new, brings to an end what it has, and then its process ends."),
            "form_class": ConfirmForm,
            "form_submit_text": _("Drain"),
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
        return done(request, page, _TOLD[mode] % {"worker": worker})

    def _each(self, request: ActorRequest, chosen: QuerySet[Worker], mode: Mode) -> None:
        for worker in chosen:
            workers.set_mode(actor=request.actor, worker=worker, mode=mode)
            messages.success(request, _TOLD[mode] % {"worker": worker})
