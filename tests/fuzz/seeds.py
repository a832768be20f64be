"""A hub with one of everything, so that made-up requests get past 404: names, ids and tokens that exist."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import Actor, TokenRole
from models_registry.models import Commit, Repository
from models_registry.services import references
from models_registry.services.xet import tokens
from tests import make
from tests.evaluations import competing, rows
from tests.models_registry.xet.sending import caller, send_file, some_xorb, text

CARD = "---\nlicense: mit\npipeline_tag: text-classification\ntags: [green]\n---\n# A card\n"


@dataclass(frozen=True)
class Seeds:
    repositories: list[tuple[str, str, str]]
    """(plural, namespace, name)"""
    tokens: dict[str, str]
    """of the hub, by who bears it"""
    cas_tokens: list[str]
    revisions: list[str]
    paths: list[str]
    words: dict[str, list[Any]]
    """Values that exist, by the name of the parameter or member that takes them."""


def plant() -> Seeds:
    author, stranger, admin = make.user("ada"), make.user("grace"), make.user("root", is_admin=True)
    make.organization("lab", write=author)
    model = make.repository(author, "model")
    make.repository(author, "private", private=True)
    make.repository(author, "gated", gated="manual")
    make.repository(author, "data", kind="dataset")
    make.repository(author, "shared", namespace="lab")
    first = make.commit(model, {"README.md": CARD, "folder/config.json": "{}", "folder/deep/a.txt": "a"})
    newest = make.commit(model, {"folder/deep/a.txt": "b", "notes 100% – 笔记.txt": "b"})
    _references(model, first)
    made = some_xorb(1)
    stored = send_file(caller(model), (made, 0, len(made.chunks)))
    run = rows.keep_digits(rows.scored(model), {3, 70})
    now = timezone.now()
    iris = rows.suite("iris-classification")
    entry = competing.entry(competing.challenge(iris, start=now - timedelta(days=1)), author, now=now)
    submission = competing.submit(entry, model, now=now)
    names = ["ada/model", "ada/private", "ada/gated", "ada/data", "lab/shared"]
    return Seeds(
        repositories=[
            ("models", "ada", "model"),
            ("models", "ada", "private"),
            ("models", "ada", "gated"),
            ("datasets", "ada", "data"),
            ("models", "lab", "shared"),
            ("spaces", "ada", "model"),
        ],
        tokens={
            "author": make.token(author),
            "reader": make.token(author, TokenRole.READ),
            "stranger": make.token(stranger),
            "admin": make.token(admin),
        },
        cas_tokens=[
            tokens.issue_read_token(Actor(user=author), model, "main").value,
            tokens.issue_write_token(Actor(user=author), model, "main").value,
        ],
        revisions=["main", "dev/one", "v1", "v2", newest.oid, first.oid[:8], "refs/heads/main", "refs/pr/1", "HEAD"],
        paths=["README.md", "folder", "folder/deep/a.txt", "notes 100% – 笔记.txt", "nowhere.txt"],
        words={
            "name": ["model", "private", "gated", "data", "shared", "new", *names],
            "organization": ["ada", "lab", "grace", None],
            "repository": [*names, "ada/new"],
            "fromRepo": names,
            "toRepo": [*names, "ada/new", "lab/new", "grace/new"],
            "user": ["ada", "grace", "root", "nobody"],
            "username": ["ada", "grace", "root"],
            "type": ["model", "dataset", "space"],
            "startingPoint": ["main", "dev/one", first.oid, "nowhere"],
            "parentCommit": [newest.oid, first.oid, first.oid[:7]],
            "tag": ["v1", "v3", "a tag"],
            "revision": ["main", "v1", "nowhere"],
            "suite": [rows.suite().suite.name],
            "run_id": [str(run.pk)],
            "challenge": [entry.challenge.slug],
            "submission": [submission.pk, 2**70],
            "other": [str(run.pk)],
            "oid": [stored.sha256, "ab" * 32],
            "path": ["README.md", "folder/deep/a.txt", "new/b.txt", "folder", "a/../b", ".git/config"],
            "paths": [["README.md", "folder"], ["nowhere"]],
            "author": ["ada", "lab"],
            "filter": ["green", "license:mit"],
            "search": ["model", "ada/model"],
            "sort": ["downloads", "likes", "lastModified", "createdAt", "trendingScore"],
            "expand": ["sha", "siblings", "cardData", "tags", "downloads"],
            "cursor": ["README.md", newest.oid],
            "limit": [1, 2, 1000],
            "file_hash": [stored.xet_file.hash],
            "xorb_hash": [text(made.hash)],
            "chunk_hash": [text(made.leaves[0][0])],
            "operation": ["upload", "download"],
        },
    )


def _references(model: Repository, first: Commit) -> None:
    actor = Actor(user=model.creator)
    references.create_branch(actor=actor, repository=model, name="dev/one", start=None)
    references.create_tag(actor=actor, repository=model, name="v1", revision="main", message=None)
    references.create_tag(actor=actor, repository=model, name="v2", revision=first.oid, message="An annotated one.")
