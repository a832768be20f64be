"""The object folder: built from rows, topped up, repacked and evicted without anybody's noticing."""

import os
import shutil
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import F

from models_registry.models import Repository
from models_registry.services import references
from models_registry.services.git import folders, programs, request_folders
from models_registry.storage import ObjectMissing
from tests import make


def objects_in(objects: Path) -> set[str]:
    with request_folders.made({}) as folder:
        listed = programs.run(
            ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"], folder=folder, objects=objects
        )
    return set(listed.decode().split())


def packs(objects: Path) -> int:
    return len(list((objects / "pack").glob("*.pack")))


def root_of(repository: Repository) -> Path:
    return Path(settings.GIT_CACHE_DIR) / folders.snapshot(repository).key


def rows(repository: Repository) -> set[str]:
    return set(repository.git_objects.values_list("oid", flat=True))


def test_it_holds_all_rows_and_is_topped_up_by_a_pack_for_what_is_new():
    repository = make.repository()
    make.commit(repository, {"large.bin": os.urandom(2 * 2**20), "a/b": "small"})  # one of them lies in storage
    with folders.held(folders.snapshot(repository)) as objects:
        assert objects_in(objects) == rows(repository)
        assert packs(objects) == 1
    make.commit(repository)
    with folders.held(folders.snapshot(repository)) as objects:
        assert objects_in(objects) == rows(repository)
        assert packs(objects) == 2
    with folders.held(folders.snapshot(repository)) as objects:
        assert packs(objects) == 2


def test_it_may_vanish_at_any_time():
    repository = make.repository()
    with folders.held(folders.snapshot(repository)):
        pass
    shutil.rmtree(settings.GIT_CACHE_DIR)
    with folders.held(folders.snapshot(repository)) as objects:
        assert objects_in(objects) == rows(repository)


def test_what_was_deleted_from_the_repository_is_not_read_from_an_old_folder():
    repository = make.repository()
    gone = make.commit(repository, {"secret.txt": "secret"})
    with folders.held(folders.snapshot(repository)) as objects:
        assert gone.oid in objects_in(objects)
    first = references.resolve(repository, f"{gone.first_parent}").oid
    repository.references.update(target=first)
    repository.git_objects.filter(oid=gone.oid).delete()
    Repository.objects.filter(pk=repository.pk).update(epoch=F("epoch") + 1)
    with folders.held(folders.snapshot(repository)) as objects:
        assert gone.oid not in objects_in(objects)


def test_many_packs_become_one_while_the_old_ones_are_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(folders, "MOST_PACKS", 3)
    repository = make.repository()
    with folders.held(folders.snapshot(repository)) as first:
        for _ in range(4):
            make.commit(repository)
            with folders.held(folders.snapshot(repository)):
                pass
            repacked()
        assert objects_in(first) <= rows(repository), "still readable"
        with folders.held(folders.snapshot(repository)) as renewed:
            assert renewed != first
            assert packs(renewed) <= 2
            assert objects_in(renewed) == rows(repository)
    with folders.held(folders.snapshot(repository)):
        pass
    assert not first.exists(), "nobody reads it any more"


def repacked() -> None:
    """Wait for what runs in the background."""
    for thread in threading.enumerate():
        if thread.name == "git-repack":
            thread.join()


def test_the_least_used_are_evicted_and_those_in_use_are_not():
    old, new = make.repository(), make.repository()
    for repository in (old, new):
        with folders.held(folders.snapshot(repository)):
            pass
    os.utime(root_of(old) / "first" / "lock", (1, 1))
    with folders.held(folders.snapshot(new)) as objects:
        folders.evict(1)
        assert objects_in(objects) == rows(new)
    assert not root_of(old).exists()
    assert root_of(new).exists()
    folders.evict(0)
    assert not root_of(new).exists()


def test_two_that_clean_up_at_once_do_not_disturb_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    repository = make.repository()
    with folders.held(folders.snapshot(repository)):
        pass
    monkeypatch.setattr(folders, "_trash", lambda: tmp_path / "emptied meanwhile")
    folders.evict(0)
    assert root_of(repository).exists()


def test_what_killed_requests_have_left_is_swept():
    root = Path(settings.GIT_CACHE_DIR) / "requests"
    (root / "left" / "objects").mkdir(parents=True)
    os.utime(root / "left", (1, 1))
    with request_folders.made({}) as folder:
        folders.evict(0)
        assert folder.exists()
    assert not (root / "left").exists()


def test_a_storage_that_has_lost_a_file_is_told_and_leaves_no_half_folder():
    repository = make.repository()
    make.commit(repository, {"large.bin": os.urandom(2 * 2**20)})
    row = repository.git_objects.get(content__isnull=False)
    assert row.content is not None
    kept = row.content.key
    row.content.key = "blobs/never"
    row.content.save()
    with pytest.raises(ObjectMissing), folders.held(folders.snapshot(repository)):
        pass
    row.content.key = kept
    row.content.save()
    with folders.held(folders.snapshot(repository)) as objects:
        assert objects_in(objects) == rows(repository)
