"""Secrets of one embedded hub: made at its first start, readable by its owner alone, never printed but the demo's."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Keys:
    secret_key: str
    s3_access_key_id: str
    s3_secret_access_key: str
    demo_password: str


def load(path: Path) -> Keys:
    """The keys in the file at `path`, which is made if it is missing."""
    if not path.exists():
        keys = Keys(
            secret_key=secrets.token_urlsafe(48),
            s3_access_key_id=secrets.token_hex(10),
            s3_secret_access_key=secrets.token_urlsafe(32),
            demo_password=f"grove-demo-{secrets.token_hex(4)}",
        )
        write_private(path, json.dumps(asdict(keys), indent=2) + "\n")
    return Keys(**json.loads(path.read_text()))


def take_defaults(path: Path) -> None:
    """Put what a file of NAME=value lines says into the environment, where that says nothing itself."""
    for line in path.read_text().splitlines() if path.exists() else ():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#") and value.strip():
            os.environ.setdefault(name.strip(), value.strip().strip("'\""))


def write_private(path: Path, text: str) -> None:
    """Replace the file at `path`; it is private before the first byte is in it."""
    fresh = path.with_name(path.name + ".new")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.replace(path)
