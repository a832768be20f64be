"""Addresses of a repository's pages and bytes, for links; `web/urls.py` and the other doors answer at them."""

from collections.abc import Callable, Iterable
from urllib.parse import quote

from django.http import HttpResponseBase
from django.urls import URLPattern, path

from models_registry.models import Kind, Repository

Page = tuple[str, Callable[..., HttpResponseBase], str]
"""What follows a repository's address, the view, and the last part of its name."""


def patterns(pages: Iterable[Page]) -> list[URLPattern]:
    """Addresses of such pages, for every kind of repository; models come last, because nothing stands before theirs."""
    listed = list(pages)
    return [
        path(
            f"{kind.page_prefix}<str:namespace>/<str:name>{suffix}",
            view,
            {"kind": kind.value},
            name=f"{kind.value}-{name}",
        )
        for kind in (Kind.DATASET, Kind.MODEL)
        for suffix, view, name in listed
    ]


def page_url(repository: Repository, page: str, revision: str = "", path: str = "") -> str:
    """`page_url(repository, "tree", "main", "onnx")` → /ann/net/tree/main/onnx"""
    parts = [repository.get_absolute_url(), page, quote(revision), quote(path)]
    return "/".join(part for part in parts if part)


def resolve_url(repository: Repository, revision: str, path: str) -> str:
    """Where a file's bytes are fetched; a revision with slashes is one segment there."""
    return f"{repository.get_absolute_url()}/resolve/{quote(revision, safe='')}/{quote(path)}"
