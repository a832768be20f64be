"""History without certain files: trees, commits and tags made again, and every reference moved to them at once.

New objects are prepared first, some hundreds at a time, while the repository goes on as it is; nothing refers to them yet.
Then one transaction moves the references, if nothing was written meanwhile, and removes what was replaced. Memory holds a
word or two for each tree and commit, and never more parsed trees than `objects.first_trees` reads at once.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Actor
from hub.batches import batches
from hub.errors import Conflict
from models_registry.events import ReferenceMove, commit_created, references_moved
from models_registry.formats import git_objects
from models_registry.formats.git_objects import EMPTY_TREE, Entry
from models_registry.models import (
    Commit,
    FolderHistory,
    GitObject,
    ObjectKind,
    PullRequest,
    Reference,
    Repository,
    RepositoryLfsObject,
)
from models_registry.services import history, objects, reference_guards, references
from models_registry.services.objects import Prepared

_COMMITS = 200  # made again together
_ROWS = 500  # of one statement
_ATTEMPTS = 10


def remove_large_files(actor: Actor, repository: Repository, hashes: Sequence[str]) -> None:
    """Take every file with one of these contents (SHA-256) out of all commits, and the contents from the repository.

    The commits that held them are gone afterwards, with all that followed; others stand in their place. Raises Conflict if
    the repository is written to all the time, ReferenceGuarded if a guarded tag would move.
    """
    rewriting = _Rewriting(actor, repository, hashes)
    for _attempt in range(_ATTEMPTS):
        rewriting.prepare()
        if rewriting.finish():
            return
    raise Conflict(_("The repository is being written to all the time: try again in a moment."))


class _Folder(NamedTuple):
    """What counts of a tree: whether it holds a file to be removed itself, and the trees in it."""

    holds: bool
    below: list[str]


class _Rewriting:
    def __init__(self, actor: Actor, repository: Repository, hashes: Sequence[str]):
        self._actor = actor
        self._repository = repository
        self._hashes = list(hashes)
        self._blobs: set[str] = set()
        self._trees: dict[str, str | None] = {}  # to itself, to another, or to nothing where no file is left
        self._commits: dict[str, str] = {}  # those that become others
        self._seen: set[str] = set()
        self._expected_batch, self._epoch = 0, -1

    def prepare(self) -> None:
        """Make again what is not made yet; everything, if objects were taken out since: some may have been ours."""
        batch, epoch = Repository.objects.values_list("batch", "epoch").get(pk=self._repository.pk)
        if epoch != self._epoch:
            self._trees, self._commits, self._seen = {}, {}, set()
        self._expected_batch, self._epoch = batch, epoch
        rows = GitObject.objects.filter(repository=self._repository, lfs_sha256__in=self._hashes)
        self._blobs = set(rows.values_list("oid", flat=True))
        commits = {
            oid: (tree, parents)
            for oid, tree, parents in Commit.objects.filter(repository=self._repository)
            .values_list("oid", "tree", "parents")
            .iterator(chunk_size=2000)
            if oid not in self._seen
        }
        for chunk in batches(_parents_first({oid: parents for oid, (_tree, parents) in commits.items()}), _COMMITS):
            self._make_trees([commits[oid][0] for oid in chunk])
            self._make_commits({oid: commits[oid] for oid in chunk})
            self._seen.update(chunk)

    def _make_trees(self, roots: Iterable[str]) -> None:
        folders: dict[str, _Folder] = {}
        wanted = [oid for oid in dict.fromkeys(roots) if oid not in self._trees]
        while wanted:
            found: list[str] = []
            for oid, tree in objects.first_trees(self._repository, wanted).items():
                below = [entry.oid for entry in tree.values() if entry.is_folder]
                folders[oid] = _Folder(any(entry.oid in self._blobs for entry in tree.values()), below)
                found += below
            wanted = [oid for oid in dict.fromkeys([*wanted, *found]) if oid not in folders and oid not in self._trees]
        order = _parents_first({oid: folder.below for oid, folder in folders.items()})
        changed = []
        touched: set[str] = set()
        for oid in order:
            folder = folders[oid]
            if folder.holds or any(
                below in touched or self._trees.get(below, below) != below for below in folder.below
            ):
                touched.add(oid)
                changed.append(oid)
            else:
                self._trees[oid] = oid
        while changed:
            loaded = objects.first_trees(self._repository, changed)
            self._insert(list(filter(None, (self._make_tree(oid, tree) for oid, tree in loaded.items()))))
            changed = changed[len(loaded) :]

    def _make_tree(self, oid: str, tree: dict[str, Entry]) -> Prepared | None:
        left = {}
        for name, entry in tree.items():
            if entry.oid in self._blobs:
                continue
            other = self._trees[entry.oid] if entry.is_folder else entry.oid
            if other is not None:
                left[name] = Entry(entry.mode, other)
        encoded = git_objects.encode_tree(left)
        self._trees[oid] = encoded.oid if left else None
        return objects.row_of(encoded, ObjectKind.TREE) if left else None

    def _make_commits(self, commits: dict[str, tuple[str, list[str]]]) -> None:
        moved = {}
        for oid, (tree, parents) in commits.items():
            is_other = self._trees[tree] != tree or any(parent in self._commits for parent in parents)
            if is_other or any(parent in moved for parent in parents):
                moved[oid] = (self._trees[tree] or EMPTY_TREE, parents)
        if not moved:
            return
        raw = self._raw(moved)
        prepared = [objects.row_of(git_objects.encode_tree({}), ObjectKind.TREE)]
        for oid, (tree, parents) in moved.items():
            others = [self._commits.get(parent, parent) for parent in parents]
            encoded = git_objects.moved_commit(raw[oid], tree=tree, parents=others)
            self._commits[oid] = encoded.oid
            prepared.append(objects.row_of(encoded, ObjectKind.COMMIT))
        old = {row.oid: row for row in Commit.objects.filter(repository=self._repository, oid__in=list(moved))}
        rows = [old[oid] for oid in moved]
        for row in rows:
            row.tree, parents = moved[row.oid]
            row.pk, row.oid, row.parents = None, self._commits[row.oid], [self._commits.get(p, p) for p in parents]
            row.first_parent = row.parents[0] if row.parents else None
        with transaction.atomic():
            self._insert(prepared)
            history.add_commits(rows)
            self._copy_maps(list(moved))

    def _raw(self, oids: Iterable[str]) -> dict[str, bytes]:
        rows = GitObject.objects.filter(repository=self._repository, oid__in=list(oids))
        return {row.oid: objects.inflate(row) for row in rows}

    def _copy_maps(self, commits: list[str]) -> None:
        """Which commit last changed what, under the new ids. Names that are gone do no harm: nothing asks for them."""
        rows = FolderHistory.objects.filter(repository=self._repository, commit__in=commits).iterator(chunk_size=_ROWS)
        made = (
            FolderHistory(
                repository=self._repository,
                commit=self._commits[row.commit],
                path=row.path,
                data=history.renamed(bytes(row.data), self._commits),
            )
            for row in rows
        )
        for chunk in batches(made, _ROWS):
            FolderHistory.objects.bulk_create(chunk, ignore_conflicts=True)

    @transaction.atomic
    def _insert(self, prepared: Sequence[Prepared]) -> None:
        if prepared:
            objects.insert(self._repository, prepared, batch=objects.next_batch(self._repository))
            self._expected_batch += 1

    @transaction.atomic
    def finish(self) -> bool:
        """Move every reference and remove what nothing needs any more; False, and nothing done, if there is more to make."""
        batch = objects.next_batch(self._repository)  # holds the repository's row
        epoch = Repository.objects.values_list("epoch", flat=True).get(pk=self._repository.pk)
        if batch != self._expected_batch + 1 or epoch != self._epoch:
            return False
        moved: list[tuple[Reference, ReferenceMove]] = []
        for reference in Reference.objects.filter(repository=self._repository):
            target = self._moved(reference.target, batch)
            if target != reference.target:
                Reference.objects.filter(pk=reference.pk).update(target=target)
                moved.append((reference, ReferenceMove(reference.name, reference.target, target)))
                reference.target = target
        self._require_unguarded(moved)
        self._remove_rows()
        for merged in PullRequest.objects.filter(repository=self._repository, merge_commit__isnull=False):
            for name in ("merge_commit", "base_before"):
                setattr(merged, name, self._commits.get(getattr(merged, name), getattr(merged, name)))
            merged.save(update_fields=["merge_commit", "base_before"])
        Repository.objects.filter(pk=self._repository.pk).update(epoch=F("epoch") + 1)
        history.ask_for_maps(self._repository)  # of commits that had none yet
        heads = {
            row.oid: row
            for row in Commit.objects.filter(repository=self._repository, oid__in=[r.target for r, _ in moved])
        }
        for reference, move in moved:
            if reference.target in heads:
                commit_created.send(
                    sender=Commit, commit=heads[reference.target], reference=reference, before=move.old, actor=None
                )
        if moved:
            references_moved.send(
                sender=Repository, repository=self._repository, moves=[move for _reference, move in moved]
            )
        return True

    def _require_unguarded(self, moved: Sequence[tuple[Reference, ReferenceMove]]) -> None:
        """Raises ReferenceGuarded, which undoes everything."""
        named = references.peeled(self._repository, [reference for reference, _ in moved])
        moves = [move._replace(new=named.get(reference.target, reference.target)) for reference, move in moved]
        reference_guards.require(self._actor, self._repository, *moves)

    def _moved(self, target: str, batch: int) -> str:
        """What a reference to a commit or an annotated tag names from now on; a tag is made again."""
        if target in self._seen:
            return self._commits.get(target, target)
        tag = GitObject.objects.filter(repository=self._repository, oid=target, kind=ObjectKind.TAG).first()
        if tag is None:
            return target
        raw = objects.inflate(tag)
        named = git_objects.tag_target(raw)
        other = self._moved(named, batch)
        if other == named:
            return target
        encoded = git_objects.moved_tag(raw, target=other)
        objects.insert(self._repository, [objects.row_of(encoded, ObjectKind.TAG)], batch=batch)
        self._commits[target] = encoded.oid  # the old tag is removed with the old commits
        self._seen.add(target)
        return encoded.oid

    def _remove_rows(self) -> None:
        replaced_trees = (oid for oid, other in self._trees.items() if other != oid)
        for chunk in batches([*self._commits, *self._blobs, *replaced_trees], _ROWS):
            GitObject.objects.filter(repository=self._repository, oid__in=chunk).delete()
            Commit.objects.filter(repository=self._repository, oid__in=chunk).delete()
            FolderHistory.objects.filter(repository=self._repository, commit__in=chunk).delete()
        RepositoryLfsObject.objects.filter(repository=self._repository, lfs_object__sha256__in=self._hashes).delete()


def _parents_first(above: dict[str, list[str]]) -> list[str]:
    """Every key after those of its values that are keys too."""
    order: list[str] = []
    done: set[str] = set()
    for start in above:
        stack = [start]
        while stack:
            oid = stack[-1]
            if oid in done:
                stack.pop()
                continue
            missing = [other for other in above[oid] if other in above and other not in done]
            if missing:
                stack += missing
            else:
                done.add(oid)
                order.append(oid)
                stack.pop()
    return order
