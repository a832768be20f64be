from django.urls import path

from evaluations.web import leaderboards, queue, repository_settings, runs

urlpatterns = [
    path("leaderboards", leaderboards.suites, name="leaderboards"),
    path("leaderboards/groups/<slug:group>", leaderboards.group, name="leaderboard-group"),
    path("leaderboards/<slug:suite>/editions", leaderboards.editions_of, name="leaderboard-editions"),
    path("leaderboards/<slug:suite>/editions/<str:day>", leaderboards.edition, name="leaderboard-edition"),
    path("leaderboards/<slug:suite>", leaderboards.leaderboard, name="leaderboard"),
    path("evaluations", queue.queue, name="evaluation-queue"),
    path("evaluations/<uuid:pk>", runs.run, name="run"),
    path("evaluations/<uuid:pk>/cancel", runs.cancel_run, name="run-cancel"),
    path("<str:namespace>/<str:name>/evaluations", runs.of_repository, name="repository-evaluations"),
    path(
        "<str:namespace>/<str:name>/settings/evaluations",
        repository_settings.page,
        name="repository-evaluation-settings",
    ),
    path(
        "<str:namespace>/<str:name>/settings/evaluations/automatic",
        repository_settings.automatic_on,
        name="automatic-on",
    ),
    path(
        "<str:namespace>/<str:name>/settings/evaluations/automatic/<slug:suite>/off",
        repository_settings.automatic_off,
        name="automatic-off",
    ),
    path("<str:namespace>/<str:name>/settings/evaluations/tags", repository_settings.add_rule, name="tag-rule-add"),
    path(
        "<str:namespace>/<str:name>/settings/evaluations/tags/<int:rule_id>/remove",
        repository_settings.remove_rule,
        name="tag-rule-remove",
    ),
    path("<str:namespace>/<str:name>/evaluate", runs.evaluate, name="evaluate"),
]
