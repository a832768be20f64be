"""git clients that die, and git itself killed: nothing half-made stays, and no process does."""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from huggingface_hub import HfApi

from tests.clients.git_client import Git
from tests.live import LiveHub, Member, started_hub
from tests.services import require

# One after the other, on a hub of their own: they kill every git that they find below it.
pytestmark = [pytest.mark.live, pytest.mark.xdist_group("git_interrupted")]


@pytest.fixture(scope="module")
def live_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    with started_hub(tmp_path_factory.mktemp("interrupted") / "hub") as hub:
        yield hub


@pytest.fixture
def author(live_hub: LiveHub) -> Member:
    require("git")
    return live_hub.member()


@pytest.fixture
def api(live_hub: LiveHub, author: Member) -> HfApi:
    return HfApi(endpoint=live_hub.address, token=author.token)


@pytest.fixture
def git(live_hub: LiveHub, author: Member, tmp_path: Path) -> Git:
    return Git(live_hub, author, tmp_path / "author")


@pytest.fixture
def repository(api: HfApi, author: Member) -> str:
    return api.create_repo(f"{author.name}/interrupted-{random.randrange(10**9)}").repo_id


def wait_for(what: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 30
    while not what() and time.monotonic() < deadline:
        time.sleep(0.05)
    return what()


def git_below(hub: LiveHub) -> list[int]:
    """The git processes that this hub has started, by their working folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and str((process / "cwd").readlink()).startswith(f"{hub.data}/git/"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


def requests_left(hub: LiveHub) -> list[Path]:
    folder = Path(hub.data) / "git" / "requests"
    return list(folder.iterdir()) if folder.exists() else []


def is_clean(hub: LiveHub) -> bool:
    return not git_below(hub) and not requests_left(hub)


def half_a_push(hub: LiveHub, git: Git, repository: str, folder: Path) -> socket.socket:
    """Send the first half of a push by hand, and keep the line open."""
    head = git("rev-parse", "HEAD", at=folder)
    pack = subprocess.run(
        ["git", "pack-objects", "--stdout", "--revs", "-q"],
        cwd=folder,
        input=b"HEAD\n",
        capture_output=True,
        check=True,
    ).stdout
    line = f"{'0' * 40} {head} refs/heads/half\0report-status".encode()
    body = b"%04x%s0000" % (len(line) + 4, line) + pack
    address = urlsplit(hub.address)
    line_out = socket.create_connection((address.hostname, address.port))
    assert git.member is not None
    line_out.sendall(
        (
            f"POST /{repository}.git/git-receive-pack HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {git.member.token}\r\nContent-Type: application/x-git-receive-pack-request\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        + body[: len(body) // 2]
    )
    return line_out


def test_a_push_cut_off_in_the_middle_leaves_nothing(live_hub: LiveHub, api: HfApi, git: Git, repository: str):
    folder = git.clone(repository)
    git.commit(folder, {"large.txt": random.Random(1).randbytes(3 * 2**20).hex()})
    line = half_a_push(live_hub, git, repository, folder)
    assert wait_for(lambda: bool(git_below(live_hub)))
    line.close()
    assert wait_for(lambda: is_clean(live_hub)), (git_below(live_hub), requests_left(live_hub))
    assert [branch.name for branch in api.list_repo_refs(repository).branches] == ["main"]
    git("push", "--quiet", "origin", "HEAD:half", at=folder)


def test_git_killed_in_the_middle_of_a_push_is_told_and_leaves_nothing(
    live_hub: LiveHub, api: HfApi, git: Git, repository: str
):
    folder = git.clone(repository)
    git.commit(folder, {"large.txt": random.Random(2).randbytes(3 * 2**20).hex()})
    line = half_a_push(live_hub, git, repository, folder)
    assert wait_for(lambda: bool(git_below(live_hub)))
    for process in git_below(live_hub):
        os.kill(process, signal.SIGKILL)
    line.close()
    assert wait_for(lambda: is_clean(live_hub))
    assert [branch.name for branch in api.list_repo_refs(repository).branches] == ["main"]


def test_a_clone_that_is_killed_takes_its_git_along(live_hub: LiveHub, git: Git, repository: str):
    folder = git.clone(repository)
    dice = random.Random(3)
    git.commit(folder, {f"{number}.bin": dice.randbytes(5 * 2**20) for number in range(6)})
    git("push", "--quiet", at=folder)
    slow = subprocess.Popen(
        ["git", "-c", "http.lowSpeedLimit=0", "clone", "--quiet", f"{live_hub.address}/{repository}", "killed"],
        cwd=git.home, env=git.environment(), start_new_session=True,
    )  # fmt: skip
    assert wait_for(lambda: bool(git_below(live_hub)))
    os.killpg(slow.pid, signal.SIGSTOP)
    time.sleep(0.5)  # its buffers are full by now
    os.killpg(slow.pid, signal.SIGKILL)
    slow.wait()
    assert wait_for(lambda: is_clean(live_hub)), (git_below(live_hub), requests_left(live_hub))
    assert (git.clone(repository, to="again") / "5.bin").exists()
