"""How the suites of texts were made of what ships with packages: to the byte the same again, whenever a test asks."""

import ast
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

Row = dict[str, Any]
WORD = re.compile(r"(?<= )[a-z]{4,}(?=[ .,;:])")
SENTENCE = re.compile(r"(?<=[a-z)\"][.]) (?=[A-Z\"])")
CANDIDATES, MASKED, PER_WORD = 100, 300, 6
CHOICES, CLOZES = 4, 160
PAIRS = 300


def paragraphs(page: str) -> list[str]:
    """A page's prose on one line each: no headings, grammars or examples."""
    found = (" ".join(part.split()) for part in page.split("\n\n"))
    return [one for one in found if 80 <= len(one) <= 800 and one[0].isupper() and one[-1] == "." and "::=" not in one]


def masked_words(pages: Sequence[str]) -> tuple[list[Row], np.ndarray, list[str]]:
    """Rows {before, after} with one word left out, which of the candidates it is, and the candidates.

    The candidates are the most frequent words of at least four letters; of all places where one stands, some are drawn by seed 0,
    none of a word more than PER_WORD times.
    """
    prose = [one for page in pages for one in paragraphs(page)]
    counts = Counter(word for one in prose for word in WORD.findall(one))
    candidates = sorted(sorted(counts, key=lambda word: (-counts[word], word))[:CANDIDATES])
    places = [(number, hit) for number, one in enumerate(prose) for hit in WORD.finditer(one) if hit[0] in candidates]
    taken: Counter[str] = Counter()
    drawn = []
    for place in np.random.default_rng(0).permutation(len(places)):
        number, hit = places[place]
        if taken[hit[0]] < PER_WORD and len(drawn) < MASKED:
            taken[hit[0]] += 1
            drawn.append((number, hit.start(), hit))
    drawn.sort(key=lambda one: one[:2])
    rows = [{"before": prose[number][:start], "after": prose[number][hit.end() :]} for number, start, hit in drawn]
    return rows, np.array([candidates.index(hit[0]) for *_, hit in drawn], np.int64), candidates


def clozes(pages: Sequence[str]) -> tuple[list[Row], np.ndarray]:
    """Rows {context, choices}: a passage and four sentences, and which of them follows it.

    The others are sentences of other pages that follow something there, of the lengths nearest to the right one's; where the
    right one stands is drawn by seed 0, each place equally often.
    """
    ends = []  # (page, passage, the sentence after it)
    for number, page in enumerate(pages):
        for one in paragraphs(page):
            sentences = SENTENCE.split(one)
            for cut in range(1, len(sentences)):
                context, following = " ".join(sentences[:cut]), sentences[cut]
                if len(context) >= 40 and 30 <= len(following) <= 300:
                    ends.append((number, context, following))
    random = np.random.default_rng(0)
    drawn = sorted(random.choice(len(ends), size=min(CLOZES, len(ends)), replace=False))
    labels = random.permutation(np.arange(len(drawn)) % CHOICES)
    rows = []
    for index, label in zip(drawn, labels, strict=True):
        page, context, right = ends[index]
        others = sorted({last for other, _, last in ends if other != page} - {right})
        others.sort(key=lambda last: abs(len(last) - len(right)))
        wrong = [str(one) for one in random.permutation(others[: 3 * (CHOICES - 1)])[: CHOICES - 1]]
        rows.append({"context": context, "choices": [*wrong[:label], right, *wrong[label:]]})
    return rows, labels.astype(np.int64)


def half_docstrings() -> tuple[list[Row], np.ndarray]:
    """Rows {query, passage} and, for each query, the row whose passage is the other half of its docstring.

    Of scikit-learn's functions and classes those whose docstring has, before its sections, prose of two sentences or more; cut
    at the sentence nearest to the middle; PAIRS are drawn by seed 0, and the passages are shuffled.
    """
    halves = sorted(set(_halves()))
    random = np.random.default_rng(0)
    drawn = [halves[index] for index in sorted(random.choice(len(halves), size=PAIRS, replace=False))]
    order = random.permutation(PAIRS)
    rows = [{"query": query, "passage": drawn[place][1]} for (query, _), place in zip(drawn, order, strict=True)]
    return rows, np.argsort(order).astype(np.int64)


def _halves() -> Iterator[tuple[str, str]]:
    spec = find_spec("sklearn")
    assert spec is not None
    assert spec.submodule_search_locations
    root = Path(spec.submodule_search_locations[0])
    firsts, seconds = set(), set()
    for path in sorted(root.rglob("*.py"), key=lambda path: path.relative_to(root).as_posix()):
        if {"tests", "externals", "_build_utils"} & set(path.relative_to(root).parts):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef) or node.name.startswith("_"):
                continue
            prose = re.split(r"\n *[A-Z][A-Za-z ]+\n *-{3,}", ast.get_docstring(node) or "")[0]
            prose = " ".join(re.sub(r"\.\. [a-z]+::.*|Read more in the\s+:ref:`[^`]*`\.", "", prose).split())
            sentences = SENTENCE.split(prose)
            if len(sentences) < 2 or not 160 <= len(prose) <= 1200:
                continue
            ends = np.cumsum([len(one) + 1 for one in sentences[:-1]])
            cut = int(np.abs(ends - len(prose) / 2).argmin()) + 1
            first, second = " ".join(sentences[:cut]), " ".join(sentences[cut:])
            # The same text under two names would be two right answers.
            if min(len(first), len(second)) >= 50 and first not in firsts and second not in seconds:
                firsts.add(first)
                seconds.add(second)
                yield first, second
