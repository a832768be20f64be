"""Pages of the community. They come before the registry's, which answer at `/{namespace}/{name}`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
