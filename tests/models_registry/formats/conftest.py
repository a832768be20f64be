"""What the real client makes of three files: the oracle for hashes, xorbs and shards."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

UPLOAD = """
import json, sys, hf_xet
directory, *paths = sys.argv[1:]
done = hf_xet.upload_files(paths, "local://" + directory, None, None, None, None)
print(json.dumps([info.hash for info in done]))
"""


class RealUpload(NamedTuple):
    """files: content by the file hash that the client gave it. xorbs: serialized, by hash as text."""

    files: dict[str, bytes]
    xorbs: dict[str, bytes]
    shards: list[bytes]


def sample_files() -> dict[str, bytes]:
    """Content that the client packs in each of its three ways: incompressible, float32 of few bits, text."""
    chance = random.Random(20261122)
    floats = b"".join(b"\x00\x00" + chance.randbytes(1) + bytes([0x3F]) for _ in range(400_000))
    text = b"".join(json.dumps({"line": line, "word": chance.choice("abc") * 9}).encode() for line in range(40_000))
    return {"random.bin": chance.randbytes(1_500_000), "float32.bin": floats, "lines.json": text}


@pytest.fixture(scope="session")
def real_upload(tmp_path_factory: pytest.TempPathFactory) -> RealUpload:
    """An upload by `hf_xet` to its own store on disk, by a process of its own: its caches come from the environment."""
    home: Path = tmp_path_factory.mktemp("hf-xet")
    store = home / "store"
    store.mkdir()
    contents = sample_files()
    for name, content in contents.items():
        (home / name).write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", UPLOAD, str(store), *(str(home / name) for name in contents)],
        env={**os.environ, "HF_HOME": str(home), "HF_XET_CACHE": str(home / "cache")},
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    hashes = json.loads(done.stdout)
    return RealUpload(
        files=dict(zip(hashes, contents.values(), strict=True)),
        xorbs={
            path.name.removeprefix("default."): path.read_bytes()
            for path in (store / "xet/xorbs/xorbs").glob("default.*")
            if not path.name.endswith(".tagset")
        },
        shards=[path.read_bytes() for path in (store / "xet/xorbs/shards").glob("*.mdb")],
    )
