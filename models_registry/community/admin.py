"""Moderation: the queue of reports with all that is known of each, the acts, and appeals.

An act is offered where it fits and to whom it is allowed; the services ask again. Pages of members and repositories get
their acts here, because what is done to them is recorded here.
"""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from accounts.admin import NamespaceAdmin, UserAdmin
from accounts.models import Namespace, User
from accounts.requests import ActorRequest
from hub.administration import done, holding, refused
from hub.errors import HubError
from hub.kept_sentences import in_words
from models_registry.community import moderation_forms as forms
from models_registry.community.administration import (
    ON_COLLECTIONS,
    ON_COMMENTS,
    ON_MEMBERS,
    ON_NAMES,
    ON_PICTURES,
    ON_REPOSITORIES,
    ON_THREADS,
    Acting,
    OnCollections,
    OnComments,
    OnMembers,
    OnNames,
    OnPictures,
    OnRepositories,
    OnThreads,
    each,
)
from models_registry.community.models import (
    Appeal,
    Collection,
    Discussion,
    Event,
    ModerationAction,
    Picture,
    Report,
    ReportState,
    SubjectKind,
)
from models_registry.community.models.moderation import OfSubject
from models_registry.community.services.moderation import acts, appeals, context, reports
from models_registry.models import Repository

# Of all states: django-unfold shows the words of those that stand here. "": no colour.
SEVERITY_COLOURS = {"urgent": "danger", "high": "warning", "normal": "info", "low": ""}
REPORT_COLOURS = {"open": "danger", "in work": "warning", "resolved": "success", "dismissed": ""}
APPEAL_COLOURS = {"open": "danger", "upheld": "", "reversed": "success"}
for model in (User, Namespace):
    admin.site.unregister(model)


@display(description=_("What it is about"), ordering="subject_name")
def subject(row: OfSubject) -> str:
    return row.subject_title


@admin.register(User)
class ModeratedUserAdmin(OnMembers, UserAdmin):
    actions_detail = [*UserAdmin.actions_detail, {"title": _("Moderate"), "items": ON_MEMBERS}]
    actions = ["suspend_each", "ban_each"]

    @admin.action(description=_("Suspend for a week"), permissions=["suspending"])
    def suspend_each(self, request: ActorRequest, users: QuerySet[User]) -> HttpResponse | None:
        until = forms.in_a_week()
        return each(self, request, users, "suspend_each", lambda order, user: acts.suspend(order, user, until=until))

    @admin.action(description=_("Ban, and hide what they made"), permissions=["banning"])
    def ban_each(self, request: ActorRequest, users: QuerySet[User]) -> HttpResponse | None:
        return each(self, request, users, "ban_each", lambda order, user: acts.ban(order, user, with_content=True))


@admin.register(Namespace)
class ModeratedNamespaceAdmin(OnNames, NamespaceAdmin):
    actions_detail = ON_NAMES


@admin.register(Event)
class CommentAdmin(OnComments):
    """Comments, to be found and hidden without a report."""

    list_display = ["created_at", "discussion", "author", "beginning", "is_shown"]
    search_fields = ["text", "author__username"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["discussion", "author", "created_at", "edited_at", "text", "hidden_at", "hidden_by", "hidden_reason"]
    actions_detail = ON_COMMENTS
    actions = ["hide_each"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        rows = super().get_queryset(request).filter(kind=Event.Kind.COMMENT)
        return rows.select_related("discussion__repository__namespace", "author")

    @display(description=_("Text"))
    def beginning(self, comment: Event) -> str:
        return comment.text[:100]

    @display(description=_("Shown"), boolean=True)
    def is_shown(self, comment: Event) -> bool:
        return not comment.is_hidden

    @admin.action(description=_("Hide"), permissions=["hiding_comments"])
    def hide_each(self, request: ActorRequest, comments: QuerySet[Event]) -> HttpResponse | None:
        return each(self, request, comments, "hide_each", acts.hide_comment)


@admin.register(Discussion)
class ThreadAdmin(OnThreads):
    list_display = ["__str__", "title", "author", "status", "is_locked", "comment_count", "updated_at"]
    list_filter = ["status", "is_locked", "is_pull_request"]
    search_fields = ["title", "repository__name", "author__username"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["repository", "number", "title", "author", "status", "is_locked", "is_pinned", "created_at", "updated_at"]
    actions_detail = ON_THREADS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Discussion]:
        return super().get_queryset(request).select_related("repository__namespace", "author")

    def view_on_site(self, thread: Discussion) -> str:
        return thread.get_absolute_url()


@admin.register(Collection)
class CollectionAdmin(OnCollections):
    list_display = ["title", "namespace", "description", "private", "is_shown", "updated_at"]
    list_filter = ["private", ("hidden_reason", admin.EmptyFieldListFilter)]
    search_fields = ["title", "description", "namespace__name"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = ["namespace", "title", "description", "private", "hidden_reason", "upvotes", "created_at", "updated_at"]
    actions_detail = ON_COLLECTIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        return super().get_queryset(request).select_related("namespace")

    def view_on_site(self, collection: Collection) -> str:
        return collection.get_absolute_url()

    @display(description=_("Shown"), boolean=True)
    def is_shown(self, collection: Collection) -> bool:
        return not collection.hidden_reason


class Unsettled(admin.SimpleListFilter):
    """Without a choice: what is still to be done."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        states = [ReportState.OPEN, ReportState.RESOLVED, ReportState.DISMISSED]
        return [("mine", gettext("on my desk")), *((state.value, state.label.lower()) for state in states)]

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield choice | ({"display": gettext("to be done")} if choice["query_string"] in {"", "?"} else {})

    def queryset(self, request: HttpRequest, queryset: QuerySet[Report]) -> QuerySet[Report]:
        if self.value() == "mine":
            return queryset.filter(assigned_to=request.user, state="in work")  # type: ignore[misc]
        if self.value():
            return queryset.filter(state=self.value())
        if "/change/" in request.path or request.GET.get("q"):
            return queryset
        return queryset.filter(state__in=["open", "in work"])


@admin.register(Report)
class ReportAdmin(OnRepositories, OnMembers, OnNames, OnComments, OnThreads, OnCollections, OnPictures):
    """The queue: the gravest first, of equals the oldest. A report's page has all that is known, and the acts."""

    has_handling_permission = holding("community.handle_report")

    list_display = [subject, "what", "urgency", "standing", "complaint_count", "created_at", "assigned_to"]
    list_filter = [Unsettled, "severity", "category", "subject_kind", "opened_by_hub"]
    search_fields = ["subject_name", "author__username", "complaints__text"]
    show_full_result_count = False
    change_form_outer_before_template = "admin/moderation/report.html"
    actions_detail = [
        "take",
        {
            "title": pgettext_lazy("report", "Act"),
            "variant": ActionVariant.PRIMARY,
            "items": [
                *ON_COMMENTS,
                *ON_THREADS,
                *ON_COLLECTIONS,
                *ON_PICTURES,
                *ON_REPOSITORIES,
                *ON_NAMES,
            ],
        },
        {"title": _("The author"), "items": ON_MEMBERS},
        "resolve",
        "dismiss",
        "put_back",
        "next_report",
    ]
    actions = ["dismiss_each"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return []  # the template above the form shows it all

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        return super().get_queryset(request).select_related("assigned_to", "author", "owner", "settled_by").in_order()

    def get_ordering(self, request: HttpRequest) -> list[str]:
        return ["-severity", "created_at", "pk"]

    @display(description=_("Why"), ordering="category")
    def what(self, report: Report) -> str:
        return report.get_category_display()

    @display(description=_("Severity"), ordering="severity", label=SEVERITY_COLOURS)
    def urgency(self, report: Report) -> tuple[str, str]:
        return report.severity_name, report.get_severity_display()

    @display(description=_("State"), ordering="state", label=REPORT_COLOURS)
    def standing(self, report: Report) -> tuple[str, str]:
        return report.state, report.get_state_display().lower()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        report = self._row(request, object_id)
        extra = {"known": context.of(report), "title": str(report)} if report else {}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def _row(self, request: HttpRequest, object_id: Any) -> Report | None:
        """Once for a request, however many acts ask whether they fit."""
        key = f"_report_{object_id}"
        if not hasattr(request, key):
            rows = Report.objects.select_related("author__namespace", "owner", "assigned_to", "settled_by")
            setattr(request, key, rows.filter(pk=object_id).first() if str(object_id).isdigit() else None)
        found: Report | None = getattr(request, key)
        return found

    def report(self, object_id: str) -> Report | None:
        return Report.objects.get(pk=object_id)

    def _subject_id(self, object_id: str, kind: SubjectKind) -> int:
        return Report.objects.get(pk=object_id, subject_kind=kind).subject_id

    def repository_of(self, object_id: str) -> Repository:
        return super().repository_of(str(self._subject_id(object_id, SubjectKind.REPOSITORY)))

    def comment_of(self, object_id: str) -> Event:
        return super().comment_of(str(self._subject_id(object_id, SubjectKind.COMMENT)))

    def thread_of(self, object_id: str) -> Discussion:
        return super().thread_of(str(self._subject_id(object_id, SubjectKind.DISCUSSION)))

    def member_of(self, object_id: str) -> User:
        return User.objects.select_related("namespace").get(pk=Report.objects.get(pk=object_id).author_id or 0)

    def _is_about(self, request: HttpRequest, object_id: Any, kind: SubjectKind) -> bool:
        report = self._row(request, object_id)
        return report is not None and not report.is_settled and report.subject_kind == kind

    def has_repository_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_about(request, object_id, SubjectKind.REPOSITORY)

    def has_comment_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_about(request, object_id, SubjectKind.COMMENT)

    def namespace_of(self, object_id: str) -> Namespace:
        return super().namespace_of(str(self._subject_id(object_id, SubjectKind.NAMESPACE)))

    def has_name_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_about(request, object_id, SubjectKind.NAMESPACE)

    def has_thread_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_about(request, object_id, SubjectKind.DISCUSSION)

    def collection_of(self, object_id: str) -> Collection:
        return super().collection_of(str(self._subject_id(object_id, SubjectKind.COLLECTION)))

    def has_collection_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_about(request, object_id, SubjectKind.COLLECTION)

    def picture_of(self, object_id: str) -> Picture:
        return super().picture_of(str(self._subject_id(object_id, SubjectKind.PICTURE)))

    def has_picture_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self._is_about(request, object_id, SubjectKind.PICTURE)

    def has_member_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        report = self._row(request, object_id)
        return report is not None and not report.is_settled and report.author is not None

    def has_unsettled_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        report = self._row(request, object_id)
        return report is not None and not report.is_settled

    @action(
        description=pgettext_lazy("report", "Take"),
        permissions=["handling", "unsettled"],
        dialog={
            "title": _("Take this report"),
            "description": _("Others see that you work on it."),
            "form_class": forms.Sure,
        },
    )
    def take(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, reports.take, gettext("It is on your desk."))

    @action(
        description=_("Put back"),
        permissions=["handling", "unsettled"],
        dialog={"title": _("Put it back"), "description": _("For others to take."), "form_class": forms.Sure},
    )
    def put_back(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._settle(request, object_id, reports.put_back, gettext("It is on nobody's desk."))

    @action(
        description=_("Resolve"),
        permissions=["handling", "unsettled"],
        dialog={"title": _("It is dealt with"), "form_class": forms.ActForm, "form_submit_text": _("Resolve")},
    )
    def resolve(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return self._settle(request, object_id, reports.resolve, gettext("It is resolved."), reason=reason)

    @action(
        description=pgettext_lazy("report", "Dismiss"),
        permissions=["handling", "unsettled"],
        dialog={
            "title": _("There is nothing to do"),
            "form_class": forms.ActForm,
            "form_submit_text": pgettext_lazy("report", "Dismiss"),
        },
    )
    def dismiss(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        reason = form.cleaned_data["reason"]
        return self._settle(request, object_id, reports.dismiss, gettext("It is dismissed."), reason=reason)

    def _settle(
        self, request: ActorRequest, object_id: str, act: Callable[..., None], said: str, **arguments: Any
    ) -> HttpResponse:
        try:
            act(actor=request.actor, report=Report.objects.get(pk=object_id), **arguments)
        except HubError as refusal:
            return refused(request, self.page(object_id), refusal)
        return done(request, self.page(object_id), said)

    @action(description=pgettext_lazy("report", "Next"), permissions=["view"])
    def next_report(self, request: ActorRequest, object_id: str) -> HttpResponse:
        """The next that nobody works on."""
        waiting = Report.objects.filter(state="open").exclude(pk=object_id).in_order().first()
        if waiting is None:
            messages.success(request, gettext("No report waits."))
            return redirect("admin:community_report_changelist")
        return redirect(self.page(str(waiting.pk)))

    @admin.action(description=pgettext_lazy("report", "Dismiss"), permissions=["handling"])
    def dismiss_each(self, request: ActorRequest, rows: QuerySet[Report]) -> HttpResponse | None:
        dismiss = lambda order, report: reports.dismiss(actor=order.actor, report=report, reason=order.reason)  # noqa: E731
        return each(self, request, rows, "dismiss_each", dismiss)


@admin.register(ModerationAction)
class ModerationActionAdmin(Acting):
    """All that moderators did. Each act can be taken back once, with a reason."""

    has_handling_permission = holding("community.handle_report")

    list_display = ["created_at", "kind", subject, "moderator_name", "beginning", "in_colour"]
    list_filter = ["kind", "subject_kind"]
    search_fields = ["subject_name", "moderator_name", "reason", "author__username"]
    ordering = ["-pk"]
    show_full_result_count = False
    fields = [
        "kind", "subject_kind", subject, "author", "moderator_name", "created_at", "reason", "notice",
        "legal_basis", "until", "report", "reverses", "standing",
    ]  # fmt: skip
    readonly_fields = [subject, "standing"]
    actions_detail = ["undo"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModerationAction]:
        return super().get_queryset(request).select_related("author", "report", "reverses", "reversed_by", "appeal")

    @display(description=_("Reason"))
    def beginning(self, act: ModerationAction) -> str:
        return in_words(act.reason)[:100]

    @display(description=_("Standing"), label={"taken back": "success", "appealed": "warning"})
    def in_colour(self, act: ModerationAction) -> tuple[str, str] | str:
        said = self.standing(act)
        return ("taken back" if hasattr(act, "reversed_by") else "appealed", said) if said else ""

    @display(description=_("Standing"))
    def standing(self, act: ModerationAction) -> str:
        if hasattr(act, "reversed_by"):
            return gettext("taken back")
        return gettext("appealed") if hasattr(act, "appeal") and act.appeal.state == Appeal.State.OPEN else ""

    @action(
        description=_("Take back"),
        permissions=["handling"],
        dialog={"title": _("Take this act back"), "form_class": forms.ActForm, "form_submit_text": _("Take back")},
    )
    def undo(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        act = self.get_queryset(request).get(pk=object_id)
        return self.carry_out(
            request, form, object_id, lambda order: acts.undo(order, act), gettext("It is taken back.")
        )


@admin.register(Appeal)
class AppealAdmin(Acting):
    has_deciding_permission = holding("community.decide_appeal")

    list_display = ["created_at", "action", "user", "standing", "decided_by"]
    list_filter = ["state", "action__kind"]
    search_fields = ["text", "user__username", "action__subject_name"]
    ordering = ["state", "pk"]
    change_form_outer_before_template = "admin/moderation/appeal.html"
    actions_detail = ["uphold", "reverse"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return []  # the template above the form shows it all

    def get_queryset(self, request: HttpRequest) -> QuerySet[Appeal]:
        return super().get_queryset(request).select_related("action", "user", "decided_by")

    @display(description=_("State"), ordering="state", label=APPEAL_COLOURS)
    def standing(self, appeal: Appeal) -> tuple[str, str]:
        return appeal.state, appeal.get_state_display().lower()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        appeal = self.get_queryset(request).filter(pk=object_id or 0).first() if str(object_id).isdigit() else None
        extra: dict[str, Any] = {}
        if appeal is not None:
            extra = {
                "appeal": appeal,
                "known": context.of(appeal.action),
                "title": gettext("Appeal against “%(act)s”") % {"act": appeal.action},
            }
            extra["is_own_act"] = appeal.action.moderator_id == request.user.pk
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **extra})

    def has_open_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return Appeal.objects.filter(pk=object_id, state=Appeal.State.OPEN).exists()

    @action(
        description=_("Uphold the act"),
        permissions=["deciding", "open"],
        dialog={"title": _("The act stays"), "form_class": forms.ActForm, "form_submit_text": _("Uphold")},
    )
    def uphold(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._decide(request, form, object_id, False)

    @action(
        description=_("Take the act back"),
        permissions=["deciding", "open"],
        variant=ActionVariant.PRIMARY,
        dialog={"title": _("The act is taken back"), "form_class": forms.ActForm, "form_submit_text": _("Take back")},
    )
    def reverse(self, request: ActorRequest, form: Any, object_id: str) -> HttpResponse:
        return self._decide(request, form, object_id, True)

    def _decide(self, request: ActorRequest, form: Any, object_id: str, reverse: bool) -> HttpResponse:
        appeal, reason = Appeal.objects.get(pk=object_id), form.cleaned_data["reason"]
        try:
            appeals.decide(actor=request.actor, appeal=appeal, reverse=reverse, reason=reason)
        except HubError as refusal:
            return refused(request, self.page(object_id), refusal)
        return done(request, self.page(object_id), gettext("The appeal is decided."))
