from django.urls import path

from evaluations.api import challenges, views

urlpatterns = [
    path("api/evaluations", views.EvaluationsView.as_view()),
    path("api/evaluations/key", views.KeyView.as_view()),
    path("api/evaluations/<uuid:run_id>", views.EvaluationView.as_view()),
    path("api/evaluations/<uuid:run_id>/result", views.ResultView.as_view()),
    path("api/evaluations/<uuid:run_id>/bundle", views.BundleView.as_view()),
    path("api/evaluations/<uuid:run_id>/cancel", views.CancelView.as_view()),
    path("api/suites", views.SuitesView.as_view()),
    path("api/leaderboards/<slug:suite>", views.LeaderboardView.as_view()),
    path("api/leaderboards/<slug:suite>.csv", views.BoardAsCsvView.as_view()),
    path("api/leaderboards/<slug:suite>.parquet", views.BoardAsParquetView.as_view()),
    path("api/challenges", challenges.ChallengesView.as_view()),
    path("api/challenges/<slug:challenge>", challenges.ChallengeView.as_view()),
    path("api/challenges/<slug:challenge>/board", challenges.BoardView.as_view()),
    path("api/challenges/<slug:challenge>/entry", challenges.EntryView.as_view()),
    path("api/challenges/<slug:challenge>/invitations", challenges.InvitationsView.as_view()),
    path("api/challenges/<slug:challenge>/invitations/<int:invitation>", challenges.InvitationView.as_view()),
    path("api/challenges/<slug:challenge>/invitations/<int:invitation>/accept", challenges.AcceptView.as_view()),
    path("api/challenges/<slug:challenge>/invitations/<int:invitation>/decline", challenges.DeclineView.as_view()),
    path("api/challenges/<slug:challenge>/submissions", challenges.SubmissionsView.as_view()),
    path("api/challenges/<slug:challenge>/submissions/<int:submission>/withdraw", challenges.WithdrawView.as_view()),
    path("api/challenges/<slug:challenge>/submissions/<int:submission>/select", challenges.SelectView.as_view()),
]
