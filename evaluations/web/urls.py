from django.urls import path

from evaluations.web import leaderboards, runs, samples

urlpatterns = [
    path("leaderboards", leaderboards.suites, name="leaderboards"),
    path("leaderboards/<slug:suite>", leaderboards.leaderboard, name="leaderboard"),
    path("evaluations/<uuid:pk>", runs.run, name="run"),
    path("evaluations/<uuid:pk>/samples", samples.samples, name="run-samples"),
    path("evaluations/<uuid:pk>/compare/<uuid:other>", samples.compare, name="runs-compared"),
    path("evaluations/<uuid:pk>/cancel", runs.cancel_run, name="run-cancel"),
    path("<str:namespace>/<str:name>/evaluations", runs.of_repository, name="repository-evaluations"),
    path("<str:namespace>/<str:name>/evaluate", runs.evaluate, name="evaluate"),
]
