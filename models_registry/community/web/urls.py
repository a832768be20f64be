"""Pages of the community. They come before the registry's, which answer at `/{namespace}/{name}`."""

from django.urls import path

from models_registry.community.web import moderation

urlpatterns = [
    path("report", moderation.report, name="report"),
    path("report/thanks", moderation.thanks, name="report-thanks"),
    path("settings/moderation", moderation.about_me, name="settings-moderation"),
    path("settings/moderation/read", moderation.warning_read, name="warning-read"),
    path("settings/moderation/<int:pk>/appeal", moderation.appeal, name="appeal"),
    path("appeal/<str:signed>", moderation.appeal_by_link, name="appeal-by-link"),
]
