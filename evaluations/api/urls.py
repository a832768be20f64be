from django.urls import path

from evaluations.api import proposals, views

urlpatterns = [
    path("api/evaluations", views.EvaluationsView.as_view()),
    path("api/evaluations/key", views.KeyView.as_view()),
    path("api/evaluations/<uuid:run_id>", views.EvaluationView.as_view()),
    path("api/evaluations/<uuid:run_id>/result", views.ResultView.as_view()),
    path("api/evaluations/<uuid:run_id>/bundle", views.BundleView.as_view()),
    path("api/evaluations/<uuid:run_id>/cancel", views.CancelView.as_view()),
    path("api/suites/schema", proposals.SchemaView.as_view()),
    path("api/suites/proposals", proposals.ProposalsView.as_view()),
    path("api/suites/proposals/<int:number>", proposals.ProposalView.as_view()),
    path("api/suites", views.SuitesView.as_view()),
    path("api/leaderboards/<slug:suite>", views.LeaderboardView.as_view()),
    path("api/leaderboards/<slug:suite>.csv", views.BoardAsCsvView.as_view()),
    path("api/leaderboards/<slug:suite>.parquet", views.BoardAsParquetView.as_view()),
]
