"""A pack as it arrives: streamed into git's index-pack beside the object folder, counted, and checked by git's fsck."""

import re
import subprocess
import time
from pathlib import Path
from typing import IO

from models_registry.errors import PushRefused
from models_registry.formats import git_pack
from models_registry.services.git import programs

LARGEST_PACK = 500 * 10**6
MOST_OBJECTS = 200_000
_MEMORY = 2**30  # in which a delta that unfolds without end ends
_BLOCK = 256 * 1024
_DRAIN_SECONDS = 600
_DRAIN_BYTES = 4 * LARGEST_PACK
_NOTHING_FOLLOWS = re.compile(rb"(?:pack|keep)\t[0-9a-f]{40}\n")


def drain(stream: IO[bytes]) -> None:
    """Read what a refused client still sends, within reason: many show an answer only once they have sent everything."""
    ends = time.monotonic() + _DRAIN_SECONDS
    left = _DRAIN_BYTES
    while left > 0 and time.monotonic() < ends and (block := stream.read(_BLOCK)):
        left -= len(block)


def unpack(stream: IO[bytes], folder: Path) -> None:
    """Put the pack that follows in the stream into the folder. Raises PushRefused; the stream may not be at its end then.

    A stream without a pack is one without new objects.
    """
    header = stream.read(git_pack.HEADER_BYTES)
    if not header:
        return
    try:
        count = git_pack.object_count(header)
    except git_pack.BadPack as error:
        raise PushRefused(str(error)) from None
    if count > MOST_OBJECTS:
        raise PushRefused(
            f"{count} objects were sent; one push may bring {MOST_OBJECTS}.",
            "Push older commits first: git push origin <commit>:refs/heads/main, then the rest.",
        )
    with (
        (folder / "written").open("w+b") as written,
        (folder / "words").open("w+b") as words,
        programs.running(
            ["index-pack", "--stdin", "--fix-thin", "--strict", f"--max-input-size={LARGEST_PACK}"],
            folder=folder, stdin=subprocess.PIPE, stdout=written, stderr=words, memory=_MEMORY,
        ) as process,
    ):  # fmt: skip
        all_read = _feed(process, header, stream)
        code = process.wait()
        written.seek(0)
        words.seek(0)
        if code:
            raise PushRefused("git refuses what was sent.", *_reasons(words.read(4000), code))
        if not all_read or not _NOTHING_FOLLOWS.fullmatch(written.read(100)):
            raise PushRefused("Something follows the pack that does not belong to it.")


def _feed(process: "subprocess.Popen[bytes]", header: bytes, stream: IO[bytes]) -> bool:
    """Whether git took it all. Raises PushRefused for a pack that is too large."""
    assert process.stdin is not None
    sent = 0
    block = header
    try:
        while block:
            sent += len(block)
            if sent > LARGEST_PACK:
                raise PushRefused(
                    f"A push may bring {LARGEST_PACK // 10**6} MB.",
                    "Large files belong into git-lfs: git lfs migrate import --above=10MB",
                )
            process.stdin.write(block)
            block = stream.read(_BLOCK)
        process.stdin.close()
    except BrokenPipeError:
        return False
    return True


def _reasons(words: bytes, code: int) -> list[str]:
    found = [line.strip() for line in words.decode("utf-8", "replace").splitlines() if line.strip()]
    return found[-5:] or [f"git index-pack ended with {code}: it ran out of memory or time."]
