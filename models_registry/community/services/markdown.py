"""The Markdown of comments as HTML: as GitHub reads it, with links to the members, threads and commits that it names.

What a text names becomes a link only where its reader may see it; the rest stays the text that it was, so that a link
never tells of a private repository. All comments of a page are looked up together: the number of queries is constant.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from typing import Self, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache as store
from django.db.models import Q
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.linkify import linkify
from markdown_it.token import Token

from accounts.models import Actor, Namespace
from accounts.models.namespace import NamespaceRedirect
from models_registry.community.models import Discussion
from models_registry.models import Commit, Kind, Repository, RepositoryRedirect
from models_registry.page_addresses import page_url, resolve_url
from models_registry.services import markdown
from models_registry.services.markdown import Place
from models_registry.services.references import SHORT_ID

LONGEST = 64 * 1024  # characters of a comment
MOST_NAMED = 200  # of each kind are looked up for one page; more stay text
KEPT_SECONDS = 24 * 3600
_LONGEST_SCHEME = 16
_VERSION = 1  # of what is kept: raise it with every change of the HTML

_NAMED = re.compile(
    r"""
    (?<![\w@\#/.&=-])  # ASCII words: Chinese text has no spaces around a name
    (?:
        @(?P<member>[A-Za-z0-9](?:[A-Za-z0-9]|[-_.](?=[A-Za-z0-9])){0,41})(?![\w/]|[-.]\w)
        |(?P<repository>(?:datasets/|models/)?[A-Za-z0-9][\w.-]{0,41}/\w[\w.-]{0,95})?\#(?P<number>[1-9][0-9]{0,8})(?!\w)
        |(?P<commit>[0-9a-f]{7,40})(?!\w)
    )
    """,
    re.VERBOSE | re.ASCII,
)

T = TypeVar("T", str, int)
RepositoryKey = tuple[str, str]  # kind, "namespace/name" in lower case


@dataclass
class Named:
    """What a text names, whether or not there is such a thing. Names are in lower case."""

    members: set[str] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    elsewhere: set[tuple[RepositoryKey, int]] = field(default_factory=set)
    commits: set[str] = field(default_factory=set)

    @classmethod
    def in_text(cls, text: str) -> Self:
        """Also what stands in code, where it will not become a link."""
        found = cls()
        for match in _NAMED.finditer(text):
            if member := match["member"]:
                found.members.add(member.lower())
            elif commit := match["commit"]:
                found.commits.add(commit)
            elif repository := match["repository"]:
                found.elsewhere.add((_key_of(repository), int(match["number"])))
            else:
                found.numbers.add(int(match["number"]))
        return found


def _key_of(written: str) -> RepositoryKey:
    first, _, rest = written.partition("/")
    if "/" not in rest:
        return Kind.MODEL, written.lower()
    return (Kind.DATASET if first == "datasets" else Kind.MODEL), rest.lower()


@dataclass(frozen=True)
class Links:
    """Where what is named leads, for one reader: (address, title) by what was written, in lower case."""

    members: dict[str, str]
    numbers: dict[int, tuple[str, str]]
    elsewhere: dict[tuple[RepositoryKey, int], tuple[str, str]]
    commits: dict[str, tuple[str, str]]

    def of(self, match: re.Match[str]) -> tuple[str, str] | None:
        if member := match["member"]:
            address = self.members.get(member.lower())
            return (address, "") if address else None
        if commit := match["commit"]:
            return self.commits.get(commit)
        number = int(match["number"])
        if repository := match["repository"]:
            return self.elsewhere.get((_key_of(repository), number))
        return self.numbers.get(number)

    def only(self, named: Named) -> list[object]:
        """Those that one text names, as something to make a key of."""
        return [
            sorted((key, self.members[key]) for key in named.members & self.members.keys()),
            sorted((key, self.numbers[key]) for key in named.numbers & self.numbers.keys()),
            sorted((key, self.elsewhere[key]) for key in named.elsewhere & self.elsewhere.keys()),
            sorted((key, self.commits[key]) for key in named.commits & self.commits.keys()),
        ]


def render_comment(text: str, *, repository: Repository, actor: Actor) -> SafeString:
    """One comment as clean HTML, as this reader may see it."""
    return render_comments([text], repository=repository, actor=actor)[0]


def render_comments(texts: Sequence[str], *, repository: Repository, actor: Actor) -> list[SafeString]:
    """All comments of a page. Each is rendered once for all readers to whom it shows the same links."""
    texts = [text[:LONGEST] for text in texts]
    named = [Named.in_text(text) for text in texts]
    links = find(named, repository=repository, actor=actor)
    keys = [_key(text, repository, links.only(one)) for text, one in zip(texts, named, strict=True)]
    kept = store.get_many(keys)
    place = _place(repository)
    made = {}
    for key, text in zip(keys, texts, strict=True):
        if key not in kept and key not in made:
            made[key] = str(markdown.clean(_parser().render(text, {"place": place, "links": links}), place))
    if made:
        store.set_many(made, KEPT_SECONDS)
    return [mark_safe((kept | made)[key]) for key in keys]  # noqa: S308 - cleaned by services.markdown


def _key(text: str, repository: Repository, links: list[object]) -> str:
    about = [_VERSION, text, repository.get_absolute_url(), repository.default_branch, links]
    return f"comment:{sha256(json.dumps(about).encode()).hexdigest()}"


def _place(repository: Repository) -> Place:
    """Relative addresses mean files of the default branch. A comment has no ids: `#…` leads to other comments."""
    resolve = resolve_url(repository, repository.default_branch, "")
    return Place(
        blob=page_url(repository, "blob", repository.default_branch) + "/",
        resolve=resolve,
        id_prefix="",
        pictures=("/uploads/", resolve),
    )


def find(named: Iterable[Named], *, repository: Repository, actor: Actor) -> Links:
    """What there is of all that is named, as far as the actor may know of it."""
    members, numbers, elsewhere, commits = Named().members, Named().numbers, Named().elsewhere, Named().commits
    for one in named:
        members |= one.members
        numbers |= one.numbers
        elsewhere |= one.elsewhere
        commits |= one.commits
    others = _repositories({key for key, _number in elsewhere}, actor)
    threads = _threads(repository, numbers, {(others[key], number) for key, number in elsewhere if key in others})
    return Links(
        members=_members(members),
        numbers={number: threads[repository, number] for number in numbers if (repository, number) in threads},
        elsewhere={
            (key, number): threads[others[key], number]
            for key, number in elsewhere
            if key in others and (others[key], number) in threads
        },
        commits=_commits(repository, commits, actor),
    )


def _some(wanted: Iterable[T]) -> list[T]:
    return sorted(wanted)[:MOST_NAMED]


def _members(keys: set[str]) -> dict[str, str]:
    if not keys:
        return {}
    found = {
        name.lower(): name for name in Namespace.objects.filter(key__in=_some(keys)).values_list("name", flat=True)
    }
    return {key: f"/{found[key]}" for key in keys if key in found}


def _repositories(keys: set[RepositoryKey], actor: Actor) -> dict[RepositoryKey, Repository]:
    """By the name they have, or had before."""
    if not keys:
        return {}
    visible = Repository.objects.visible_to(actor).select_related("namespace")
    names = _some({name for _kind, name in keys})
    found: dict[RepositoryKey, Repository] = {
        (one.kind, one.full_key): one for one in visible.filter(full_key__in=names)
    }
    missing = sorted(keys - found.keys())[:MOST_NAMED]
    if missing:
        found |= _once_named(missing, actor)
    return {key: found[key] for key in keys if key in found}


def _once_named(keys: Iterable[RepositoryKey], actor: Actor) -> dict[RepositoryKey, Repository]:
    """Repositories that had these names before: they, or their namespaces, were renamed or moved."""
    split = [_parts(kind, name) for kind, name in keys]
    moved = NamespaceRedirect.objects.filter(
        old_key__in={namespace for _kind, namespace, _name in split}, namespace__isnull=False
    )
    now = dict(moved.values_list("old_key", "namespace__key"))
    as_now = {
        (kind, now.get(namespace, namespace), name): (kind, f"{namespace}/{name}") for kind, namespace, name in split
    }
    visible = Repository.objects.visible_to(actor)
    renamed = visible.filter(full_key__in=[f"{namespace}/{name}" for _kind, namespace, name in as_now])
    found = {
        key: one
        for one in renamed.select_related("namespace")
        if (key := as_now.get(_parts(one.kind, one.full_key))) is not None
    }
    redirects = RepositoryRedirect.objects.filter(
        namespace__key__in={namespace for _kind, namespace, _name in as_now},
        key__in={name for _kind, _namespace, name in as_now},
        repository__in=visible.values("pk"),
    ).select_related("namespace", "repository__namespace")
    for redirect in redirects:
        if key := as_now.get((redirect.kind, redirect.namespace.name.lower(), redirect.key)):
            found.setdefault(key, redirect.repository)
    return found


def _parts(kind: str, full_key: str) -> tuple[str, str, str]:
    namespace, _, name = full_key.partition("/")
    return kind, namespace, name


def _threads(
    repository: Repository, numbers: set[int], elsewhere: set[tuple[Repository, int]]
) -> dict[tuple[Repository, int], tuple[str, str]]:
    wanted = {(repository, number) for number in numbers} | elsewhere
    if not wanted:
        return {}
    repositories = {one.pk: one for one, _number in wanted}
    rows = Discussion.objects.filter(
        repository__in=_some(repositories), number__in=_some({number for _repository, number in wanted})
    ).values_list("repository", "number", "title")
    found = {(repositories[pk], number): title for pk, number, title in rows}
    return {
        (one, number): (page_url(one, "discussions", str(number)), found[one, number])
        for one, number in wanted
        if (one, number) in found
    }


def _commits(repository: Repository, written: set[str], actor: Actor) -> dict[str, tuple[str, str]]:
    """Of this repository, if the actor may read its history. What fits more than one commit means none."""
    if not written or not Repository.objects.filter(pk=repository.pk).readable_by(actor).exists():
        return {}
    some = _some(written)
    condition = Q(oid__in=[oid for oid in some if len(oid) == 40])
    for start in some:
        if len(start) < 40:
            condition |= Q(oid__gte=start.ljust(40, "0"), oid__lte=start.ljust(40, "f"))
    found = list(Commit.objects.filter(condition, repository=repository).values_list("oid", "title")[: 2 * MOST_NAMED])
    links = {}
    for start in some:
        fitting = [(oid, title) for oid, title in found if oid.startswith(start)]
        if len(fitting) == 1:
            links[start] = (page_url(repository, "commit", fitting[0][0]), fitting[0][1])
    return links


@cache
def _parser() -> MarkdownIt:
    parser = markdown.parser()
    parser.options["breaks"] = True
    parser.options["linkify"] = True
    parser.enable("linkify")
    assert parser.linkify is not None
    parser.linkify.set({"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})  # model.py is a file, no site
    parser.inline.ruler.at("linkify", _link_in_short)
    parser.core.ruler.before("linkify", "own_uploads", _own_uploads)
    parser.core.ruler.push("link_what_is_named", _link_what_is_named)
    return parser


def _link_in_short(state: StateInline, silent: bool) -> bool:
    """The parser's own rule, which looks for the beginning of an address ("https") in all of the text since the last mark:
    here in its last few signs, as a text of nothing but "://" would take minutes."""
    if state.src[state.pos] != ":":
        return False
    whole, count = state.pending, len(state.tokens)
    before = whole[:-_LONGEST_SCHEME]
    state.pending = whole[-_LONGEST_SCHEME:]
    is_link = linkify(state, silent)
    if not is_link or silent:
        state.pending = whole
    elif before:
        text = state.tokens[count]
        if text.type != "text":
            text = _text("", text.level)
            state.tokens.insert(count, text)
        text.content = before + text.content
    return is_link


def _own_uploads(state: StateCore) -> None:
    """Pictures that clients name with this hub's full address."""
    base = urlsplit(settings.BASE_URL)
    start = f"{base.scheme}://{base.netloc}/uploads/"
    for token in state.tokens:
        for part in token.children or []:
            address = str(part.attrGet("src") or "")
            if part.type == "image" and address.startswith(start):
                part.attrSet("src", address.removeprefix(f"{base.scheme}://{base.netloc}"))


def _link_what_is_named(state: StateCore) -> None:
    links: Links | None = state.env.get("links")
    if links is None:
        return
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = _linked(token.children, links)


_OPENS = re.compile(r"<(a|code|pre|kbd)[\s>]", re.IGNORECASE)
_CLOSES = re.compile(r"</(a|code|pre|kbd)\s*>", re.IGNORECASE)


def _linked(parts: Sequence[Token], links: Links) -> list[Token]:
    """The same with links in its text, but for what is in a link or in code already."""
    made: list[Token] = []
    inside = 0
    for part in parts:
        inside += {"link_open": 1, "link_close": -1}.get(part.type, 0)
        if part.type == "html_inline":
            inside += bool(_OPENS.match(part.content)) - bool(_CLOSES.match(part.content))
        if part.type == "text" and inside <= 0:
            made += _pieces(part, links)
        else:
            made.append(part)
    return made


def _pieces(text: Token, links: Links) -> Iterable[Token]:
    at = 0
    for match in _NAMED.finditer(text.content):
        link = links.of(match)
        if link is None:
            continue
        yield _text(text.content[at : match.start()], text.level)
        address, title = link
        opening = Token("link_open", "a", 1, level=text.level, attrs={"href": address})
        if match["member"]:
            opening.attrSet("class", "mention")
        if title:
            opening.attrSet("title", title)
        yield opening
        shown = match[0]
        if commit := match["commit"]:
            yield Token("code_inline", "code", 0, content=commit[:SHORT_ID], level=text.level + 1)
        else:
            yield _text(shown, text.level + 1)
        yield Token("link_close", "a", -1, level=text.level)
        at = match.end()
    yield _text(text.content[at:], text.level)


def _text(content: str, level: int) -> Token:
    return Token("text", "", 0, content=content, level=level)


_TASK = re.compile(r"\[([ xX])\] ")


def ticked(text: str, index: int, *, done: bool) -> str | None:
    """The text with its task of that index, from 0, marked as done or not done; None if there is no such task left to mark."""
    tasks = [
        token.map[0]
        for token in _parser().parse(text)
        if token.map and any("task-list-item-checkbox" in part.content for part in token.children or [])
    ]
    if not 0 <= index < len(tasks):
        return None
    lines = text.split("\n")
    found = _TASK.search(lines[tasks[index]])
    if found is None or (found[1] != " ") == done:
        return None
    lines[tasks[index]] = _TASK.sub("[x] " if done else "[ ] ", lines[tasks[index]], count=1)
    return "\n".join(lines)
