"""What licences allow: a table of facts, and expressions that combine them without loss."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats import licence_terms
from models_registry.formats.licence_terms import TABLE, Allowed, Asked, Terms, choices, commercial_use
from models_registry.formats.licences import HUB_NAMES, identify

YES, CONDITIONAL, UNKNOWN, NO = Allowed


def only(written: str) -> Terms:
    (terms,) = choices(written)
    return terms


# as a card writes it: may use commercially, must credit, share alike, may change, restrictions passed on, patents
@pytest.mark.parametrize(
    ("written", "commercial", "credit", "shares", "derivatives", "passes_on", "patents"),
    [
        ("mit", YES, True, False, YES, False, UNKNOWN),
        ("bsd-3-clause", YES, True, False, YES, False, UNKNOWN),
        ("bsd", YES, True, False, YES, False, UNKNOWN),
        ("apache-2.0", YES, True, False, YES, False, YES),
        ("unlicense", YES, False, False, YES, False, UNKNOWN),
        ("cc0-1.0", YES, False, False, YES, False, NO),
        ("gpl-3.0", YES, True, True, YES, False, YES),
        ("agpl-3.0", YES, True, True, YES, False, YES),
        ("lgpl-2.1", YES, True, True, YES, False, UNKNOWN),
        ("mpl-2.0", YES, True, True, YES, False, YES),
        ("cc-by-4.0", YES, True, False, YES, False, NO),
        ("cc-by-sa-3.0", YES, True, True, YES, False, UNKNOWN),
        ("cc-by-nc-2.0", NO, True, False, YES, False, UNKNOWN),
        ("cc-by-nd-4.0", YES, True, False, NO, False, NO),
        ("cc-by-nc-sa-4.0", NO, True, True, YES, False, NO),
        ("cc-by-nc-nd-4.0", NO, True, False, NO, False, NO),
        ("odc-by", YES, True, False, YES, False, UNKNOWN),
        ("odbl", YES, True, True, YES, False, UNKNOWN),
        ("pddl", YES, False, False, YES, False, UNKNOWN),
        ("cdla-permissive-2.0", YES, True, False, YES, False, UNKNOWN),
        ("c-uda", YES, True, False, YES, True, UNKNOWN),
        ("llama2", CONDITIONAL, True, False, YES, True, UNKNOWN),
        ("llama3.3", CONDITIONAL, True, False, YES, True, UNKNOWN),
        ("llama4", CONDITIONAL, True, False, YES, True, UNKNOWN),
        ("gemma", YES, True, False, YES, True, UNKNOWN),
        ("openrail", YES, True, False, YES, True, YES),
        ("openrail++", YES, True, False, YES, True, YES),
        ("creativeml-openrail-m", YES, True, False, YES, True, YES),
        ("bigcode-openrail-m", YES, True, False, YES, True, YES),
        ("deepfloyd-if-license", NO, True, False, YES, True, UNKNOWN),
        ("apple-amlr", NO, True, False, YES, True, UNKNOWN),
        ("apple-ascl", YES, True, False, YES, False, NO),
        ("stabilityai-ai-community", CONDITIONAL, True, False, YES, True, UNKNOWN),
        ("flux-1-dev-non-commercial-license", NO, True, False, YES, True, UNKNOWN),
        ("qwen", CONDITIONAL, True, False, YES, True, UNKNOWN),
        ("qwen-research", NO, True, False, YES, True, UNKNOWN),
        ("mrl", NO, True, False, YES, True, UNKNOWN),
        ("deepseek", YES, True, False, YES, True, YES),
        ("openmdw-1.0", YES, True, False, YES, False, YES),
    ],
)
def test_what_a_licence_allows_and_asks(
    written: str,
    commercial: Allowed,
    credit: bool,
    shares: bool,
    derivatives: Allowed,
    passes_on: bool,
    patents: Allowed,
) -> None:
    terms = only(written)
    assert terms.commercial == commercial
    assert (terms.credit == Asked.YES, terms.share_alike == Asked.YES) == (credit, shares)
    assert (terms.derivatives, terms.passes_on == Asked.YES, terms.patents) == (derivatives, passes_on, patents)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_every_entry_is_found_by_its_name_and_is_whole(name: str) -> None:
    terms = TABLE[name]
    assert name in HUB_NAMES or identify(name).spdx == name
    assert only(name) == terms
    assert terms.is_known
    assert terms.sources
    assert all(urlsplit(source).scheme == "https" for source in terms.sources)
    assert (terms.share_alike == Asked.YES) == bool(terms.shares_under)
    assert bool(terms.conditions) == (terms.commercial == CONDITIONAL)


def test_every_licence_that_model_hubs_name_has_terms_but_the_one_without_a_version() -> None:
    assert HUB_NAMES.keys() - TABLE.keys() == {"cc"}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("mit", "yes"),
        ("MIT OR CC-BY-NC-4.0", "yes"),
        ("MIT AND CC-BY-NC-4.0", "no"),
        ("apache-2.0 AND llama3.1", "conditional"),
        ("apache-2.0 AND some-terms", ""),
        ("cc-by-nc-4.0 AND some-terms", "no"),
        ("cc-by-nc-4.0 OR some-terms", ""),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "yes"),
        ("some-terms", ""),
        ("", ""),
        ("MIT AND", ""),
        ("((((", ""),
    ],
)
def test_whether_it_may_be_used_commercially(written: str, expected: str) -> None:
    assert commercial_use(written) == expected


def test_an_exception_that_lets_others_link_to_it_weakens_what_must_be_shared() -> None:
    assert not only("GPL-2.0-only").shares_weakly
    assert only("GPL-2.0-only WITH Classpath-exception-2.0").shares_weakly


NAMES = st.sampled_from([*sorted(TABLE), "some-terms", "other-terms"])
EXPRESSIONS = st.recursive(
    NAMES,
    lambda part: st.tuples(part, st.sampled_from(["AND", "OR"]), part).map(lambda of: f"({' '.join(of)})"),
    max_leaves=4,
)


def joined(word: str, *parts: str) -> tuple[Terms, ...]:
    return choices(f" {word} ".join(f"({part})" for part in parts))


@pytest.fixture(autouse=True)
def room_for_long_expressions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(licence_terms, "LONGEST", 100_000)
    monkeypatch.setattr(licence_terms, "MOST_CHOICES", 100_000)


@pytest.mark.parametrize("word", ["AND", "OR"])
class TestAlgebra:
    @given(one=EXPRESSIONS, other=EXPRESSIONS)
    def test_the_order_does_not_matter(self, word: str, one: str, other: str) -> None:
        assert set(joined(word, one, other)) == set(joined(word, other, one))

    @given(one=EXPRESSIONS, other=EXPRESSIONS, third=NAMES)
    def test_nor_do_parentheses(self, word: str, one: str, other: str, third: str) -> None:
        assert set(joined(word, f"({one}) {word} ({other})", third)) == set(
            joined(word, one, f"({other}) {word} ({third})")
        )

    @given(one=EXPRESSIONS)
    def test_twice_is_once(self, word: str, one: str) -> None:
        assert set(joined(word, one, one)) == set(choices(one))


@given(one=EXPRESSIONS, other=NAMES)
def test_what_is_stricter_in_everything_is_no_choice(one: str, other: str) -> None:
    assert set(choices(f"({one}) OR (({one}) AND {other})")) == set(choices(one))


@given(one=EXPRESSIONS, other=EXPRESSIONS)
def test_and_is_never_freer_and_or_never_stricter(one: str, other: str) -> None:
    def best(found: tuple[Terms, ...]) -> Allowed:
        return min(terms.commercial for terms in found)

    alone = (best(choices(one)), best(choices(other)))
    assert best(joined("AND", one, other)) == max(alone)
    assert best(joined("OR", one, other)) == min(alone)


@given(st.text(max_size=60))
def test_any_text_has_an_answer(written: str) -> None:
    assert choices(written)
    assert commercial_use(written) in {"", "yes", "conditional", "no"}
