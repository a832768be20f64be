"""What each role of the hub's staff may do: nothing that is not named here. A superuser may do all, and gives roles.

`manage.py migrate` makes the groups so; who wants another cut makes a group of their own.
"""

from typing import Any

from django.utils.translation import gettext_lazy as _

_LOOK_AT_PEOPLE_AND_REPOSITORIES = [
    "accounts.view_user",
    "accounts.view_organization",
    "accounts.view_namespace",
    "models_registry.view_repository",
]

ROLES: dict[str, list[str]] = {
    "moderator": [
        *_LOOK_AT_PEOPLE_AND_REPOSITORIES,
        "accounts.view_auditentry",
        "accounts.warn_user",
        "accounts.suspend_user",
        "accounts.ban_user",
        "accounts.rename_namespace",
        "accounts.verify_organization",
        "models_registry.hide_repository",
        "models_registry.quarantine_repository",
        "models_registry.take_down_repository",
        "models_registry.view_quarantine",
        "models_registry.release_quarantine",
        "community.view_report",
        "community.view_complaint",
        "community.handle_report",
        "community.view_moderationaction",
        "community.view_appeal",
        "community.decide_appeal",
        "community.view_event",
        "community.hide_comment",
        "community.view_discussion",
        "community.lock_discussion",
        "community.view_collection",
        "community.hide_collection",
        "community.hide_picture",
    ],
    "evaluator": [
        "evaluations.view_suite",
        "evaluations.view_suiteversion",
        "evaluations.publish_suite",
        "evaluations.view_groupmember",
        "evaluations.view_suitegroup",
        "evaluations.view_suiteproposal",
        "evaluations.view_run",
        "evaluations.view_score",
        "evaluations.view_worker",
        "evaluations.queue_run",
        "evaluations.cancel_run",
        "evaluations.invalidate_run",
        "evaluations.manage_challenge",
        "evaluations.publish_edition",
        "evaluations.view_challenge",
        "evaluations.view_edition",
        "evaluations.view_entrant",
        "evaluations.view_entry",
        "evaluations.view_phase",
        "evaluations.view_submission",
        "models_registry.view_repository",
    ],
    "operator": [
        *_LOOK_AT_PEOPLE_AND_REPOSITORIES,
        "accounts.view_accesstoken",
        "accounts.revoke_accesstoken",
        "accounts.view_auditentry",
        "accounts.appoint_administrator",
        "accounts.view_invitation",
        "accounts.revoke_invitation",
        "accounts.view_membership",
        "jobs.view_job",
        "jobs.retry_job",
        "evaluations.view_worker",
        "evaluations.manage_worker",
    ],
}

WORDS = {"moderator": _("moderator"), "evaluator": _("evaluator"), "operator": _("operator")}


def set_up(apps: Any, using: str = "default") -> None:
    """Make the groups, each with exactly its permissions. `apps`: the registry, also a migration's."""
    group_model = apps.get_model("auth", "Group")
    permission_model = apps.get_model("auth", "Permission")
    for role, wanted in ROLES.items():
        group, _is_new = group_model.objects.using(using).get_or_create(name=role)
        permissions = []
        for name in wanted:
            app, _, codename = name.partition(".")
            permissions += permission_model.objects.using(using).filter(content_type__app_label=app, codename=codename)
        group.permissions.set(permissions)
