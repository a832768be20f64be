"""Suites, their versions, groups and editions for the hub's staff."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from unfold.decorators import action

from accounts.requests import ActorRequest
from evaluations.admin.inlines import ShowOnlyInline
from evaluations.models import Edition, GroupMember, Suite, SuiteGroup, SuiteVersion
from evaluations.services import editions
from evaluations.services.suites import current_version
from hub.administration import ConfirmForm, ShowOnly, done, holding, refused
from hub.errors import HubError


class VersionInline(ShowOnlyInline):
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


class GroupMemberInline(ShowOnlyInline):
    model = GroupMember
    fields = readonly_fields = ["suite", "place"]


@admin.register(SuiteGroup)
class SuiteGroupAdmin(ShowOnly):
    list_display = ["name", "title", "model_count", "complete_count", "ranked_at"]
    fields = ["name", "title", "summary", "model_count", "complete_count", "ranked_at"]
    inlines = [GroupMemberInline]

    def view_on_site(self, group: SuiteGroup) -> str:
        return group.get_absolute_url()
