"""The hub's settings for a process that serves the CAS alone: its addresses, and nothing of sessions, cookies or pages."""

from hub.settings import *  # noqa: F403

ROOT_URLCONF = "models_registry.cas_api.urls"
MIDDLEWARE = ["hub.wire.request_id.RequestIdMiddleware"]
