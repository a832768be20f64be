"""Rows as one pack: their zlib streams are what a pack wants, so nothing is compressed again."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

from django.db.models import Q

from models_registry import storage
from models_registry.formats import git_pack
from models_registry.models import GitObject

_BLOCK = 256 * 1024
_SMALL = 64 * 1024
_AHEAD = 4  # objects in storage that are fetched at once: up to 10 MB each


class Rows:
    """The objects that the writes (since, until] of a repository added. `count` of them."""

    def __init__(self, repository: int, since: int, until: int):
        self._rows = GitObject.objects.filter(repository=repository, batch__gt=since, batch__lte=until)
        self.count = self._rows.count()

    def pack(self) -> Iterator[bytes]:
        """In blocks. Raises StorageUnavailable, ObjectMissing."""
        waiting: list[bytes] = []
        size = 0
        for piece in git_pack.pack(self.count, self._entries()):
            waiting.append(piece)
            size += len(piece)
            if size >= _BLOCK:
                yield b"".join(waiting)
                waiting, size = [], 0
        yield b"".join(waiting)

    def _entries(self) -> Iterator[tuple[int, int, bytes]]:
        for size, at_once in ((Q(size__lt=_SMALL), 1000), (Q(size__gte=_SMALL), 20)):  # 64 MB of memory at most
            rows = self._rows.filter(size, data__isnull=False).values_list("kind", "size", "data")
            for kind, inflated, data in rows.iterator(chunk_size=at_once):
                yield kind, inflated, bytes(data or b"")
        stored = self._rows.filter(data__isnull=True).values_list("kind", "size", "content__key")
        with ThreadPoolExecutor(_AHEAD, thread_name_prefix="git-content") as pool:
            ahead: deque[tuple[int, int, Future[bytes]]] = deque()
            for kind, inflated, key in stored.iterator(chunk_size=1000):
                ahead.append((kind, inflated, pool.submit(storage.get, str(key))))
                if len(ahead) >= _AHEAD:
                    yield _arrived(*ahead.popleft())
            while ahead:
                yield _arrived(*ahead.popleft())


def _arrived(kind: int, size: int, data: "Future[bytes]") -> tuple[int, int, bytes]:
    return kind, size, data.result()
