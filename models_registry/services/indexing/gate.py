"""What a card asks of who wants in, with the text of the terms that it names."""

import hashlib

from django.utils.translation import gettext_noop

from hub.kept_sentences import sentence
from models_registry.formats import gate_form
from models_registry.models import Card, Commit, GateForm, Repository
from models_registry.services import reading, trees
from models_registry.services.trees import TreeEntry

_NO_TERMS = sentence(
    gettext_noop("The terms to accept should be in %(path)s, which is no text file of this repository.")
)


def read_gate(repository: Repository, card: Card, commit: Commit, files: list[TreeEntry]) -> GateForm | None:
    """None where the card says nothing of a gate. Raises StorageUnavailable."""
    words = gate_form.read(card.front_matter)
    if words == gate_form.GateWords() and not words.problems:
        return None
    terms, problems = words.terms, list(words.problems)
    if words.terms_file:
        terms = _text(repository, files, words.terms_file)
        if not terms:
            problems.append(_NO_TERMS % {"path": words.terms_file})
    return GateForm(
        repository=repository,
        commit=commit.oid,
        heading=words.heading,
        description=words.description,
        button=words.button,
        prompt=words.prompt,
        fields=[question.as_json() for question in words.questions],
        terms=terms,
        terms_file=words.terms_file if terms else "",
        terms_sha256=hashlib.sha256(terms.encode()).hexdigest() if terms else "",
        problems=problems,
    )


def _text(repository: Repository, files: list[TreeEntry], path: str) -> str:
    entry = next((entry for entry in files if entry.path == path and entry.lfs is None), None)
    if entry is None or entry.size > gate_form.LONGEST_TERMS:
        return ""
    raw = reading.read_range(trees.content_of(repository, entry), 0, gate_form.LONGEST_TERMS)
    return raw.decode("utf-8", "replace").replace("\0", "").strip()
