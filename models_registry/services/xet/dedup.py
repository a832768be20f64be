"""Telling a client what it need not send, because it could download it from here.

An answer speaks only of chunks of files that the caller may read; so it reveals nothing that a download would not.
"""

import time

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac

from accounts.models import User
from hub.errors import RateLimited
from models_registry.formats import merkle, shard
from models_registry.formats.xorb import ChunkTable
from models_registry.models import Repository, XetTerm, Xorb
from models_registry.services.xet.tokens import Caller
from models_registry.services.xet.xorbs import announcement

_WEEK = 7 * 24 * 3600
ANSWER_SECONDS = 2 * _WEEK
"""How long a client may keep an answer: shorter than what it names is kept (`xorbs.KEPT_AFTER_UPLOAD`)."""
MOST_QUESTIONS = 10_000
_MOST_CANDIDATES = 8
_NEIGHBOURS = 8
_MOST_RANGES = 200


def known_chunks(caller: Caller, chunk_hash: str) -> bytes | None:
    """A shard of the xorb that holds this chunk and of those beside it in the same file, if there is one to tell of.

    Raises RateLimited, which clients take for "not known".
    """
    user = caller.actor.user
    if user is not None:
        _count(user)
    elif not caller.converts:
        return None
    raw = merkle.hash_from_text(chunk_hash)
    candidates = Xorb.objects.filter(chunk_keys__chunk=chunk_hash).order_by("-pk")
    for candidate in candidates[:_MOST_CANDIDATES]:
        term = _readable_term(caller, candidate, raw)
        if term is not None:
            return _answer(caller, term)
    return None


def _count(user: User) -> None:
    """A client asks once for some 16 MiB: who asks more is looking for something else."""
    key = f"xet-chunk-questions:{user.pk}:{int(time.time()) // 60}"
    cache.add(key, 0, timeout=120)
    if cache.incr(key) > MOST_QUESTIONS:
        raise RateLimited(f"At most {MOST_QUESTIONS} chunks may be asked for in a minute.")


def _readable_terms(caller: Caller) -> QuerySet[XetTerm]:
    """The hub itself may build on what everybody may read, and on what the repository has: whoever finds out by what it made
    of a content could have read that anyway."""
    readable = Q(
        file__lfs_object__possessions__repository__in=Repository.objects.readable_by(caller.actor).values("pk")
    )
    if caller.converts:
        readable |= Q(file__lfs_object__possessions__repository=caller.repository)
    return XetTerm.objects.filter(readable)


def _readable_term(caller: Caller, candidate: Xorb, raw: bytes) -> XetTerm | None:
    """A term of a readable file that covers the chunk, if there is one."""
    table = ChunkTable(bytes(candidate.chunk_table))
    place = next(index for index in range(len(table)) if table.hash(index) == raw)
    terms = _readable_terms(caller).filter(xorb=candidate, chunk_start__lte=place, chunk_end__gt=place)
    return terms.order_by("-pk").first()


def _answer(caller: Caller, term: XetTerm) -> bytes:
    near = XetTerm.objects.filter(
        file=term.file_id, index__gte=term.index - _NEIGHBOURS, index__lte=term.index + _NEIGHBOURS
    )
    named = sorted(set(near.values_list("xorb", flat=True)))
    Xorb.objects.filter(pk__in=named).update(announced_until=announcement())
    xorbs = list(Xorb.objects.filter(pk__in=named).order_by("pk"))  # what is here now will stay
    shown = []
    for found in xorbs:
        ranges = _readable_terms(caller).filter(xorb=found).values_list("chunk_start", "chunk_end").distinct()
        table = ChunkTable(bytes(found.chunk_table))
        shown.append(shard.ShownXorb(merkle.hash_from_text(found.hash), table, list(ranges[:_MOST_RANGES])))
    now = int(time.time())
    return shard.build_dedup_answer(shown, key=_key(caller.actor.user, now), created=now, expires=now + ANSWER_SECONDS)


def _key(user: User | None, now: int) -> bytes:
    """One per user and week: a client hashes each chunk under every key it holds, so there should be few."""
    value = f"{user.pk if user else 'hub'}:{now // _WEEK}"
    return salted_hmac("grove.xet.dedup", value, secret=settings.SECRET_KEY, algorithm="sha256").digest()
