"""Addresses of git clients: `/{repository}.git/…`."""

from django.urls import URLPattern, path

from models_registry.git_http import lfs
from models_registry.models import Kind

_PREFIXES = [("", Kind.MODEL), ("datasets/", Kind.DATASET)]

urlpatterns: list[URLPattern] = []
for _prefix, _kind in _PREFIXES:
    urlpatterns += [
        path(f"{_prefix}<str:namespace>/<str:name>.git/info/lfs/objects/batch", lfs.Batch.as_view(), {"kind": _kind}),
        path(f"{_prefix}<str:namespace>/<str:name>.git/info/lfs/verify", lfs.Verify.as_view(), {"kind": _kind}),
        path(
            f"{_prefix}<str:namespace>/<str:name>.git/info/lfs/complete/<str:signed>",
            lfs.CompleteParts.as_view(),
            {"kind": _kind},
        ),
    ]
