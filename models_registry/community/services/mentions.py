"""Whom and what a comment names: members, other threads, pictures. Read from the parsed Markdown, so never from code."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from markdown_it import MarkdownIt

from accounts.models import Actor, User
from hub.jobs.models import Job
from models_registry.community import access
from models_registry.community.events import mentioned
from models_registry.community.models import Discussion, Event, Picture, Subscription

MOST_TOLD = 20  # members that one comment tells; further names are text
MOST_REFERENCES = 20  # threads in which one comment, or commit, leaves a note
_MOST_LOOKED_UP = 200
KIND_OF_JOB = "note_references"

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9]|[-_.](?=[A-Za-z0-9])){0,41}"
# ASCII words: Chinese text has no spaces around a name.
_MEMBER = re.compile(rf"(?<![\w@/.#&=-])@({_NAME})(?![\w@/])", re.ASCII)
_THREAD = re.compile(
    rf"(?<![\w@/.#&=-])(?:(?P<plural>datasets|models)/)?"
    rf"(?:(?P<namespace>{_NAME})/(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]{{0,95}}))?#(?P<number>[1-9][0-9]{{0,8}})(?!\w)",
    re.ASCII,
)
_PICTURE = re.compile(r"/uploads/([A-Za-z0-9_-]{43})(?![A-Za-z0-9_-])")


@dataclass(frozen=True)
class ThreadName:
    """As written: `#12`, `ann/net#12`, `datasets/ann/digits#12`. Without a namespace: of the same repository."""

    number: int
    namespace: str = ""
    name: str = ""
    kind: str = "model"


@dataclass
class Named:
    members: list[str] = field(default_factory=list)  # in lower case
    threads: list[ThreadName] = field(default_factory=list)


def read(text: str) -> Named:
    """What a Markdown text names, each once, in order; code, links and raw HTML name nothing."""
    members: dict[str, None] = {}
    threads: dict[ThreadName, None] = {}
    for piece in _plain_pieces(text):
        members |= dict.fromkeys(match[1].lower() for match in _MEMBER.finditer(piece))
        threads |= dict.fromkeys(thread_names(piece))
    return Named(list(members), list(threads))


def thread_names(plain: str) -> Iterator[ThreadName]:
    """The threads that a text without markup names."""
    for match in _THREAD.finditer(plain):
        kind = "dataset" if match["plural"] == "datasets" else "model"
        if match["plural"] and not match["name"]:
            continue
        yield ThreadName(int(match["number"]), (match["namespace"] or "").lower(), (match["name"] or "").lower(), kind)


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _plain_pieces(text: str) -> Iterator[str]:
    for block in _parser().parse(text):
        depth = 0
        for token in block.children or []:
            depth += token.nesting if token.type in {"link_open", "link_close"} else 0
            if token.type == "text" and depth == 0:
                yield token.content


def follow(*, event: Event, actor: Actor, before: str = "") -> None:
    """Tell whom a comment names, keep its pictures, and have the threads it names told. Within the comment's transaction.

    before: what the comment said before it was edited: who was named there has been told.
    """
    named, told = read(event.text), read(before)
    users = _members(event, [name for name in named.members if name not in set(told.members)])
    join(event.discussion, users)
    if users:
        mentioned.send(sender=Event, event=event, actor=actor, users=users)
    names = set(_PICTURE.findall(event.text))
    if names:
        event.pictures.add(*Picture.objects.filter(name__in=names))
    if set(named.threads) - set(told.threads):
        Job.objects.add(KIND_OF_JOB, str(event.pk))


def _members(event: Event, names: list[str]) -> list[User]:
    """The first of these names that belong to members who may see the thread, but for the author."""
    members = User.objects.filter(namespace__key__in=names[:_MOST_LOOKED_UP], is_active=True)
    known = access.who_may_know_of(event.discussion.repository, members).select_related("namespace")
    by_name = {user.namespace.key: user for user in known}
    found = [by_name[name] for name in names if name in by_name]
    return [user for user in found if user.pk != event.author_id][:MOST_TOLD]


def join(discussion: Discussion, users: Iterable[User]) -> None:
    """Who takes part is told of what follows; who has asked not to be stays untold."""
    rows = [Subscription(discussion=discussion, user=user) for user in users]
    Subscription.objects.bulk_create(rows, ignore_conflicts=True)
