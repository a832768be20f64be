"""Clone, fetch and pull: the real upload-pack over the object folder, with the references that are shown."""

import contextlib
import functools
import subprocess
import tempfile
from collections.abc import Iterator
from typing import IO

from accounts.models import Actor
from models_registry import access
from models_registry.errors import ContentTooLarge
from models_registry.models import Repository
from models_registry.services import quarantine
from models_registry.services.git import folders, programs, request_folders

LARGEST_REQUEST = 32 * 2**20  # half a million ids that a client wants or has
_BLOCK = 64 * 1024
_PROTOCOLS = frozenset({"version=1", "version=2"})
_SETTINGS = (
    "uploadpack.allowFilter=true",
    "uploadpackfilter.allow=false",
    "uploadpackfilter.blob:none.allow=true",
    "uploadpackfilter.blob:limit.allow=true",
    "uploadpackfilter.tree.allow=true",
    "uploadpackfilter.tree.maxDepth=0",
)
_COMMAND = ("upload-pack", "--strict", "--stateless-rpc", "--timeout=120")


def _environment(protocol: str) -> dict[str, str]:
    return {"GIT_PROTOCOL": protocol} if protocol in _PROTOCOLS else {}


def advertise(*, actor: Actor, repository: Repository, protocol: str) -> bytes:
    """What a client asks first. protocol: of the header Git-Protocol; empty for the first version.

    Raises GatedRepository, RepositoryDisabled, GitMissing, StorageUnavailable.
    """
    access.require_read(actor, repository)
    quarantine.require_clonable(repository)
    programs.require()
    if protocol == "version=2":
        return _abilities()
    wanted = folders.snapshot(repository)
    with (
        folders.held(wanted) as objects,
        request_folders.made(wanted.references, head=repository.default_branch) as folder,
        programs.running(
            [*_COMMAND, "--http-backend-info-refs", str(folder)], folder=folder, objects=objects, settings=_SETTINGS,
            environment=_environment(protocol),
        ) as process,
    ):  # fmt: skip
        return process.communicate()[0]


@functools.cache
def _abilities() -> bytes:
    """Of protocol version 2, the same for every repository."""
    with (
        request_folders.made({}) as folder,
        programs.running(
            [*_COMMAND, "--http-backend-info-refs", str(folder)], folder=folder, settings=_SETTINGS,
            environment=_environment("version=2"),
        ) as process,
    ):  # fmt: skip
        return process.communicate()[0]


class Answer:
    """The stream of an upload-pack that is running. `close` ends it, wherever it is."""

    def __init__(self, process: subprocess.Popen[bytes], resources: contextlib.ExitStack):
        self._process = process
        self._resources = resources

    def __iter__(self) -> Iterator[bytes]:
        assert self._process.stdout is not None
        try:
            while block := self._process.stdout.read1(_BLOCK):  # type: ignore[attr-defined]  # a BufferedReader
                yield block
        finally:
            self.close()

    def close(self) -> None:
        self._resources.close()


def upload_pack(*, actor: Actor, repository: Repository, protocol: str, body: IO[bytes]) -> Answer:
    """Raises GatedRepository, RepositoryDisabled, GitMissing, StorageUnavailable, ContentTooLarge."""
    access.require_read(actor, repository)
    quarantine.require_clonable(repository)
    wanted = folders.snapshot(repository)
    with contextlib.ExitStack() as resources:
        asked = resources.enter_context(tempfile.TemporaryFile())
        while block := body.read(_BLOCK):
            asked.write(block)
            if asked.tell() > LARGEST_REQUEST:
                raise ContentTooLarge(f"A fetch may ask with at most {LARGEST_REQUEST} bytes.")
        asked.seek(0)
        objects = resources.enter_context(folders.held(wanted))
        folder = resources.enter_context(request_folders.made(wanted.references, head=repository.default_branch))
        process = resources.enter_context(
            programs.running(
                [*_COMMAND, str(folder)], folder=folder, objects=objects, settings=_SETTINGS, stdin=asked,
                environment=_environment(protocol),
            )
        )  # fmt: skip
        return Answer(process, resources.pop_all())
