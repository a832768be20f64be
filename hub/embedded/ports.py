"""Ports on loopback, chosen once and kept from start to start, so that addresses do not change under anybody."""

import json
import socket
from collections.abc import Iterable
from pathlib import Path

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0


def allocate(path: Path, names: Iterable[str], fixed: dict[str, int]) -> dict[str, int]:
    """A port for each of `names`: the one in the file at `path` where it is still free, else a new one.

    `fixed` ports are taken as they are. The answer is written back to `path`.
    """
    known: dict[str, int] = json.loads(path.read_text()) if path.exists() else {}
    ports = dict(fixed)
    for name in names:
        port = known.get(name)
        if port is None or port in ports.values() or not is_free(port):
            port = any_free(taken=ports.values())
        ports[name] = port
    path.write_text(json.dumps(ports, indent=2) + "\n")
    return ports


def any_free(taken: Iterable[int]) -> int:
    while True:
        with socket.socket() as probe:
            probe.bind((LOOPBACK, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port
