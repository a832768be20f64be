"""The first page of the administration: what waits for whoever opens it, as far as their role sees it."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, Min

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
        context["job_counts"] = (
            Job.objects.exclude(state=State.DONE)
            .order_by("state")
            .values("state")
            .annotate(count=Count("pk"), oldest=Min("run_after"))
        )
        context["failed_jobs"] = Job.objects.filter(state=State.FAILED).order_by("-pk")[:MOST]
    if actor.may("accounts.view_auditentry"):
        context["entries"] = AuditEntry.objects.all()[:MOST]
    return context


_PAGES = {
    "Moderation": [
        ("Reports", "community", "report", "flag"),
        ("Appeals", "community", "appeal", "balance"),
        ("Acts", "community", "moderationaction", "gavel"),
        ("Comments", "community", "event", "chat"),
        ("Threads", "community", "discussion", "forum"),
        ("Collections", "community", "collection", "collections_bookmark"),
        ("Repositories", "models_registry", "repository", "deployed_code"),
        ("Quarantine", "models_registry", "quarantine", "bug_report"),
    ],
    "People": [
        ("Members", "accounts", "user", "person"),
        ("Organisations", "accounts", "organization", "apartment"),
        ("Names", "accounts", "namespace", "badge"),
        ("Invitations", "accounts", "invitation", "mail"),
        ("Access tokens", "accounts", "accesstoken", "key"),
    ],
    "Evaluations": [
        ("Runs", "evaluations", "run", "play_circle"),
        ("Suites", "evaluations", "suite", "checklist"),
        ("Groups of suites", "evaluations", "suitegroup", "join"),
        ("Editions", "evaluations", "edition", "menu_book"),
        ("Suite versions", "evaluations", "suiteversion", "inventory_2"),
        ("Proposed suites", "evaluations", "suiteproposal", "rate_review"),
    ],
    "Operation": [
        ("Queue", "jobs", "job", "pending_actions"),
        ("Audit log", "accounts", "auditentry", "history"),
    ],
}


def navigation(request: ActorRequest) -> list[dict[str, Any]]:
    """The pages that the role opens, under what they are for; pages that nobody put there come last, by their own names."""
    groups: dict[str, list[dict[str, Any]]] = {title: [] for title in _PAGES}
    place_of = {
        (app, model): (group, title, icon) for group, pages in _PAGES.items() for title, app, model, icon in pages
    }
    order = list(place_of)
    opened = [model for app in admin.site.get_app_list(request) for model in app["models"]]
    keyed = {(model["model"]._meta.app_label, model["model"]._meta.model_name): model for model in opened}  # noqa: SLF001
    for key in sorted(keyed, key=lambda key: order.index(key) if key in place_of else len(order)):
        group, title, icon = place_of.get(key, ("Other", keyed[key]["name"], "circle"))
        groups.setdefault(group, []).append({"title": title, "icon": icon, "link": keyed[key]["admin_url"]})
    return [{"title": title, "items": items} for title, items in groups.items() if items]


def _for_moderators() -> dict[str, Any]:
    unsettled = Report.objects.unsettled()
    counted = {
        row["severity"]: row
        for row in unsettled.order_by().values("severity").annotate(count=Count("pk"), oldest=Min("created_at"))
    }
    return {
        "severities": [
            {"severity": severity, "label": severity.label, **counted.get(severity, {"count": 0, "oldest": None})}
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
