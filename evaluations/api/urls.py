from django.urls import path

from evaluations.api import automatic, views

urlpatterns = [
    path("api/evaluations", views.EvaluationsView.as_view()),
    path("api/evaluations/key", views.KeyView.as_view()),
    path("api/evaluations/<uuid:run_id>", views.EvaluationView.as_view()),
    path("api/evaluations/<uuid:run_id>/result", views.ResultView.as_view()),
    path("api/evaluations/<uuid:run_id>/bundle", views.BundleView.as_view()),
    path("api/evaluations/<uuid:run_id>/cancel", views.CancelView.as_view()),
    path("api/evaluations/automatic/<str:namespace>/<str:name>", automatic.AutomaticView.as_view()),
    path("api/evaluations/automatic/<str:namespace>/<str:name>/<slug:suite>", automatic.AutomaticSuiteView.as_view()),
    path("api/evaluations/tag-rules/<str:namespace>/<str:name>", automatic.TagRulesView.as_view()),
    path("api/evaluations/tag-rules/<str:namespace>/<str:name>/<int:rule_id>", automatic.TagRuleView.as_view()),
    path("api/suites", views.SuitesView.as_view()),
    path("api/leaderboards/groups", views.GroupsView.as_view()),
    path("api/leaderboards/groups/<slug:group>", views.GroupView.as_view()),
    path("api/leaderboards/groups/<slug:group>.csv", views.GroupAsCsvView.as_view()),
    path("api/leaderboards/<slug:suite>", views.LeaderboardView.as_view()),
    path("api/leaderboards/<slug:suite>/editions", views.EditionsView.as_view()),
    path("api/leaderboards/<slug:suite>/editions/<str:day>", views.EditionView.as_view()),
    path("api/leaderboards/<slug:suite>/editions/<str:day>/document", views.EditionDocumentView.as_view()),
    path("api/leaderboards/<slug:suite>/editions/<str:day>/table.csv", views.EditionAsCsvView.as_view()),
    path("api/leaderboards/<slug:suite>.csv", views.BoardAsCsvView.as_view()),
    path("api/leaderboards/<slug:suite>.parquet", views.BoardAsParquetView.as_view()),
]
