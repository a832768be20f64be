"""Where a licence contradicts those of what something was made from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_registry.formats.licence_conflicts import Parent, Rule, Source, findings, rules_against
from models_registry.formats.licence_terms import TABLE, Asked

COMMERCE, CONDITIONS, SHARES = Rule.COMMERCIAL_ON_NONCOMMERCIAL, Rule.CONDITIONS_DROPPED, Rule.SHARE_ALIKE_DROPPED
PASSES, NAMING = Rule.RESTRICTIONS_DROPPED, Rule.NAMING


@pytest.mark.parametrize(
    ("base", "licence", "expected"),
    [
        ("mit", "apache-2.0", set()),
        ("mit", "gpl-3.0", set()),
        ("mit", "cc0-1.0", {Rule.CREDIT_DROPPED}),
        ("apache-2.0", "cc-by-nc-4.0", set()),
        ("cc-by-nc-4.0", "apache-2.0", {COMMERCE}),
        ("cc-by-nc-4.0", "cc-by-nc-4.0", set()),
        ("cc-by-nc-4.0", "llama3", {COMMERCE}),
        ("cc-by-nc-sa-4.0", "cc-by-nc-4.0", {SHARES}),
        ("cc-by-nd-4.0", "cc-by-nd-4.0", {Rule.NO_DERIVATIVES}),
        ("cc-by-nc-nd-4.0", "mit", {COMMERCE, Rule.NO_DERIVATIVES}),
        ("cc-by-sa-3.0", "cc-by-sa-4.0", set()),
        ("cc-by-sa-4.0", "cc-by-sa-3.0", {SHARES}),
        ("cc-by-sa-4.0", "gpl-3.0", set()),
        ("gpl-3.0", "mit", {SHARES}),
        ("gpl-3.0", "agpl-3.0", set()),
        ("GPL-2.0-only", "GPL-3.0-only", {SHARES}),
        ("GPL-2.0-or-later", "GPL-3.0-only", set()),
        ("lgpl-3.0", "mit", set()),  # weak: the library itself stays under it
        ("creativeml-openrail-m", "mit", {PASSES}),
        ("creativeml-openrail-m", "openrail++", set()),
        ("bigscience-bloom-rail-1.0", "openrail", {PASSES}),
        ("gemma", "apache-2.0", {PASSES}),
        ("llama2", "apache-2.0", {CONDITIONS, PASSES}),
        ("llama3.1", "llama3.1", {NAMING}),
        ("llama3.1", "mit", {CONDITIONS, PASSES, NAMING}),
        ("llama2", "stabilityai-ai-community", {CONDITIONS, PASSES}),
        ("MIT OR GPL-3.0-only", "apache-2.0", set()),  # the maker may choose
        ("gpl-3.0", "MIT OR GPL-3.0-only", {SHARES}),  # and may not let others choose more than was theirs
        ("MIT AND CC-BY-NC-4.0", "mit", {COMMERCE}),
        ("some-terms", "mit", {Rule.UNKNOWN}),
        ("mit", "some-terms", {Rule.UNKNOWN}),
        ("", "mit", {Rule.NO_LICENCE}),
    ],
)
def test_what_a_base_says_against_a_licence(base: str, licence: str, expected: set[Rule]) -> None:
    parent = Parent("ada/base", base, Source.BASE)
    assert rules_against(name="net", licence=licence, parent=parent) == expected


@pytest.mark.parametrize(
    ("data", "licence", "expected"),
    [
        ("cc-by-4.0", "mit", set()),
        ("cc-by-nc-4.0", "mit", {COMMERCE}),
        ("cc-by-nc-4.0", "cc-by-nc-4.0", set()),
        ("cc-by-sa-4.0", "mit", {Rule.SHARE_ALIKE_OF_DATA}),
        ("odbl", "mit", {Rule.SHARE_ALIKE_OF_DATA}),
        ("cc-by-nd-4.0", "mit", {Rule.NO_DERIVATIVES_OF_DATA}),
        ("c-uda", "mit", {Rule.RESTRICTIONS_OF_DATA}),
        ("some-terms", "mit", {Rule.UNKNOWN}),
        ("", "mit", {Rule.NO_LICENCE}),
    ],
)
def test_what_training_data_say_against_a_licence(data: str, licence: str, expected: set[Rule]) -> None:
    parent = Parent("ada/data", data, Source.DATA)
    assert rules_against(name="net", licence=licence, parent=parent) == expected


@pytest.mark.parametrize(
    ("name", "found"), [("Llama-3.1-8B-ft", False), ("llama_ft", False), ("net", True), ("my-llama", True)]
)
def test_a_model_made_of_llama_says_so_first(name: str, found: bool) -> None:
    parent = Parent("ada/base", "llama3.1", Source.BASE)
    assert (NAMING in rules_against(name=name, licence="llama3.1", parent=parent)) == found


def test_contradictions_come_before_open_questions() -> None:
    parents = [Parent("ada/odd", "some-terms", Source.BASE), Parent("ada/nc", "cc-by-nc-4.0", Source.BASE)]
    found = findings(name="net", licence="mit", parents=parents)
    assert [(finding.rule, finding.is_contradiction) for finding in found] == [(COMMERCE, True), (Rule.UNKNOWN, False)]
    assert findings(name="net", licence="", parents=parents) == []


@given(st.sampled_from(sorted(TABLE)), st.sampled_from(list(Source)))
def test_a_licence_never_contradicts_itself_but_for_changes_and_names(name: str, source: Source) -> None:
    found = rules_against(name="net", licence=name, parent=Parent("ada/base", name, source))
    assert found <= {Rule.NO_DERIVATIVES, Rule.NAMING, Rule.NO_DERIVATIVES_OF_DATA}


@given(st.sampled_from(sorted(TABLE)))
def test_what_asks_nothing_but_credit_contradicts_nothing_that_credits(name: str) -> None:
    credited = TABLE[name].credit == Asked.YES
    assert bool(rules_against(name="net", licence=name, parent=Parent("ada/base", "mit", Source.BASE))) != credited
