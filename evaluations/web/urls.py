from django.urls import path

from evaluations.web import challenges, leaderboards, proposals, queue, repository_settings, runs, samples

urlpatterns = [
    path("leaderboards", leaderboards.suites, name="leaderboards"),
    path("leaderboards/groups/<slug:group>", leaderboards.group, name="leaderboard-group"),
    path("leaderboards/groups/<slug:group>/editions", leaderboards.editions_of_group, name="group-editions"),
    path("leaderboards/groups/<slug:group>/editions/<str:day>", leaderboards.edition, name="group-edition"),
    path("leaderboards/<slug:suite>/editions", leaderboards.editions_of, name="leaderboard-editions"),
    path("leaderboards/<slug:suite>/editions/<str:day>", leaderboards.edition, name="leaderboard-edition"),
    path("leaderboards/<slug:suite>", leaderboards.leaderboard, name="leaderboard"),
    path("evaluations", queue.queue, name="evaluation-queue"),
    path("challenges", challenges.challenges, name="challenges"),
    path("challenges/<slug:slug>", challenges.challenge, name="challenge"),
    path("challenges/<slug:slug>/entry", challenges.entry, name="challenge-entry"),
    path("challenges/<slug:slug>/enter", challenges.enter, name="challenge-enter"),
    path("challenges/<slug:slug>/leave", challenges.leave, name="challenge-leave"),
    path("challenges/<slug:slug>/invite", challenges.invite, name="challenge-invite"),
    path("challenges/<slug:slug>/invitations/<int:pk>", challenges.answer, name="challenge-answer"),
    path("challenges/<slug:slug>/invitations/<int:pk>/take-back", challenges.take_back, name="challenge-take-back"),
    path("challenges/<slug:slug>/submissions/<int:pk>/withdraw", challenges.withdraw, name="challenge-withdraw"),
    path("challenges/<slug:slug>/submissions/<int:pk>/select", challenges.select, name="challenge-select"),
    path("suites/propose", proposals.propose, name="suite-propose"),
    path("suites/proposals/<int:pk>", proposals.proposal, name="suite-proposal"),
    path("evaluations/<uuid:pk>", runs.run, name="run"),
    path("evaluations/<uuid:pk>/samples", samples.samples, name="run-samples"),
    path("evaluations/<uuid:pk>/compare/<uuid:other>", samples.compare, name="runs-compared"),
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
