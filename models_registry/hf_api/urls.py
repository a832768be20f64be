"""The REST API that huggingface_hub speaks, at the addresses where it expects it."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
