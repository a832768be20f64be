"""The hub's settings for a process that serves the CAS alone: its addresses; nothing of sessions, cookies or pages."""

from hub.settings import *  # noqa: F403

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "hub.jobs.apps.AskingConfig",
    "accounts",
    "models_registry",
]
MIDDLEWARE = ["hub.wire.request_id.RequestIdMiddleware"]
ROOT_URLCONF = "models_registry.cas_api.urls"
