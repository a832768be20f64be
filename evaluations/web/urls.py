from django.urls import path

from evaluations.web import leaderboards, queue, runs

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
    path("<str:namespace>/<str:name>/evaluate", runs.evaluate, name="evaluate"),
]
