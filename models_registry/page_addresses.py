"""Addresses of a repository's pages and bytes, for links; `web/urls.py` and the other doors answer at them."""

from urllib.parse import quote

from models_registry.models import Repository


def page_url(repository: Repository, page: str, revision: str = "", path: str = "") -> str:
    """`page_url(repository, "tree", "main", "onnx")` → /ann/net/tree/main/onnx"""
    parts = [repository.get_absolute_url(), page, quote(revision), quote(path)]
    return "/".join(part for part in parts if part)


def resolve_url(repository: Repository, revision: str, path: str) -> str:
    """Where a file's bytes are fetched; a revision with slashes is one segment there."""
    return f"{repository.get_absolute_url()}/resolve/{quote(revision, safe='')}/{quote(path)}"
