"""The content server. `uvicorn models_registry.content.asgi:application`"""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
django.setup()

from models_registry.content.app import application  # noqa: E402 - models are there only after setup

__all__ = ["application"]
