"""Addresses of git clients: `/{repository}.git/…`, and for git itself also without `.git`."""

from django.urls import URLPattern, path, register_converter

from models_registry.git_http import lfs, locks, views
from models_registry.models import Kind


class GitNameConverter:
    """A repository's name, with `.git` after it or not: no repository's own name ends so."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        return value.removesuffix(".git")

    def to_url(self, value: str) -> str:
        return value


register_converter(GitNameConverter, "git_name")

_PREFIXES = [("", Kind.MODEL), ("datasets/", Kind.DATASET)]

urlpatterns: list[URLPattern] = []
for _prefix, _kind in _PREFIXES:
    urlpatterns += [
        path(f"{_prefix}<str:namespace>/<git_name:name>/info/refs", views.info_refs, {"kind": _kind}),
        path(f"{_prefix}<str:namespace>/<git_name:name>/git-upload-pack", views.upload_pack, {"kind": _kind}),
        path(f"{_prefix}<str:namespace>/<git_name:name>/git-receive-pack", views.receive_pack, {"kind": _kind}),
        path(f"{_prefix}<str:namespace>/<str:name>.git/info/lfs/objects/batch", lfs.Batch.as_view(), {"kind": _kind}),
        path(f"{_prefix}<str:namespace>/<str:name>.git/info/lfs/verify", lfs.Verify.as_view(), {"kind": _kind}),
        path(f"{_prefix}<str:namespace>/<str:name>.git/info/lfs/locks", locks.Locks.as_view(), {"kind": _kind}),
        path(f"{_prefix}<str:namespace>/<str:name>.git/info/lfs/locks/verify", locks.Verify.as_view(), {"kind": _kind}),
        path(
            f"{_prefix}<str:namespace>/<str:name>.git/info/lfs/locks/<int:number>/unlock",
            locks.Unlock.as_view(),
            {"kind": _kind},
        ),
        path(
            f"{_prefix}<str:namespace>/<str:name>.git/info/lfs/complete/<str:signed>",
            lfs.CompleteParts.as_view(),
            {"kind": _kind},
        ),
    ]
