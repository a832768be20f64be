"""The first page of the administration: what waits for whoever opens it, as far as their role sees it."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Min
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import AuditEntry
from accounts.requests import ActorRequest
from evaluations.models import Run
from hub.jobs.models import Job, State
from models_registry.community.models import Appeal, ModerationAction, Report, Severity
from models_registry.models import Repository, Standing

MOST = 10


def fill(request: ActorRequest, context: dict[str, Any]) -> dict[str, Any]:
    """DASHBOARD_CALLBACK of django-unfold. The number of queries is the same however much waits."""
    actor = request.actor
    if actor.may("community.view_report"):
        context |= _for_moderators()
    if actor.may("evaluations.view_run"):
        failed = Run.objects.filter(state="failed").select_related("repository__namespace", "suite_version__suite")
        context["failed_runs"] = failed.order_by("-created_at")[:MOST]
    if actor.may("jobs.view_job"):
        counted = Job.objects.exclude(state=State.DONE).order_by("state").values("state")
        context["job_counts"] = [
            {**row, "label": State(row["state"]).label}
            for row in counted.annotate(count=Count("pk"), oldest=Min("run_after"))
        ]
        context["failed_jobs"] = Job.objects.filter(state=State.FAILED).order_by("-pk")[:MOST]
    if actor.may("accounts.view_auditentry"):
        context["entries"] = AuditEntry.objects.all()[:MOST]
    return context


_PAGES = [
    (
        _("Moderation"),
        [
            (_("Reports"), "community", "report", "flag"),
            (_("Appeals"), "community", "appeal", "balance"),
            (_("Acts"), "community", "moderationaction", "gavel"),
            (_("Comments"), "community", "event", "chat"),
            (_("Threads"), "community", "discussion", "forum"),
            (_("Collections"), "community", "collection", "collections_bookmark"),
            (_("Repositories"), "models_registry", "repository", "deployed_code"),
            (_("Quarantine"), "models_registry", "quarantine", "bug_report"),
        ],
    ),
    (
        pgettext_lazy("part of the administration", "People"),
        [
            (_("Members"), "accounts", "user", "person"),
            (_("Organisations"), "accounts", "organization", "apartment"),
            (_("Names"), "accounts", "namespace", "badge"),
            (_("Invitations"), "accounts", "invitation", "mail"),
            (_("Access tokens"), "accounts", "accesstoken", "key"),
        ],
    ),
    (
        _("Evaluations"),
        [
            (_("Runs"), "evaluations", "run", "play_circle"),
            (_("Suites"), "evaluations", "suite", "checklist"),
            (_("Groups of suites"), "evaluations", "suitegroup", "join"),
            (_("Editions"), "evaluations", "edition", "menu_book"),
            (_("Suite versions"), "evaluations", "suiteversion", "inventory_2"),
            (_("Proposed suites"), "evaluations", "suiteproposal", "rate_review"),
            (_("Challenges"), "evaluations", "challenge", "emoji_events"),
            (_("Entries"), "evaluations", "entry", "groups"),
        ],
    ),
    (
        _("Operation"),
        [
            (_("Queue"), "jobs", "job", "pending_actions"),
            (_("Workers"), "evaluations", "worker", "memory"),
            (_("Audit log"), "accounts", "auditentry", "history"),
        ],
    ),
]


def navigation(request: ActorRequest) -> list[dict[str, Any]]:
    """The pages that the role opens, under what they are for; pages that nobody put there come last, by their own names."""
    opened = {
        (model["model"]._meta.app_label, model["model"]._meta.model_name): model  # noqa: SLF001
        for app in admin.site.get_app_list(request)
        for model in app["models"]
    }
    groups = []
    for group, pages in _PAGES:
        shown = [(title, icon, opened.pop((app, model))) for title, app, model, icon in pages if (app, model) in opened]
        groups.append((group, shown))
    groups.append((_("Other"), [(model["name"], "circle", model) for model in opened.values()]))
    return [
        {
            "title": group,
            "items": [{"title": title, "icon": icon, "link": model["admin_url"]} for title, icon, model in shown],
        }
        for group, shown in groups
        if shown
    ]


def _for_moderators() -> dict[str, Any]:
    unsettled = Report.objects.unsettled()
    counted = {
        row["severity"]: row
        for row in unsettled.order_by().values("severity").annotate(count=Count("pk"), oldest=Min("created_at"))
    }
    return {
        "severities": [
            {**counted.get(severity, {"count": 0, "oldest": None}), "severity": severity}
            for severity in sorted(Severity, reverse=True)
        ],
        "reports": unsettled.select_related("assigned_to").in_order()[:MOST],
        "appeals": Appeal.objects.filter(state=Appeal.State.OPEN)
        .select_related("action", "user")
        .order_by("pk")[:MOST],
        "quarantined": Repository.objects.filter(disabled_as=Standing.QUARANTINED)
        .exclude(disabled_reason="")
        .for_cards()
        .order_by("-disabled_at")[:MOST],
        "newest_acts": ModerationAction.objects.order_by("-pk")[:MOST],
    }
