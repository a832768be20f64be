"""Repositories as the JSON that Hub clients read: one or a page of them, and only what is asked of them.

Each fact is found for all repositories of a page in one query, and only if somebody asks for it.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from functools import cached_property
from typing import Any, NamedTuple, Self

from django.db.models import Count

from accounts.models import Actor
from hub.errors import BadRequest
from models_registry.formats.licence_conflicts import Finding
from models_registry.formats.licence_terms import Terms, choices
from models_registry.formats.licences import identify
from models_registry.models import (
    Card,
    Commit,
    Kind,
    LineageEdge,
    Reference,
    Repository,
    RepositoryFacts,
    RepositoryTag,
)
from models_registry.services import file_names, licences, scanning, trees
from models_registry.services.trees import TreeEntry

_BIBTEX = re.compile(r"```(?:bibtex|bib|latex)?[ \t]*\n(\s*@\w+\{.*?)```", re.DOTALL)
_LONGEST_TEXT = 4000  # of a description or citation


class CardWords(NamedTuple):
    """The beginning of a card's text, and what it asks to be cited by."""

    description: str
    citation: str | None

    @classmethod
    def of(cls, text: str) -> Self:
        found = _BIBTEX.search(text)
        return cls(text.strip()[:_LONGEST_TEXT], found[1].strip()[:_LONGEST_TEXT] if found else None)


class Page:
    """Repositories described together. `commits`: {repository id: its commit}, where the answer is for another revision
    than the head of the default branch. `blobs`: files with their sizes and hashes, not their names alone.

    `most_files`: a list of repositories with many files ends early (`file_names.of_trees`): describe `rows` only.
    """

    def __init__(
        self,
        repositories: Sequence[Repository],
        *,
        commits: Mapping[int, Commit] | None = None,
        blobs: bool = False,
        most_files: int | None = None,
    ):
        self.repositories = repositories
        self.blobs = blobs
        self.most_files = most_files
        self._commits = commits
        self._ids = [repository.pk for repository in repositories]

    @cached_property
    def cards(self) -> dict[int, Card]:
        """Without their texts."""
        rows = Card.objects.filter(repository__in=self._ids).defer("text")
        return {card.repository_id: card for card in rows}

    @cached_property
    def words(self) -> dict[int, CardWords]:
        """Of the cards' texts, which are long and many, so no more is held than is answered."""
        rows = Card.objects.filter(repository__in=self._ids).values_list("repository", "text")
        return {repository: CardWords.of(text) for repository, text in rows.iterator(chunk_size=20)}

    @cached_property
    def facts(self) -> dict[int, RepositoryFacts]:
        return {facts.repository_id: facts for facts in RepositoryFacts.objects.filter(repository__in=self._ids)}

    @cached_property
    def tags(self) -> dict[int, list[str]]:
        found = defaultdict(list)
        for repository, tag in RepositoryTag.objects.filter(repository__in=self._ids).values_list("repository", "tag"):
            found[repository].append(tag)
        return {repository: sorted(tags) for repository, tags in found.items()}

    @cached_property
    def heads(self) -> dict[int, str]:
        """Commit ids."""
        if self._commits is not None:
            return {repository: commit.oid for repository, commit in self._commits.items()}
        branch_of = {repository.pk: f"refs/heads/{repository.default_branch}" for repository in self.repositories}
        rows = Reference.objects.filter(repository__in=self._ids, name__in=set(branch_of.values()))
        return {
            repository: target
            for repository, name, target in rows.values_list("repository", "name", "target")
            if branch_of[repository] == name
        }

    @cached_property
    def commits(self) -> Mapping[int, Commit]:
        if self._commits is not None:
            return self._commits
        rows = Commit.objects.filter(repository__in=self._ids, oid__in=set(self.heads.values()))
        return {commit.repository_id: commit for commit in rows if self.heads.get(commit.repository_id) == commit.oid}

    @cached_property
    def names(self) -> dict[int, list[str]]:
        """Of files; without those repositories that did not fit `most_files`."""
        roots = {pk: self.commits[pk].tree for pk in self._ids if pk in self.commits}
        return file_names.of_trees(roots, most=self.most_files)

    @property
    def rows(self) -> Sequence[Repository]:
        """The repositories that can be described with their files."""
        left_out = self.commits.keys() - self.names.keys()
        first = next((index for index, pk in enumerate(self._ids) if pk in left_out), len(self._ids))
        return self.repositories[:first]

    @cached_property
    def bases(self) -> dict[int, list[str]]:
        found = defaultdict(list)
        edges = LineageEdge.objects.filter(repository__in=self._ids).order_by("pk")
        for repository, name in edges.values_list("repository", "base_name"):
            found[repository].append(name)
        return found

    @cached_property
    def children(self) -> dict[int, int]:
        public = Repository.objects.visible_to(Actor()).values("pk")
        edges = LineageEdge.objects.filter(base__in=self._ids, repository__in=public)
        return dict(edges.order_by().values_list("base").annotate(Count("repository", distinct=True)))

    @cached_property
    def licence_findings(self) -> dict[int, list[Finding]]:
        """As far as everybody may know of what the models were made from."""
        return licences.findings_of_all(Actor(), self.repositories)

    def from_card(self, repository: Repository, name: str) -> Any:
        card = self.cards.get(repository.pk)
        return card.front_matter.get(name) if card else None

    def fact(self, repository: Repository, name: str) -> Any:
        facts = self.facts.get(repository.pk)
        return getattr(facts, name) or None if facts else None

    def files(self, repository: Repository) -> list[dict[str, Any]]:
        if self.blobs:
            commit = self.commits.get(repository.pk)
            return [_with_blob(entry) for entry in trees.files(repository, commit)] if commit else []
        return [{"rfilename": path} for path in self.names.get(repository.pk, [])]

    def security(self, repository: Repository) -> dict[str, Any] | None:
        """Of one repository alone: it takes the ids of all its files."""
        commit = self.commits.get(repository.pk)
        if len(self.repositories) != 1 or commit is None:
            return None
        return scanning.repository_status(trees.files(repository, commit))


def _with_blob(entry: TreeEntry) -> dict[str, Any]:
    answer: dict[str, Any] = {"rfilename": entry.path, "size": entry.size, "blobId": entry.oid}
    if entry.lfs:
        answer["lfs"] = {"sha256": entry.lfs.sha256, "size": entry.lfs.size, "pointerSize": entry.pointer_size}
    return answer


def _card_data(page: Page, repository: Repository) -> dict[str, Any]:
    card = page.cards.get(repository.pk)
    return card.front_matter if card else {}


def _mask_token(page: Page, repository: Repository) -> Any:
    config = page.fact(repository, "config") or {}
    tokenizer = config.get("tokenizer_config")
    return tokenizer.get("mask_token") if isinstance(tokenizer, dict) else None


def _licence(page: Page, repository: Repository) -> dict[str, Any] | None:
    """The card's licence held against the SPDX list, what it allows, and where it contradicts what the model was made from.

    Of the choices that an expression leaves, in `choices`. Not legal advice.
    """
    if not repository.licence:
        return None
    return asdict(identify(repository.licence)) | {
        "commercialUse": repository.commercial_use or "unknown",
        "choices": [_terms(terms) for terms in choices(repository.licence)],
        "contradictions": [
            {
                "rule": finding.rule.value,
                "certain": finding.is_contradiction,
                "name": finding.parent.name,
                "source": finding.parent.source.value,
                "licence": finding.parent.licence,
            }
            for finding in page.licence_findings.get(repository.pk, [])
        ],
    }


def _terms(terms: Terms) -> dict[str, Any]:
    return {
        "licences": sorted(terms.ids),
        "commercial": terms.commercial.name.lower(),
        "conditions": sorted(terms.conditions),
        "credit": terms.credit.name.lower(),
        "stateChanges": terms.state_changes.name.lower(),
        "shareAlike": terms.share_alike.name.lower(),
        "derivatives": terms.derivatives.name.lower(),
        "restrictionsPassedOn": terms.passes_on.name.lower(),
        "forbiddenUses": sorted(terms.forbidden),
        "patents": terms.patents.name.lower(),
        "sources": list(terms.sources),
    }


def _description(page: Page, repository: Repository) -> str | None:
    said = page.words.get(repository.pk)
    return (said.description if said else "") or repository.summary or None


def _citation(page: Page, repository: Repository) -> str | None:
    said = page.words.get(repository.pk)
    return said.citation if said else None


Property = Callable[[Page, Repository], Any]

# Every property that `expand` may name, and how it is found. None: the hub knows of none.
_COMMON: dict[str, Property] = {
    "author": lambda _page, repository: repository.namespace.name,
    "sha": lambda page, repository: page.heads.get(repository.pk),
    "lastModified": lambda _page, repository: repository.updated_at,
    "createdAt": lambda _page, repository: repository.created_at,
    "private": lambda _page, repository: repository.private,
    "gated": lambda _page, repository: repository.gated or False,
    "disabled": lambda _page, repository: bool(repository.disabled_reason),
    "downloads": lambda _page, repository: repository.downloads,
    "downloadsAllTime": lambda _page, repository: repository.downloads_all_time,
    "likes": lambda _page, repository: repository.likes,
    "trendingScore": lambda _page, repository: repository.trending_score,
    "tags": lambda page, repository: page.tags.get(repository.pk, []),
    "siblings": Page.files,
    "cardData": _card_data,
    "securityRepoStatus": Page.security,
    "licenseInfo": _licence,
    "storage": lambda _page, repository: {"logical": repository.storage_logical, "stored": repository.storage_stored},
    "usedStorage": lambda _page, repository: repository.storage_logical,
    "resourceGroup": lambda _page, _repository: None,
    "xetEnabled": lambda _page, _repository: True,
}
_OF_MODELS: dict[str, Property] = {
    "pipeline_tag": lambda _page, repository: repository.task or None,
    "library_name": lambda _page, repository: repository.library or None,
    "safetensors": lambda page, repository: page.fact(repository, "safetensors"),
    "gguf": lambda page, repository: page.fact(repository, "gguf"),
    "config": lambda page, repository: page.fact(repository, "config"),
    "transformersInfo": lambda page, repository: page.fact(repository, "transformers"),
    "mask_token": _mask_token,
    "widgetData": lambda page, repository: page.from_card(repository, "widget"),
    "model-index": lambda page, repository: page.from_card(repository, "model-index"),
    "baseModels": lambda page, repository: page.bases.get(repository.pk, []),
    "childrenModelCount": lambda page, repository: page.children.get(repository.pk, 0),
    "spaces": lambda _page, _repository: [],
    "evalResults": lambda _page, _repository: [],
    "inference": lambda _page, _repository: None,
    "inferenceProviderMapping": lambda _page, _repository: [],
}
_OF_DATASETS: dict[str, Property] = {
    "description": _description,
    "citation": _citation,
    "mainSize": lambda page, repository: page.fact(repository, "main_size"),
    "paperswithcode_id": lambda page, repository: page.from_card(repository, "paperswithcode_id"),
}
_PROPERTIES = {Kind.MODEL: _COMMON | _OF_MODELS, Kind.DATASET: _COMMON | _OF_DATASETS}

# What is answered when nothing is said: of one repository, and of each in a list.
_IN_FULL = {
    kind: frozenset(_PROPERTIES[kind])
    - {"downloadsAllTime", "trendingScore", "resourceGroup", "xetEnabled", "evalResults", "inference"}
    - {"inferenceProviderMapping", "baseModels", "childrenModelCount", "securityRepoStatus", "licenseInfo"}
    for kind in Kind
}
_IN_LISTS = frozenset(
    """
    author createdAt disabled downloads gated lastModified library_name likes pipeline_tag private tags trendingScore
    """.split()
)


def checked_expand(kind: Kind, names: Sequence[str]) -> frozenset[str]:
    """Raises BadRequest for a property that there is not."""
    known = _PROPERTIES[kind].keys()
    unknown = sorted(set(names) - known)
    if unknown:
        shown = ", ".join(name[:40] for name in unknown[:5])
        raise BadRequest(f"expand knows no {shown}; it may be: {', '.join(sorted(known))}.")
    return frozenset(names)


def of_list(kind: Kind, *, full: bool, card: bool, config: bool) -> frozenset[str]:
    """The properties of a list's items: as the client's `full`, `cardData` and `config` say."""
    wanted = _IN_LISTS & _PROPERTIES[kind].keys()
    if full:
        wanted |= {"sha", "siblings"}
    if card or (full and kind == Kind.DATASET):
        wanted |= {"cardData"}
    if kind == Kind.DATASET:
        return wanted | {"description"} if full else wanted
    return wanted | {"config"} if config else wanted


def with_security(wanted: frozenset[str], kind: Kind) -> frozenset[str]:
    """Also what the scans of its files have found: `securityStatus` of clients. wanted: {} for what is answered in full."""
    return (wanted or _IN_FULL[kind]) | {"securityRepoStatus"}


def describe(page: Page, repository: Repository, wanted: Collection[str] | None, *, expanded: bool) -> dict[str, Any]:
    """One repository of a page. wanted: None for all that one repository is described by.

    expanded: the client named them, and gets each, be it null; else what is not known is left out.
    """
    kind = Kind(repository.kind)
    names = _IN_FULL[kind] if wanted is None else wanted
    answer: dict[str, Any] = {"_id": str(repository.pk), "id": repository.full_name}
    if kind == Kind.MODEL and not expanded:
        answer["modelId"] = repository.full_name
    for name, find in _PROPERTIES[kind].items():
        if name in names:
            value = find(page, repository)
            if expanded or value is not None:
                answer[name] = value
    return answer
