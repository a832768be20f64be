"""Pages of the community. They come before the registry's, which answer at `/{namespace}/{name}`."""

from django.urls import path

from models_registry.community.web import webhooks

urlpatterns = [
    path("settings/webhooks", webhooks.webhooks, name="settings-webhooks"),
    path("settings/webhooks/new", webhooks.new, name="settings-webhooks-new"),
    path("settings/webhooks/<int:pk>", webhooks.webhook, name="settings-webhooks-one"),
    path("settings/webhooks/<int:pk>/<str:what>", webhooks.act, name="settings-webhooks-act"),
    path(
        "settings/webhooks/<int:pk>/deliveries/<uuid:delivery>",
        webhooks.delivery,
        name="settings-webhooks-delivery",
    ),
    path(
        "settings/webhooks/<int:pk>/deliveries/<uuid:delivery>/again",
        webhooks.send_again,
        name="settings-webhooks-again",
    ),
]
