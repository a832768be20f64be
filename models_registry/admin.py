"""Repositories, for moderators: every act has a reason and goes through a service."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.requests import ActorRequest
from hub.administration import ConfirmForm, ReasonForm, ShowOnly, done, refused
from hub.errors import HubError
from models_registry.models import Repository
from models_registry.services.repositories import hide, restore


@admin.register(Repository)
class RepositoryAdmin(ShowOnly):
    list_display = ["full_name", "kind", "standing", "creator", "licence", "downloads", "updated_at"]
    list_filter = ["kind", "private", "gated"]
    search_fields = ["name", "namespace__name"]
    ordering = ["-updated_at"]
    fields = [
        "namespace", "name", "kind", "creator", "private", "gated", "disabled_reason", "default_branch", "task", "library",
        "licence", "parameter_count", "downloads", "likes", "created_at", "updated_at",
    ]  # fmt: skip
    actions_detail = ["hide_repository", "restore_repository"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Repository]:
        return super().get_queryset(request).select_related("namespace", "creator")

    def view_on_site(self, repository: Repository) -> str:
        return repository.get_absolute_url()

    @display(description="Standing", label={"hidden": "danger", "private": "warning", "public": "success"})
    def standing(self, repository: Repository) -> str:
        return "hidden" if repository.disabled_reason else "private" if repository.private else "public"

    @action(
        description="Hide",
        permissions=["act"],
        variant=ActionVariant.DANGER,
        dialog={
            "title": "Hide this repository",
            "description": "Only its members see that it is there, with your reason. Nobody reads or writes its content.",
            "form_class": ReasonForm,
            "form_submit_text": "Hide",
        },
    )
    def hide_repository(self, request: ActorRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        repository = self._at(object_id)
        try:
            hide(actor=request.actor, repository=repository, reason=form.cleaned_data["reason"])
        except HubError as refusal:
            return refused(request, self._page(object_id), refusal)
        return done(request, self._page(object_id), f"{repository} is hidden.")

    @action(
        description="Restore",
        permissions=["act"],
        dialog={
            "title": "Restore this repository",
            "description": "It is seen, read and written as before.",
            "form_class": ConfirmForm,
            "form_submit_text": "Restore",
        },
    )
    def restore_repository(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        repository = self._at(object_id)
        try:
            restore(actor=request.actor, repository=repository)
        except HubError as refusal:
            return refused(request, self._page(object_id), refusal)
        return done(request, self._page(object_id), f"{repository} is restored.")

    @staticmethod
    def _at(object_id: str) -> Repository:
        return Repository.objects.select_related("namespace").get(pk=object_id)

    @staticmethod
    def _page(object_id: str) -> str:
        return reverse("admin:models_registry_repository_change", args=[object_id])
