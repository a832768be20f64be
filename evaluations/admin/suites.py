"""Suites, their versions, groups and editions for the hub's staff."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
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


class WithEditions(ShowOnly):
    """Of what has a board: publishes it as it stands."""

    has_publishing_permission = holding("evaluations.publish_edition")
    actions_detail = ["publish_edition"]

    def board_of(self, shown: Any) -> SuiteVersion | SuiteGroup:
        raise NotImplementedError

    @action(
        description=_("Publish an edition"),
        permissions=["publishing"],
        dialog={
            "title": _("Publish this leaderboard as it stands"),
            "description": _("As the edition of today: signed, to be cited, and never changed."),
            "form_class": ConfirmForm,
            "form_submit_text": _("Publish"),
        },
    )
    def publish_edition(self, request: ActorRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        shown = self.get_queryset(request).get(pk=object_id)
        page = reverse(f"admin:evaluations_{self.opts.model_name}_change", args=[object_id])
        try:
            published = editions.publish(actor=request.actor, board=self.board_of(shown))
        except HubError as refusal:
            return refused(request, page, refusal)
        return done(request, page, gettext("%(edition)s is published.") % {"edition": published})


@admin.register(Suite)
class SuiteAdmin(WithEditions):
    list_display = ["name", "title", "task", "tier"]
    fields = ["name", "title", "summary", "task", "tier"]
    inlines = [VersionInline]

    def board_of(self, shown: Suite) -> SuiteVersion:
        return current_version(shown.name)

    def view_on_site(self, suite: Suite) -> str:
        return suite.get_absolute_url()


@admin.register(Edition)
class EditionAdmin(ShowOnly):
    list_display = ["__str__", "suite_version", "model_count", "published_by", "created_at"]
    list_filter = ["suite", "group"]
    fields = [
        "suite",
        "suite_version",
        "group",
        "day",
        "model_count",
        "sha256",
        "key",
        "public_key",
        "published_by",
        "created_at",
    ]

    def get_queryset(self, request: ActorRequest) -> QuerySet[Edition]:
        return super().get_queryset(request).select_related("suite", "suite_version__suite", "group", "published_by")

    def view_on_site(self, edition: Edition) -> str:
        return edition.get_absolute_url()


class GroupMemberInline(ShowOnlyInline):
    model = GroupMember
    fields = readonly_fields = ["suite", "place"]


@admin.register(SuiteGroup)
class SuiteGroupAdmin(WithEditions):
    list_display = ["name", "title", "model_count", "complete_count", "ranked_at"]
    fields = ["name", "title", "summary", "model_count", "complete_count", "ranked_at"]
    inlines = [GroupMemberInline]

    def board_of(self, shown: SuiteGroup) -> SuiteGroup:
        return shown

    def view_on_site(self, group: SuiteGroup) -> str:
        return group.get_absolute_url()
