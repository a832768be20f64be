"""The hashes by which Xet names chunks, xorbs and files.

Every hash here is 32 raw bytes. Source: the Xet protocol documentation, version 1.1.0 ("Hashing methods", with the
keys below), and `draft-denis-xet-03`; checked against the `hf_xet` wheel in the tests.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from blake3 import blake3

HASH_SIZE = 32
ZERO_HASH = bytes(HASH_SIZE)

CHUNK_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")
VERIFICATION_KEY = bytes.fromhex("7f1857d6ce56ed66127ff913e7a5c3f3a4cd26d5b5db49e64124987f28fb94c3")
FILE_KEY = ZERO_HASH
"""The salt of file hashes; the protocol allows others, every public client uses zeros."""

MIN_GROUP, MAX_GROUP = 3, 9
"""A group of siblings ends at the first child from the third on whose hash is 0 mod 4, at the ninth at the latest."""

GLOBAL_DEDUP_MODULUS = 1024
"""Of all chunks, those with hash 0 mod 1024 (and the first of each file) may be asked for across the whole hub."""


def hash_to_text(raw: bytes) -> str:
    """64 lowercase hex digits: the hash as four little-endian u64, so each group of 8 bytes is reversed.

    Raises ValueError if `raw` is not 32 bytes.
    """
    if len(raw) != HASH_SIZE:
        raise ValueError(f"A hash has {HASH_SIZE} bytes, not {len(raw)}.")
    return regrouped(raw).hex()


def hash_from_text(text: str) -> bytes:
    """The inverse of `hash_to_text`. Raises ValueError for anything but 64 lowercase hex digits."""
    if len(text) != 2 * HASH_SIZE or not set(text) <= set("0123456789abcdef"):
        raise ValueError("A hash is written as 64 lowercase hexadecimal digits.")
    return regrouped(bytes.fromhex(text))


def regrouped(raw: bytes) -> bytes:
    """Each group of 8 bytes reversed: what turns a SHA-256 as a shard stores it into the ordinary one, and back."""
    return raw[7::-1] + raw[15:7:-1] + raw[23:15:-1] + raw[:23:-1]


def hash_modulo(raw: bytes, divisor: int) -> int:
    """The hash's last u64 (little-endian) modulo `divisor`: how the protocol draws from hashes."""
    return int.from_bytes(raw[24:], "little") % divisor


def chunk_hash(data: bytes | bytearray | memoryview) -> bytes:
    """The name of a chunk's (unpacked) bytes."""
    return blake3(data, key=CHUNK_KEY).digest()


def tree_root(leaves: Iterable[tuple[bytes, int]]) -> bytes:
    """Root of the Merkle tree over (hash, length in bytes) pairs; of one leaf its own hash, of none zeros."""
    rest = iter(leaves)  # a large file has millions: they are never held all at once
    first = list(islice(rest, 2))
    if len(first) < 2:
        return first[0][0] if first else ZERO_HASH
    level = [_node(group) for group in _groups(chain(first, rest))]
    while len(level) > 1:
        level = [_node(group) for group in _groups(level)]
    return level[0][0]


def _groups(level: Iterable[tuple[bytes, int]]) -> Iterator[list[tuple[bytes, int]]]:
    group: list[tuple[bytes, int]] = []
    for child in level:
        group.append(child)
        # The lowest byte of the hash's last u64 decides its remainder by 4.
        if len(group) == MAX_GROUP or (len(group) >= MIN_GROUP and child[0][24] % 4 == 0):
            yield group
            group = []
    if group:
        yield group


def _node(children: Sequence[tuple[bytes, int]]) -> tuple[bytes, int]:
    text = "".join(f"{hash_to_text(child)} : {length}\n" for child, length in children)
    return blake3(text.encode(), key=NODE_KEY).digest(), sum(length for _, length in children)


def file_hash(chunks: Iterable[tuple[bytes, int]]) -> bytes:
    """The name of a file, from the (hash, length) of all its chunks in order; of an empty file zeros."""
    root = tree_root(chunks)
    return ZERO_HASH if root == ZERO_HASH else blake3(root, key=FILE_KEY).digest()


def range_verification(chunk_hashes: bytes) -> bytes:
    """What a term carries to prove that its author knows the chunks it names; their raw hashes follow one another."""
    return blake3(chunk_hashes, key=VERIFICATION_KEY).digest()


def keyed_chunk_hash(key: bytes, raw: bytes) -> bytes:
    """A chunk's hash as a deduplication answer shows it: recognised by who has the chunk, of no use to others."""
    return blake3(raw, key=key).digest()
