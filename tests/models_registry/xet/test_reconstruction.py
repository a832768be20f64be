import pytest
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.errors import Forbidden, NotFound
from models_registry.errors import ContentTooLarge, RangeNotSatisfiable
from models_registry.formats import xorb
from models_registry.models import Repository, RepositoryLfsObject
from models_registry.services.xet import reconstruction
from models_registry.services.xet.reconstruction import Fetch, Reconstruction
from tests import make
from tests.models_registry.formats.xet_bytes import MadeFile
from tests.models_registry.xet.sending import caller, register, send_file, some_xorb, text

FIRST, SECOND = some_xorb(1, scheme=xorb.LZ4), some_xorb(2, count=9)
# Out of order, repeated, with a gap, touching: all that deduplication makes of a file.
FILE = MadeFile([(FIRST, 2, 5), (SECOND, 0, 4), (SECOND, 4, 5), (FIRST, 0, 1), (SECOND, 6, 9), (FIRST, 2, 3)])
NAME, SIZE = text(FILE.true_hash()), len(FILE.content)


@pytest.fixture
def repository() -> Repository:
    made = make.repository(private=True)
    send_file(caller(made), *FILE.pieces)
    return made


def get(fetch: Fetch, **headers: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", fetch.address, headers=headers)


def rebuilt(found: Reconstruction) -> bytes:
    """What a client makes of the answer: it fetches each range as announced, and takes chunks of it for each term."""
    chunks = {}
    for name, fetches in found.fetches.items():
        for fetch in fetches:
            body = get(fetch, Range=f"bytes={fetch.first}-{fetch.last - 1}").data
            assert len(body) == fetch.last - fetch.first
            for number, (_record, content) in enumerate(xorb.unpack([body]), start=fetch.start):
                chunks[name, number] = bytes(content)
    parts = []
    for term in found.terms:
        part = b"".join(chunks[term.xorb, number] for number in range(term.start, term.end))
        assert len(part) == term.length
        parts.append(part)
    return b"".join(parts)[found.offset :]


def test_the_whole_file_is_put_together_from_the_answer(repository: Repository):
    found = reconstruction.reconstruct(caller(repository, writes=False), NAME)
    assert found.offset == 0
    assert rebuilt(found) == FILE.content


def test_neighbouring_chunks_come_under_one_address_and_gaps_under_none(repository: Repository):
    found = reconstruction.reconstruct(caller(repository, writes=False), NAME)
    spans = {name: [(fetch.start, fetch.end) for fetch in fetches] for name, fetches in found.fetches.items()}
    assert spans == {text(FIRST.hash): [(0, 1), (2, 5)], text(SECOND.hash): [(0, 5), (6, 9)]}


@given(start=st.integers(0, SIZE - 1), length=st.integers(1, SIZE))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_range_of_a_file_can_be_put_together(repository: Repository, start: int, length: int):
    found = reconstruction.reconstruct(caller(repository, writes=False), NAME, start, start + length)
    wanted = FILE.content[start : start + length]
    assert rebuilt(found)[: len(wanted)] == wanted
    assert found.offset < xorb.MAX_UNPACKED_CHUNK


@pytest.mark.parametrize(("start", "end"), [(SIZE, None), (SIZE, SIZE + 5), (SIZE + 1, None)])
def test_a_range_past_the_end_cannot_be_satisfied(repository: Repository, start: int, end: int | None):
    with pytest.raises(RangeNotSatisfiable):
        reconstruction.reconstruct(caller(repository, writes=False), NAME, start, end)


def test_an_address_opens_its_own_range_only(repository: Repository):
    fetch = reconstruction.reconstruct(caller(repository, writes=False), NAME).fetches[text(FIRST.hash)][0]
    assert get(fetch, Range="bytes=0-20").status == 403
    assert get(fetch).status == 403


def test_the_file_of_another_repository_does_not_exist_here(repository: Repository):
    stranger = make.repository()
    with pytest.raises(NotFound):
        reconstruction.reconstruct(caller(stranger, writes=False), NAME)


def test_a_file_that_the_repository_has_too_is_given(repository: Repository):
    second = make.repository()
    RepositoryLfsObject.objects.create(
        repository=second, lfs_object=RepositoryLfsObject.objects.get(repository=repository).lfs_object
    )
    assert rebuilt(reconstruction.reconstruct(caller(second, writes=False), NAME)) == FILE.content


def test_a_repository_that_was_hidden_meanwhile_gives_nothing(repository: Repository):
    reader = caller(repository, writes=False)
    Repository.objects.filter(pk=repository.pk).update(disabled_reason="by a moderator")
    with pytest.raises(Forbidden):
        reconstruction.reconstruct(reader, NAME)


def test_a_chunk_that_a_file_repeats_very_often_comes_under_one_address(repository: Repository):
    made = MadeFile([(FIRST, number % 3, number % 3 + 1) for number in range(3000)])
    register(caller(repository), made)
    found = reconstruction.reconstruct(caller(repository, writes=False), text(made.true_hash()))
    assert len(found.terms) == 3000
    assert [(fetch.start, fetch.end) for fetch in found.fetches[text(FIRST.hash)]] == [(0, 3)]
    assert rebuilt(found) == made.content


def test_a_range_in_too_many_pieces_is_refused_and_a_shorter_one_answered(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
):
    """A client would take less than it asked for the end of the file."""
    monkeypatch.setattr(reconstruction, "MOST_TERMS", 3)
    reader = caller(repository, writes=False)
    with pytest.raises(ContentTooLarge, match="shorter"):
        reconstruction.reconstruct(reader, NAME)
    last = len(FIRST.chunks[2])
    found = reconstruction.reconstruct(reader, NAME, SIZE - last)
    assert len(found.terms) == 1
    assert rebuilt(found) == FILE.content[-last:]
