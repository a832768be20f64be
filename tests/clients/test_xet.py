"""What the stock client need not send, because the hub has it: across repositories, and only where it may know."""

import hashlib
import random
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from huggingface_hub import HfApi

from tests.clients.conftest import Client, old_client
from tests.live import LiveHub, Member, started_hub

pytestmark = pytest.mark.live
BYTES = 150 * 2**20
TOKEN_SECONDS = 33
"""Clients renew a token half a minute before it ends: these, after three seconds."""


CURRENT = Client("current", Path(sys.executable))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """One's own, so that stored bytes can be counted."""
    with started_hub(tmp_path_factory.mktemp("hub"), HUB_XET_TOKEN_SECONDS=str(TOKEN_SECONDS)) as started:
        yield started


@pytest.fixture
def send(hub: LiveHub, tmp_path: Path) -> Callable[[Member, str, bytes], int]:
    """Upload a file by a client that remembers nothing; returns by how many bytes the storage has grown."""

    def upload(member: Member, repository: str, content: bytes, client: Client = CURRENT) -> int:
        folder = tmp_path / repository.replace("/", "-")
        (folder / "files").mkdir(parents=True)
        (folder / "files" / "weights.bin").write_bytes(content)
        before = hub.stored_bytes()
        environment = hub.client_environment(member, folder / "home")
        fetched = client.run("round_trip", repository, folder / "files", folder / "back", environment=environment)
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


def test_a_fine_tune_of_a_public_model_sends_only_what_is_new(hub: LiveHub, send: Callable[[Member, str, bytes], int]):
    """By another member, whose client has never seen the model."""
    author, tuner = hub.member("publisher"), hub.member("tuner")
    HfApi(endpoint=hub.address, token=author.token).create_repo("publisher/base")
    content = random.Random(4).randbytes(BYTES)
    assert send(author, "publisher/base", content) >= BYTES
    assert send(tuner, "tuner/fine-tune", changed(content, 5)) < BYTES * 0.05


@pytest.mark.old_client
def test_a_client_that_asks_by_lfs_which_way_to_go_goes_by_xet(
    hub: LiveHub, send: Callable[[Member, str, bytes, Client], int]
):
    member = hub.member("careful")
    content = random.Random(6).randbytes(20 * 2**20)
    older = Client("0.36.2", old_client("0.36.2"))
    send(member, "careful/model", content, older)
    [file] = HfApi(endpoint=hub.address, token=member.token).get_paths_info("careful/model", ["weights.bin"])
    assert file.xet_hash
    assert send(member, "careful/copy", content, older) < 2**20, "nothing is sent twice"


@pytest.fixture
def token_origin(hub: LiveHub) -> Iterator[tuple[str, Counter[str]]]:
    """Stands before the hub where tokens are given out, and counts them by kind."""
    asked: Counter[str] = Counter()

    class Counting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked["write" if "/xet-write-token/" in self.path else "read"] += 1
            headers = {"Authorization": self.headers["Authorization"]}
            answer = requests.get(f"{hub.address}{self.path}", headers=headers, timeout=30)
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counting)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_token_is_renewed_in_the_middle_of_a_transfer(
    hub: LiveHub, token_origin: tuple[str, Counter[str]], tmp_path: Path
):
    member = hub.member("patient")
    HfApi(endpoint=hub.address, token=member.token).create_repo("patient/model")
    origin, asked = token_origin
    environment = hub.client_environment(member, tmp_path / "home", HF_XET_CACHE=str(tmp_path / "xet"))
    assert CURRENT.run("slow_transfer", "patient/model", origin, "3", "4", environment=environment) is True
    assert asked["write"] >= 2
    assert asked["read"] >= 2
