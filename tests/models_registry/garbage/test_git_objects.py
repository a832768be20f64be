import contextlib
import io
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.models import Actor
from models_registry.errors import ReferenceExists, RevisionNotFound
from models_registry.models import BlobContent, Commit, FolderHistory, GitObject, Reference, Repository
from models_registry.services import history, objects, references, trees
from models_registry.services.changes import AddFile, Delete
from models_registry.services.commits import create_commit
from models_registry.services.garbage import reachable, repositories
from models_registry.services.repositories import delete_repository
from tests import make
from tests.models_registry.garbage.collecting import WEEK, collect, delete_branch, pass_time, side_branch, stored


@pytest.fixture
def repository() -> Repository:
    return make.repository()


def deep(repository: Repository, branch: str = "main") -> Commit:
    files = {f"folder{number}/inner/file": f"{branch} {number}" for number in range(70)}
    return make.commit(repository, files, branch=branch)


def read_everything(repository: Repository) -> None:
    """Every commit of every reference, with all its files."""
    found = list(Reference.objects.filter(repository=repository))
    peeled = references.peeled(repository, found)
    for reference in found:
        commit = references.resolve(repository, peeled.get(reference.target, reference.target))
        for entry in trees.files(repository, commit):
            objects.inflate(trees.content_of(repository, entry))


def test_what_a_deleted_branch_alone_had_goes_after_the_grace(repository: Repository):
    main = deep(repository)
    side_branch(repository)
    lost = deep(repository, "side")
    shared = {file.oid for file in trees.files(repository, main)}
    delete_branch(repository)

    assert collect(WEEK)["git objects, later"] > 140, "noted, and still here"
    assert references.resolve(repository, lost.oid) == lost
    pass_time(6)
    assert "git objects" not in collect(WEEK)
    pass_time(8)
    assert collect(WEEK)["git objects"] > 140
    with pytest.raises(RevisionNotFound):
        references.resolve(repository, lost.oid)
    assert not FolderHistory.objects.filter(commit=lost.oid).exists()
    left = set(GitObject.objects.filter(repository=repository).values_list("oid", flat=True))
    assert shared < left
    read_everything(repository)
    assert history.last_changes(repository, main.oid, ["folder1/inner"])["folder1/inner"] == {"file": main.oid}
    assert collect(WEEK) == {}


def test_what_came_back_within_the_grace_stays(repository: Repository):
    side_branch(repository)
    lost = deep(repository, "side")
    delete_branch(repository)
    collect(WEEK)
    pass_time()
    references.create_branch(actor=Actor(user=repository.creator), repository=repository, name="back", start=lost.oid)
    assert "git objects" not in collect(WEEK)
    assert not GitObject.objects.filter(unreachable_since__isnull=False).exists()
    read_everything(repository)


def test_old_objects_that_a_new_commit_brings_back_stay(repository: Repository):
    """The new commit writes no rows for what lies there already."""
    first = make.commit(repository, {"a/file": "the same"})
    change = [Delete("a/file")]
    create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch="main", parent=None, changes=change,
        title="away",
    )  # fmt: skip
    Reference.objects.filter(repository=repository).update(target=first.parents[0])
    collect(WEEK)
    assert GitObject.objects.filter(unreachable_since__isnull=False).count() >= 4
    pass_time()
    make.commit(repository, {"a/file": "the same"})
    collect(WEEK)
    read_everything(repository)


def test_every_kind_of_reference_keeps_what_it_leads_to(repository: Repository):
    actor = Actor(user=repository.creator)
    side_branch(repository)
    commits = [make.commit(repository, branch="side") for _ in range(4)]
    references.create_tag(actor=actor, repository=repository, name="light", revision=commits[0].oid)
    references.create_tag(actor=actor, repository=repository, name="heavy", revision=commits[1].oid, message="a text")
    Reference.objects.create(repository=repository, name="refs/pr/1", target=commits[2].oid)
    references.pin(repository=repository, commit=commits[3].oid)
    delete_branch(repository)
    assert collect() == {}
    references.unpin(repository=repository, commit=commits[3].oid)
    assert collect()["git objects"] == 3, "commit, tree and file of the last"
    read_everything(repository)


def test_a_dry_run_says_what_would_go_and_removes_nothing(repository: Repository):
    side_branch(repository)
    make.commit(repository, branch="side")
    delete_branch(repository)
    before = GitObject.objects.count()
    assert collect(WEEK, dry_run=True) == {"git objects, later": 3}
    assert collect(dry_run=True) == {"git objects": 3}
    assert GitObject.objects.count() == before
    assert not GitObject.objects.filter(unreachable_since__isnull=False).exists()


def test_one_repository_alone(repository: Repository):
    other = make.repository()
    for each in (repository, other):
        side_branch(each)
        make.commit(each, branch="side")
        delete_branch(each)
    assert collect(repository=repository) == {"git objects": 3}
    assert collect()["git objects"] == 3


def test_nothing_is_walked_again_while_nothing_has_changed(
    repository: Repository, django_assert_num_queries, monkeypatch: pytest.MonkeyPatch
):
    deep(repository)
    collect()

    def fail(*_: object) -> None:
        raise AssertionError("walked")

    monkeypatch.setattr(reachable.Reachable, "walk", fail)
    collect()
    make.commit(repository)
    with pytest.raises(AssertionError, match="walked"):
        collect()


def test_the_removal_of_objects_raises_the_epoch(repository: Repository):
    """Copies of the objects on the disks of web nodes are told apart by it."""
    side_branch(repository)
    make.commit(repository, branch="side")
    collect()
    assert Repository.objects.get(pk=repository.pk).epoch == 0
    delete_branch(repository)
    collect()
    assert Repository.objects.get(pk=repository.pk).epoch == 1


def large(repository: Repository, content: bytes, branch: str = "main") -> Commit:
    """A regular file whose content lies in storage."""
    return create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch=branch, parent=None,
        changes=[AddFile.of("notes.txt", content, spill_over=10)], title="notes",
    )  # fmt: skip


def test_the_content_of_a_large_regular_file_goes_with_the_last_object_that_is_it(repository: Repository):
    side_branch(repository)
    large(repository, b"kept content of a file")
    large(repository, b"lost content of a file", "side")
    kept, lost = BlobContent.objects.order_by("pk")
    delete_branch(repository)
    collect()
    assert stored(kept.key)
    assert not stored(lost.key)
    assert list(BlobContent.objects.all()) == [kept]
    read_everything(repository)


def test_a_deleted_repository_frees_what_only_it_had(repository: Repository):
    large(repository, b"content of a file that lies in storage")
    [content] = BlobContent.objects.all()
    delete_repository(actor=Actor(user=repository.creator), repository=repository)
    collect()
    assert not stored(content.key)


def test_a_commit_that_a_pin_names_can_be_had_after_its_branch_was_rewritten(repository: Repository, client):
    scored = make.commit(repository, {"model.txt": "scored"})
    references.pin(repository=repository, commit=scored.oid)
    references.pin(repository=repository, commit=scored.oid)
    Reference.objects.filter(repository=repository, name="refs/heads/main").update(target=scored.parents[0])
    make.commit(repository, {"model.txt": "other"})
    collect()
    address = f"/{repository.full_name}/resolve/{scored.oid}/model.txt"
    assert client.get(address).content == b"scored"
    shown = client.get(f"{repository.api_path}/refs").content.decode()
    assert "scores" not in shown


def test_a_commit_that_is_gone_is_not_pinned(repository: Repository):
    references.pin(repository=repository, commit="1" * 40)
    assert not Reference.objects.filter(name__startswith="refs/scores/").exists()


def test_the_command_tells_how_much_went(repository: Repository):
    side_branch(repository)
    make.commit(repository, branch="side")
    delete_branch(repository)
    told = io.StringIO()
    call_command("collect_garbage", "--grace-days", "0", "--dry-run", stdout=told)
    assert "git objects: 3" in told.getvalue()
    assert "Nothing was removed" in told.getvalue()
    call_command("collect_garbage", "--grace-days", "0", "--repository", repository.full_name, stdout=told)
    assert not GitObject.objects.filter(unreachable_since__lte=timezone.now()).exists()


def test_what_a_commit_within_its_grace_needs_stays_however_old_it_is(repository: Repository):
    """It may be fetched back, and then needs objects that were lost long before it."""
    first = make.commit(repository, {"a/file": "the same"})
    Reference.objects.filter(repository=repository).update(target=first.parents[0])
    collect(WEEK)
    pass_time()
    side_branch(repository)
    again = make.commit(repository, {"a/file": "the same", "other": "new"}, branch="side")
    delete_branch(repository)
    collect(WEEK)
    references.create_branch(actor=Actor(user=repository.creator), repository=repository, name="back", start=again.oid)
    read_everything(repository)
    assert {entry.path for entry in trees.files(repository, again)} == {".gitattributes", "a/file", "other"}
    delete_branch(repository, "back")
    for _ in range(3):
        collect(WEEK)
        pass_time()
    collect(WEEK)
    assert GitObject.objects.filter(repository=repository).count() == 3, "the first commit, its folder and its file"


def test_nobody_comes_back_to_a_commit_that_is_half_removed(repository: Repository, monkeypatch: pytest.MonkeyPatch):
    side_branch(repository)
    lost = deep(repository, "side")
    delete_branch(repository)
    collect(WEEK)
    pass_time()
    monkeypatch.setattr(repositories, "_REMOVED_AT_ONCE", 20)
    remove_some = repositories._remove_some

    def and_come_back(*arguments: Any) -> int:
        removed = remove_some(*arguments)
        with contextlib.suppress(RevisionNotFound, ReferenceExists):
            references.create_branch(
                actor=Actor(user=repository.creator), repository=repository, name="back", start=lost.oid
            )
        return removed

    monkeypatch.setattr(repositories, "_remove_some", and_come_back)
    collect(WEEK)
    read_everything(repository)
