"""Folders, files and commits of a repository at a revision."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.requests import ActorRequest
from hub import content_security
from models_registry import access
from models_registry.formats.pickles import may_hold_pickles
from models_registry.models import Commit, FileScan, Kind, Reference, Repository, VirusScan
from models_registry.page_addresses import page_url, resolve_url
from models_registry.services import antivirus, editing, history, quarantine, references, scanning, stored_how, trees
from models_registry.services.previews import PICTURES
from models_registry.services.random_access import content_id
from models_registry.services.trees import TreeEntry
from models_registry.web import pickles, viewing
from models_registry.web.addressing import of_address
from models_registry.web.viewing import FILMS, SOUNDS

MOST_ENTRIES = 1000  # of a folder, on one page
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".zst", ".7z", ".npz")
CODE = (
    ".py",
    ".js",
    ".ts",
    ".c",
    ".cc",
    ".cpp",
    ".h",
    ".rs",
    ".go",
    ".java",
    ".sh",
    ".json",
    ".yaml",
    ".yml",
    ".toml",
    ".ipynb",
)
TEXTS = (".md", ".txt", ".rst", ".csv", ".tsv", ".jsonl", ".cfg", ".ini", ".gitattributes", ".gitignore", "LICENSE")


@dataclass(frozen=True)
class Row:
    """One line of a folder's table. `commit` is None where its history was lost."""

    entry: TreeEntry
    url: str
    download: str
    icon: str
    commit: Commit | None
    scan: str = ""
    """safe, suspicious, unsafe, error, unscanned; "" for what can hold no pickle."""

    @property
    def stored(self) -> str:
        """How a large file is stored."""
        return "Xet" if self.entry.xet_hash else "LFS" if self.entry.lfs else ""


def _icon(entry: TreeEntry) -> str:
    name = entry.name.lower()
    if entry.is_folder:
        return "folder-fill"
    if name.endswith((*PICTURES, ".svg")):
        return "file-earmark-image"
    if name.endswith(SOUNDS):
        return "file-earmark-music"
    if name.endswith(FILMS):
        return "file-earmark-play"
    if name.endswith(ARCHIVES):
        return "file-earmark-zip"
    if name.endswith(CODE):
        return "file-earmark-code"
    if entry.lfs or not name.endswith(tuple(suffix.lower() for suffix in TEXTS)):
        return "file-earmark-binary"
    return "file-earmark-text"


def frame(
    request: ActorRequest, kind: str, namespace: str, name: str, rest: str, *, switch: str = "tree"
) -> tuple[Repository, Commit, dict[str, Any]]:
    """What the pages of a revision share. switch: the page that choosing another branch leads to.

    Raises RepositoryNotFound, RevisionNotFound, GatedRepository, RepositoryDisabled.
    """
    repository = of_address(request, kind, namespace, name)
    access.require_read(request.actor, repository)
    revision, path = references.split(repository, rest)
    commit = references.resolve(repository, revision)
    parts = path.split("/") if path else []
    crumbs = [
        (part, page_url(repository, "tree", revision, "/".join(parts[: depth + 1]))) for depth, part in enumerate(parts)
    ]
    context = {
        "repository": repository,
        "section": Kind(kind).plural,
        "revision": revision,
        "path": path,
        "commit": commit,
        "crumbs": crumbs,
        "root_url": page_url(repository, "tree", revision),
        "commits_url": page_url(repository, "commits", revision, path),
        "references": _references(repository, revision, switch),
    }
    return repository, commit, context


def _scan(entry: TreeEntry, scan: FileScan | None, virus: VirusScan | None) -> str:
    shows = scan is not None or virus is not None or may_hold_pickles(entry.name)
    return scanning.status_of(entry, scan, virus) if shows and not entry.is_folder else ""


def _references(repository: Repository, revision: str, page: str) -> list[dict[str, Any]]:
    """Branches and tags for the switch, the default branch first."""
    listed = Reference.objects.filter(repository=repository, name__regex=r"^refs/(heads|tags)/").order_by("name")[:200]
    found = [
        {
            "name": reference.short_name,
            "is_tag": reference.name.startswith("refs/tags/"),
            "is_default": reference.name == f"refs/heads/{repository.default_branch}",
            "is_current": reference.short_name == revision,
            "url": page_url(repository, page, reference.short_name),
        }
        for reference in listed
    ]
    return sorted(found, key=lambda entry: (entry["is_tag"], not entry["is_default"]))


@require_safe
def tree(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    repository, commit, context = frame(request, kind, namespace, name, rest)
    path, revision = context["path"], context["revision"]
    entries, more = trees.listing(repository, commit, path, limit=MOST_ENTRIES)
    changes = history.last_changes(repository, commit.oid, [path]).get(path, {})
    commits = {
        found.oid: found for found in Commit.objects.filter(repository=repository, oid__in=set(changes.values()))
    }
    files = [entry for entry in entries if not entry.is_folder]
    scanned, viruses = scanning.scans(files), antivirus.verdicts(content_id(entry) for entry in files)
    rows = [
        Row(
            entry,
            page_url(repository, "tree" if entry.is_folder else "blob", revision, entry.path),
            "" if entry.is_folder else resolve_url(repository, revision, entry.path),
            _icon(entry),
            commits.get(changes.get(entry.name, "")),
            _scan(entry, scanned.get(content_id(entry)), viruses.get(content_id(entry))),
        )
        for entry in sorted(entries, key=lambda entry: (not entry.is_folder, entry.name.lower()))
    ]
    context |= {
        "rows": rows,
        "more": more,
        "file_count": sum(not entry.is_folder for entry in entries),
        "total_size": sum(entry.size for entry in entries),
        "parent_url": page_url(repository, "tree", revision, path.rpartition("/")[0]) if path else "",
    }
    context["may_change"] = _may_change(request, repository, revision)
    return render(request, "models_registry/tree.html", context)


@require_safe
def blob(request: ActorRequest, kind: str, namespace: str, name: str, rest: str) -> HttpResponse:
    repository, commit, context = frame(request, kind, namespace, name, rest)
    entry = trees.file(repository, commit, context["path"])
    scan, virus = scanning.scans([entry]).get(content_id(entry)), antivirus.verdicts([content_id(entry)])
    is_quarantined = quarantine.holds(content_id(entry))
    download = resolve_url(repository, context["revision"], entry.path)
    context |= {
        "entry": entry,
        "row": Row(entry, request.path, download, _icon(entry), None, _scan(entry, scan, virus.get(content_id(entry)))),
        "scan": scan,
        "imports": pickles.by_safety(scan.imports) if scan else [],
        "virus": virus.get(content_id(entry)),
        "is_quarantined": is_quarantined,
        "crumbs": context["crumbs"][:-1],
        "last_commit": _last_commit(repository, commit, entry.path),
        "stored": stored_how.of_file(repository, entry),
    }
    context["may_change"] = _may_change(request, repository, context["revision"])
    if not is_quarantined:
        context |= viewing.of_file(request, repository, context["revision"], entry)
        if context["may_change"] and editing.text_of(repository, entry) is not None:
            context["edit_url"] = page_url(repository, "edit", context["revision"], entry.path)
    response = render(request, "models_registry/blob.html", context)
    if context.get("document_url"):
        content_security.allow_frames_of_its_script(response)
    return response


def _may_change(request: ActorRequest, repository: Repository, revision: str) -> bool:
    """Whether to offer it: members may at least propose, on a branch. The pages behind the buttons ask again."""
    return request.actor.user is not None and editing.branch_of(repository, revision) is not None


def _last_commit(repository: Repository, commit: Commit, path: str) -> Commit | None:
    folder, _, name = path.rpartition("/")
    oid = history.last_changes(repository, commit.oid, [folder]).get(folder, {}).get(name)
    return Commit.objects.filter(repository=repository, oid=oid).first() if oid else None
