from django.urls import path

from evaluations.web import leaderboards, proposals, runs

urlpatterns = [
    path("leaderboards", leaderboards.suites, name="leaderboards"),
    path("leaderboards/<slug:suite>", leaderboards.leaderboard, name="leaderboard"),
    path("suites/propose", proposals.propose, name="suite-propose"),
    path("suites/proposals/<int:pk>", proposals.proposal, name="suite-proposal"),
    path("evaluations/<uuid:pk>", runs.run, name="run"),
    path("evaluations/<uuid:pk>/cancel", runs.cancel_run, name="run-cancel"),
    path("<str:namespace>/<str:name>/evaluations", runs.of_repository, name="repository-evaluations"),
    path("<str:namespace>/<str:name>/evaluate", runs.evaluate, name="evaluate"),
]
