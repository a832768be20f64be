"""Sentences that are kept in English are told in the reader's words, each by its own form, whatever stands in its places."""

import pytest
from django.urls import get_resolver
from django.utils import translation
from django.utils.translation import gettext

from hub import kept_sentences
from tests.kept import MARK, marking

get_resolver().url_patterns  # noqa: B018 - by then every module with sentences of its own is there
GIVEN = {
    "by": "0.01", "byte": "80", "commit": "abc123", "count": "3", "days": "5", "line": "7", "metric": "F1 macro",
    "model": "ada/net", "most": "20", "repository": "ada/net", "seconds": "10", "size": "64", "token": "laptop",
    "total": "9", "type": "F32", "value": "0.98", "version": "2", "content": "aa11", "digest": "bb22", "largest": "9",
    "last": "3", "least": "0", "place": "perf/rows", "said": "cc33", "signature": "Eicar",
}  # fmt: skip
FORMS = sorted(kept_sentences._known)


def filled(form: str, words: str) -> dict[str, str]:
    return {place: GIVEN.get(place, words) for place in kept_sentences._PLACE.findall(form)}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("words", ["digits", "it calls os.system on load: see page 3"])
def test_every_sentence_is_told_by_its_own_form(form: str, words: str) -> None:
    values = filled(form, words)
    with translation.override("zh-hans"):
        assert kept_sentences.in_words(form % values) == gettext(form) % values


def test_a_sentence_behind_a_path_or_within_another_is_told_too() -> None:
    with marking():
        assert kept_sentences.in_words("data/a b.csv: It is encrypted.") == f"data/a b.csv: {MARK}It is encrypted."
        told = kept_sentences.in_words("a.pkl is in quarantine: ClamAV recognises Eicar")
        assert told == f"{MARK}a.pkl is in quarantine: {MARK}ClamAV recognises Eicar"


@pytest.mark.parametrize(
    "written", ["It is spam: see the thread on Monday", "worse than before", "A net: F1 macro on digits"]
)
def test_what_somebody_wrote_passes_for_no_sentence_of_ours(written: str) -> None:
    with translation.override("zh-hans"):
        assert kept_sentences.in_words(written) == written


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "bait", [": on , up ", ": x on y, up ", " lies open in , and ", " from : ", ": %s %s on , down  from "]
)
def test_hostile_texts_are_looked_at_for_no_time(bait: str) -> None:
    """Else one comment would hold up every reader of its thread."""
    kept_sentences.in_words(("ada/net" + bait * 400)[: kept_sentences.LONGEST])
    kept_sentences.in_words(("A" + bait * 400)[: kept_sentences.LONGEST - 1] + "\0")


def test_no_form_is_looked_for_in_vain_for_long() -> None:
    """It takes the length to the power of the places in which a space may stand: with four of them 0.8 s, with three 0.03."""
    for form in FORMS:
        assert sum(place not in kept_sentences._OF_ONE_WORD for place in kept_sentences._PLACE.findall(form)) <= 3, form
