from django.urls import path

from evaluations.api import views

urlpatterns = [
    path("api/evaluations", views.EvaluationsView.as_view()),
    path("api/evaluations/key", views.KeyView.as_view()),
    path("api/evaluations/<uuid:run_id>", views.EvaluationView.as_view()),
    path("api/evaluations/<uuid:run_id>/result", views.ResultView.as_view()),
    path("api/evaluations/<uuid:run_id>/bundle", views.BundleView.as_view()),
    path("api/evaluations/<uuid:run_id>/samples", views.SamplesView.as_view()),
    path("api/evaluations/<uuid:run_id>/compare/<uuid:other>", views.ComparisonView.as_view()),
    path("api/evaluations/<uuid:run_id>/cancel", views.CancelView.as_view()),
    path("api/suites", views.SuitesView.as_view()),
    path("api/leaderboards/<slug:suite>", views.LeaderboardView.as_view()),
    path("api/leaderboards/<slug:suite>/progress", views.ProgressView.as_view()),
    path("api/leaderboards/<slug:suite>/self-reported", views.SelfReportedView.as_view()),
    path("api/leaderboards/<slug:suite>.csv", views.BoardAsCsvView.as_view()),
    path("api/leaderboards/<slug:suite>.parquet", views.BoardAsParquetView.as_view()),
]
