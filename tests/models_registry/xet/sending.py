"""What a client does to send content: xorbs first, then the shard that makes files of them."""

import random
from collections import deque

from accounts.models import Actor, User
from models_registry.formats import merkle
from models_registry.models import LfsObject, Repository, XetFile
from models_registry.services.xet import registration, tokens, xorbs
from models_registry.services.xet.tokens import Caller
from tests.models_registry.formats.xet_bytes import MadeFile, MadeXorb, make_shard, make_xorb


def caller(repository: Repository, user: User | None = None, *, writes: bool = True) -> Caller:
    """Whom the CAS sees when `user` (the repository's creator, if none is given) comes with a token for it."""
    actor = Actor(user=user or repository.creator)
    issue = tokens.issue_write_token if writes else tokens.issue_read_token
    return tokens.caller_with(issue(actor, repository, "main").value)


def some_chunks(count: int, seed: int, size: int = 2000) -> list[bytes]:
    chance = random.Random(seed)
    return [chance.randbytes(chance.randint(1, size)) for _ in range(count)]


def some_xorb(seed: int, count: int = 6, size: int = 2000, scheme: int = 0) -> MadeXorb:
    return make_xorb(*some_chunks(count, seed, size), scheme=scheme)


def text(raw: bytes) -> str:
    return merkle.hash_to_text(raw)


def send_xorb(to: Caller, *made: MadeXorb) -> None:
    for one in made:
        xorbs.receive(to, text(one.hash), one.data)


def register(to: Caller, *files: MadeFile, new: tuple[MadeXorb, ...] = ()) -> None:
    deque(registration.register_shard(to, make_shard(files, new)), maxlen=0)


def send_file(to: Caller, *pieces: tuple[MadeXorb, int, int]) -> LfsObject:
    """Send the xorbs of these pieces and register the file they make."""
    made = MadeFile(pieces)
    unique = {piece[0].hash: piece[0] for piece in pieces}
    send_xorb(to, *unique.values())
    register(to, made, new=tuple(unique.values()))
    return LfsObject.objects.get(xet_file=XetFile.objects.get(hash=text(made.true_hash())))
