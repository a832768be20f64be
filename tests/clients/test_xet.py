"""What the stock client need not send, because the hub has it: across repositories, and only where it may know."""

import hashlib
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import Client
from tests.live import LiveHub, Member, started_hub

pytestmark = pytest.mark.live
BYTES = 150 * 2**20


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """One's own, so that stored bytes can be counted."""
    with started_hub(tmp_path_factory.mktemp("hub")) as started:
        yield started


@pytest.fixture
def send(hub: LiveHub, tmp_path: Path) -> Callable[[Member, str, bytes], int]:
    """Upload a file by a client that remembers nothing; returns by how many bytes the storage has grown."""

    def upload(member: Member, repository: str, content: bytes) -> int:
        folder = tmp_path / repository.replace("/", "-")
        (folder / "files").mkdir(parents=True)
        (folder / "files" / "weights.bin").write_bytes(content)
        before = hub.stored_bytes()
        environment = hub.client_environment(member, folder / "home")
        fetched = Client("current", Path(sys.executable)).run(
            "round_trip", repository, folder / "files", folder / "back", environment=environment
        )
        assert fetched["weights.bin"] == hashlib.sha256(content).hexdigest()
        return hub.stored_bytes() - before

    return upload


def changed(content: bytes, seed: int) -> bytes:
    """A look-alike: 1 MiB in the middle is other, some bytes are inserted near the start."""
    other = random.Random(seed).randbytes(2**20)
    middle = len(content) // 2
    return content[:1_000_000] + b"inserted" + content[1_000_000:middle] + other + content[middle + len(other) :]


def test_a_client_without_memory_builds_on_what_its_member_has_and_a_stranger_does_not(
    hub: LiveHub, send: Callable[[Member, str, bytes], int]
):
    author, stranger = hub.member("author"), hub.member("stranger")
    content = random.Random(1).randbytes(BYTES)
    assert send(author, "author/first", content) >= BYTES
    assert send(author, "author/second", changed(content, 2)) < BYTES * 0.05
    # Nothing is told to the stranger; of what they send, the hub itself stores a xorb once that comes out the same.
    assert send(stranger, "stranger/own", changed(content, 3)) > BYTES * 0.5
