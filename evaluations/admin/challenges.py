"""Challenges for the hub's evaluators."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.models import Actor
from accounts.requests import ActorRequest
from evaluations.admin.inlines import ShowOnlyInline
from evaluations.models import (
    Challenge,
    Entrant,
    Entry,
    Phase,
    Submission,
)
from evaluations.services import challenges
from hub.administration import ConfirmForm, ReasonForm, ShowOnly, done, holding, refused
from hub.errors import HubError, Invalid


class PhaseInline(TabularInline):
    """Set while it is a draft; later, a phase is extended by an act."""

    model = Phase
    fields = ["name", "starts_at", "ends_at", "counts"]
    extra = 0
    has_view_permission = holding("evaluations.manage_challenge")

    def has_add_permission(self, request: ActorRequest, obj: Challenge | None = None) -> bool:
        return request.actor.may("evaluations.manage_challenge") and (obj is None or obj.published_at is None)

    def has_change_permission(self, request: ActorRequest, obj: Challenge | None = None) -> bool:
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: ActorRequest, obj: Challenge | None = None) -> bool:
        return self.has_add_permission(request, obj)


class _PhaseChoice(forms.ModelChoiceField):
    def label_from_instance(self, phase: Any) -> str:
        return gettext("%(challenge)s: %(phase)s, until %(end)s UTC") % {
            "challenge": phase.challenge,
            "phase": phase.name,
            "end": f"{phase.ends_at:%Y-%m-%d %H:%M}",
        }


class ExtendForm(BaseDialogForm):
    phase = _PhaseChoice(
        label=_("Phase"),
        queryset=Phase.objects.filter(challenge__results_at=None).select_related("challenge"),
        widget=UnfoldAdminSelectWidget,
    )
    until = forms.DateTimeField(
        label=_("Until"), help_text=_("UTC, such as 2027-03-01 12:00."), widget=UnfoldAdminTextInputWidget
    )


@admin.register(Challenge)
class ChallengeAdmin(ModelAdmin):
    """Whoever may manage challenges makes and describes them here; its acts publish, extend and end them."""

    has_managing_permission = holding("evaluations.manage_challenge")
    has_view_permission = has_change_permission = has_managing_permission

    list_display = ["title", "suite_version", "standing", "starts_at", "ends_at"]
    list_select_related = ["suite_version__suite"]
    search_fields = ["slug", "title"]
    fields = [
        "slug", "title", "summary", "rules", "prizes", "suite_version", "organizer", "per_day", "in_total", "most_members",
        "public_percent", "board_is_public", "final_by", "starts_at", "ends_at", "published_at", "results_at",
    ]  # fmt: skip
    shown = ["starts_at", "ends_at", "published_at", "results_at"]
    described = ["title", "summary", "rules", "prizes"]
    inlines = [PhaseInline]
    actions_detail = ["publish_challenge", "extend_phase", "end_challenge"]

    def has_module_permission(self, request: ActorRequest) -> bool:
        return request.actor.may("evaluations.manage_challenge")

    def has_add_permission(self, request: ActorRequest) -> bool:
        return request.actor.may("evaluations.manage_challenge")

    def has_delete_permission(self, request: ActorRequest, obj: Challenge | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: ActorRequest, obj: Challenge | None = None) -> list[str]:
        """Once it is published, what entrants rely on stays as it is: its words alone can be made clearer."""
        if obj is None or obj.published_at is None:
            return self.shown
        return [name for name in self.fields if name not in self.described]

    def save_related(self, request: ActorRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        challenges.saved(actor=request.actor, challenge=form.instance)

    def view_on_site(self, challenge: Challenge) -> str:
        return challenge.get_absolute_url()

    @display(
        description=_("State"),
        label={"draft": "", "open": "success", "upcoming": "info", "closed": "warning", "published": "success"},
    )
    def standing(self, challenge: Challenge) -> tuple[str, str]:
        state = challenge.state_at(timezone.now())
        return state.value, str(state.label)

    @action(
        description=_("Publish"),
        permissions=["managing"],
        dialog={
            "title": _("Publish this challenge"),
            "description": _(
                "Everybody sees it. Until its results, its suite and all others with the same labels measure "
                "submissions alone. Scores that are known already stay known: take labels on which nothing was measured."
            ),
            "form_class": ConfirmForm,
            "form_submit_text": _("Publish"),
        },
    )
    def publish_challenge(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        return self._act(request, object_id, challenges.publish, gettext("%(challenge)s is published."))

    @action(
        description=_("Extend a phase"),
        permissions=["managing"],
        dialog={
            "title": _("Extend a phase"),
            "description": _("Of this challenge, to a later end."),
            "form_class": ExtendForm,
            "form_submit_text": _("Extend"),
        },
    )
    def extend_phase(self, request: ActorRequest, form: ExtendForm, object_id: str) -> HttpResponse:
        phase = form.cleaned_data["phase"]

        def extend(*, actor: Actor, challenge: Challenge) -> None:
            if phase.challenge_id != challenge.pk:
                raise Invalid(gettext("That phase belongs to another challenge."))
            challenges.extend(actor=actor, phase=phase, until=form.cleaned_data["until"])

        return self._act(request, object_id, extend, gettext("%(challenge)s is extended."))

    @action(
        description=_("End early"),
        permissions=["managing"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("End this challenge now"),
            "description": _(
                "It takes no more submissions. Its results are published when the last runs are measured."
            ),
            "form_class": ReasonForm,
            "form_submit_text": _("End it"),
        },
    )
    def end_challenge(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        said = gettext("%(challenge)s has ended.")
        return self._act(request, object_id, challenges.end_early, said, reason=form.cleaned_data["reason"])

    def _act(
        self, request: ActorRequest, object_id: str, act: Callable[..., Any], said: str, **arguments: Any
    ) -> HttpResponse:
        page = reverse("admin:evaluations_challenge_change", args=[object_id])
        challenge = self.get_queryset(request).get(pk=object_id)
        try:
            act(actor=request.actor, challenge=challenge, **arguments)
        except HubError as refusal:
            return refused(request, page, refusal)
        return done(request, page, said % {"challenge": challenge})


class EntrantInline(ShowOnlyInline):
    model = Entrant
    fields = readonly_fields = ["user", "state", "created_at"]


class SubmissionInline(ShowOnlyInline):
    model = Submission
    fields = readonly_fields = [
        "created_at",
        "repository_name",
        "commit",
        "submitted_by",
        "public_value",
        "withdrawn_at",
    ]


@admin.register(Entry)
class EntryAdmin(ShowOnly):
    has_managing_permission = holding("evaluations.manage_challenge")

    list_display = ["name", "challenge", "created_at", "disqualified_at"]
    list_filter = ["challenge"]
    list_select_related = ["challenge"]
    search_fields = ["name", "entrants__user__username"]
    fields = ["challenge", "name", "created_at", "disqualified_at", "disqualified_reason"]
    inlines = [EntrantInline, SubmissionInline]
    actions_detail = ["disqualify_entry"]

    @action(
        description=_("Disqualify"),
        permissions=["managing"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": _("Disqualify this entry"),
            "description": _("It leaves the boards, and everybody reads your reason on the challenge's page."),
            "form_class": ReasonForm,
            "form_submit_text": _("Disqualify"),
        },
    )
    def disqualify_entry(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        page = reverse("admin:evaluations_entry_change", args=[object_id])
        entry = self.get_queryset(request).get(pk=object_id)
        try:
            challenges.disqualify(actor=request.actor, entry=entry, reason=form.cleaned_data["reason"])
        except HubError as refusal:
            return refused(request, page, refusal)
        return done(request, page, gettext("%(entry)s is disqualified.") % {"entry": entry})
