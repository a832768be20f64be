"""Pages of history: commits, what each changed, two revisions compared, branches and tags."""

import json
import struct

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Actor, User
from models_registry.models import PullRequest, Reference, Repository
from models_registry.services import ancestry, objects, references
from models_registry.services.ancestry import Distance
from models_registry.services.changes import AddFile, Change, Move
from models_registry.services.commits import create_commit, write_commit
from models_registry.services.indexing import index_commit
from tests import make


@pytest.fixture
def owner() -> User:
    return make.user()


@pytest.fixture
def repository(owner: User) -> Repository:
    made = make.repository(owner)
    make.commit(made, {"train.py": "".join(f"line_{number} = {number}\n" for number in range(40)), "a/b.txt": "b\n"})
    references.create_branch(actor=Actor(user=owner), repository=made, name="feature/x")
    return made


def at(repository: Repository, rest: str) -> str:
    return f"{repository.get_absolute_url()}/{rest}"


def get(client: Client, repository: Repository, rest: str, status: int = 200) -> str:
    answer = client.get(at(repository, rest))
    assert answer.status_code == status, answer.content.decode()[:500]
    return answer.content.decode()


def head(repository: Repository, revision: str = "main") -> str:
    return references.resolve(repository, revision).oid


def safetensors(**tensors: tuple[str, list[int]]) -> bytes:
    header, end = {}, 0
    for name, (dtype, shape) in tensors.items():
        size = {"F32": 4, "F16": 2}[dtype]
        for length in shape:
            size *= length
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(end)


def unrelated(repository: Repository) -> None:
    """A branch that begins with a first commit of its own."""
    tip = references.resolve(repository, "main")
    commit = write_commit(
        actor=Actor(user=repository.creator), repository=repository, tree=tip.tree, parents=[], title="another root",
        body="", prepared=[], batch=objects.next_batch(repository),
    )  # fmt: skip
    references.add(repository, "refs/heads/other-root", commit.oid)


# What differs, and how it is shown


@pytest.mark.parametrize("how", ["unified", "split"])
def test_a_changed_line_is_shown_on_both_sides_and_counted(client: Client, repository: Repository, how: str) -> None:
    make.commit(repository, {"train.py": "".join(f"line_{n} = {n if n != 20 else '<b>'}\n" for n in range(40))})
    page = get(client, repository, f"commit/main?diff={how}")
    assert '<span class="change-added">+1</span> <span class="change-removed">−1</span>' in page
    assert "&lt;" in page
    assert "<b>\n" not in page
    assert ('class="split"' in page) is (how == "split")
    assert "line_17" in page
    assert "line_5<" not in page
    assert "?diff=split" in page


def test_all_lines_of_one_file_are_shown_when_asked(client: Client, repository: Repository) -> None:
    make.commit(repository, {"train.py": "".join(f"line_{n} = {n + (n == 20)}\n" for n in range(40)), "x": "1"})
    assert "whole=train.py" in get(client, repository, "commit/main")
    page = get(client, repository, "commit/main?whole=train.py")
    assert "line_0" in page
    assert "line_39" in page
    assert 'aria-label="x"' not in page
    assert "is the same on both sides" in get(client, repository, "commit/main?whole=a/b.txt")


def test_renames_pictures_and_binary_files_are_told(client: Client, repository: Repository) -> None:
    before = make.commit(repository, {"plot.png": b"\x89PNG\0", "data.bin": b"\0\1"}).oid
    after = create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch="main", parent=None, title="rename",
        changes=[Move("a/b.txt", "c.txt"), *_added({"plot.png": b"\x89PNG\0\0", "data.bin": b"\0\1\2"})],
    ).oid  # fmt: skip
    page = get(client, repository, "commit/main")
    assert "a/b.txt →" in page
    assert "The content is the same." in page
    for oid in (before, after):
        assert f"/resolve/{oid}/plot.png" in page
    assert "2\xa0bytes → 3\xa0bytes" in page


def _added(files: dict[str, bytes]) -> list[Change]:
    return [AddFile.of(path, content) for path, content in files.items()]


def test_tensors_that_differ_are_told_when_asked(client: Client, repository: Repository) -> None:
    old = {"kept": ("F32", [2]), "gone": ("F32", [1]), "cast": ("F32", [4, 2])}
    make.commit(repository, {"model.safetensors": safetensors(**old)})
    new = {"kept": ("F32", [2]), "new": ("F16", [3]), "cast": ("F16", [4, 2])}
    make.commit(repository, {"model.safetensors": safetensors(**new)})
    assert "Which tensors" in get(client, repository, "commit/main")
    page = get(client, repository, "commit/main?whole=model.safetensors")
    for told in ("F32 4 × 2", "F16 4 × 2", ">gone<", ">new<", "One tensor has the same name"):
        assert told in page
    assert ">kept<" not in page
    make.commit(repository, {"model.safetensors": b"\0" * 9})
    assert "note-bad" in get(client, repository, "commit/main?whole=model.safetensors")


def test_tensors_that_were_read_after_the_commit_are_not_read_again(
    client: Client, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make.commit(repository, {"model.safetensors": safetensors(new=("F16", [3]))})
    index_commit(repository.pk, made.oid)
    monkeypatch.setattr("models_registry.services.indexing.tensors.reader_of", None)
    assert ">new<" in get(client, repository, "commit/main?whole=model.safetensors")


def test_a_merge_names_both_parents_and_a_first_commit_none(client: Client, repository: Repository) -> None:
    make.commit(repository, {"f": "1"}, branch="feature/x")
    ours, theirs = references.resolve(repository, "main"), references.resolve(repository, "feature/x")
    merge = write_commit(
        actor=Actor(user=repository.creator), repository=repository, tree=theirs.tree, parents=[ours.oid, theirs.oid],
        title="merge", body="", prepared=[], batch=objects.next_batch(repository),
    )  # fmt: skip
    page = get(client, repository, f"commit/{merge.oid}")
    assert f"/commit/{ours.oid}" in page
    assert f"/commit/{theirs.oid}" in page
    first = ours.first_parent
    assert first is not None
    assert "the first commit" in get(client, repository, f"commit/{first}")


def test_commits_are_grouped_by_day_with_the_files_at_each(client: Client, repository: Repository) -> None:
    page = get(client, repository, "commits/main")
    assert page.count('class="commit-day"') == 1
    assert f"/tree/{head(repository)}" in page
    assert "/commits/feature/x" in page  # the switch stays on this page


# Compared


@pytest.mark.parametrize(
    ("asked", "status", "told"),
    [
        ("main...feature/x", 200, "feature/x has one commit that main lacks"),
        ("main..feature/x", 200, "main has one that feature/x lacks"),
        ("feature/x...main", 200, "main has one commit that feature/x lacks"),
        ("...feature/x", 200, "feature/x has one commit that main lacks"),
        ("main...main", 200, "Both sides are the same"),
        ("main...v1", 200, "are the same commit"),
        ("main~...v0", 404, "main~"),
        ("v0...main", 200, "main has 2 commits that v0 lacks"),
        ("main...v0", 200, "v0 has nothing new"),
        ("main...missing", 404, "missing"),
        ("main..missing", 404, "missing"),
        ("main...other-root", 200, "They have no commit in common"),
        ("main..other-root", 200, "No file differs."),
        ("main", 200, "Both sides are the same"),
    ],
)
def test_two_revisions_are_compared_in_every_state(
    client: Client, repository: Repository, asked: str, status: int, told: str
) -> None:
    actor = Actor(user=repository.creator)
    references.create_tag(
        actor=actor,
        repository=repository,
        name="v0",
        revision=references.resolve(repository, "main").first_parent or "",
    )
    make.commit(repository, {"f": "1"}, branch="feature/x", title="A feature")
    make.commit(repository, {"train.py": "other\n"})
    references.create_tag(actor=actor, repository=repository, name="v1", revision="main", message="annotated")
    unrelated(repository)
    page = get(client, repository, f"compare/{asked}", status)
    assert told in page
    assert 'name="base"' in page


def test_pages_of_a_dataset_are_the_same(client: Client, owner: User) -> None:
    dataset = make.repository(owner, kind="dataset")
    make.commit(dataset, {"data.csv": "a\n"})
    for rest in ("compare/main...main", "branches", "tags", "commits/main/data.csv", "commit/main?diff=split"):
        assert "/datasets/" in get(client, dataset, rest)


def test_three_dots_show_what_the_head_changed_and_two_how_they_differ(client: Client, repository: Repository) -> None:
    make.commit(repository, {"f": "1"}, branch="feature/x")
    make.commit(repository, {"only-main": "1"})
    assert "only-main" not in get(client, repository, "compare/main...feature/x")
    assert "only-main" in get(client, repository, "compare/main..feature/x")


@pytest.mark.parametrize(
    ("query", "leads_to"),
    [
        ("base=main&head=feature/x", "compare/main...feature/x"),
        ("base=&head=feature/x&dots=..", "compare/main..feature/x"),
        ("base=a%3Fb%23c&head=", "compare/a%3Fb%23c...main"),
    ],
)
def test_the_fields_lead_to_the_address(client: Client, repository: Repository, query: str, leads_to: str) -> None:
    assert client.get(at(repository, f"compare?{query}")).headers["Location"] == at(repository, leads_to)


def test_a_pull_request_is_opened_from_a_comparison_once_there_is_something_to_propose(
    client: Client, repository: Repository
) -> None:
    address = at(repository, "compare/main...feature/x")
    assert client.post(address).status_code == 401
    client.force_login(make.user())
    assert "Open the pull request" not in client.get(address).content.decode()
    assert client.post(address).status_code == 409
    tip = make.commit(repository, {"f": "1"}, branch="feature/x", title="A feature")
    assert "Open the pull request" in client.get(address).content.decode()
    answer = client.post(address, {"title": "", "body": "Because."})
    found = PullRequest.objects.get(repository=repository)
    assert answer.headers["Location"] == found.get_absolute_url()
    assert head(repository, found.reference_name) == tip.oid
    assert "A feature" in client.get(found.get_absolute_url()).content.decode()
    assert client.post(at(repository, "compare/v9...feature/x")).status_code == 404
    references.create_tag(actor=Actor(user=repository.creator), repository=repository, name="v1", revision="main")
    assert client.post(at(repository, "compare/v1...feature/x")).status_code == 404  # a tag is nothing to merge into


# Branches and tags


def test_branches_say_how_far_they_are_from_the_default_one(
    client: Client, repository: Repository, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    actor = Actor(user=repository.creator)
    for number in range(12):
        references.create_branch(actor=actor, repository=repository, name=f"b{number}")
        make.commit(repository, {f"f{number}": "1"}, branch=f"b{number}", title=f"On b{number}")
    make.commit(repository)
    with django_assert_max_num_queries(20):
        page = get(client, repository, "branches")
    assert page.count("1 commits ahead of main, 1 behind") == 2 * 12  # as a title, and for screen readers
    assert "On b7" in page
    assert "/branches/delete/" not in page
    assert "On b7" in get(client, repository, "branches?q=B7")
    assert "No name has that in it" in get(client, repository, "branches?q=zzz")


def test_distances_are_told_through_merges_and_for_heads_that_share_nothing(repository: Repository) -> None:
    make.commit(repository, {"f": "1"}, branch="feature/x")
    make.commit(repository, {"g": "1"}, branch="feature/x")
    make.commit(repository)
    main, feature = references.resolve(repository, "main"), references.resolve(repository, "feature/x")
    merge = write_commit(
        actor=Actor(user=repository.creator), repository=repository, tree=main.tree, parents=[feature.oid, main.oid],
        title="merge", body="", prepared=[], batch=objects.next_batch(repository),
    )  # fmt: skip
    unrelated(repository)
    other = references.resolve(repository, "other-root")
    told = ancestry.distances(repository, main, [main, feature, merge, other])
    assert told == {
        main.oid: Distance(0, 0), feature.oid: Distance(2, 1), merge.oid: Distance(3, 0), other.oid: Distance(1, 3),
    }  # fmt: skip
    parting = ancestry.parting(repository, main, merge, most=2)
    assert (parting.fork, parting.distance, parting.commits[0]) == (main.oid, Distance(3, 0), merge.oid)
    assert len(parting.commits) == 2
    assert ancestry.parting(repository, main, other, most=9).fork is None


@pytest.mark.parametrize(
    ("page", "form", "status", "name"),
    [
        ("branches", {"name": "next", "start": "main"}, 302, "refs/heads/next"),
        ("branches", {"name": "feature/x"}, 409, ""),
        ("branches", {"name": "feature"}, 409, ""),
        ("branches", {"name": "a..b"}, 422, ""),
        ("branches", {"name": "next", "start": "missing"}, 404, ""),
        ("tags", {"name": "v1", "start": "feature/x"}, 302, "refs/tags/v1"),
        ("tags", {"name": "v1", "start": "", "message": "The first."}, 302, "refs/tags/v1"),
        ("tags", {"name": ""}, 422, ""),
    ],
)
def test_branches_and_tags_are_made_by_who_may_write(
    client: Client, repository: Repository, owner: User, page: str, form: dict[str, str], status: int, name: str
) -> None:
    assert client.post(at(repository, page), form).status_code == 401
    client.force_login(make.user())
    assert client.post(at(repository, page), form).status_code == 403
    client.force_login(owner)
    before = Reference.objects.filter(repository=repository).count()
    answer = client.post(at(repository, page), form)
    assert answer.status_code == status
    assert Reference.objects.filter(repository=repository).count() == before + bool(name)
    assert not name or Reference.objects.filter(repository=repository, name=name).exists()
    assert name or f'value="{form["name"]}"' in answer.content.decode()
    assert get(client, repository, page)


@pytest.mark.parametrize(
    ("rest", "typed", "status"),
    [
        ("branches/delete/feature/x", "feature/x", 302),
        ("branches/delete/feature/x", "feature", 400),
        ("branches/delete/main", "main", 403),
        ("branches/delete/missing", "missing", 404),
        ("branches/delete/v1", "v1", 404),
        ("tags/delete/v1", "v1", 302),
        ("tags/delete/main", "main", 404),
    ],
)
def test_branches_and_tags_are_deleted_when_their_name_is_typed(
    client: Client, repository: Repository, owner: User, rest: str, typed: str, status: int
) -> None:
    references.create_tag(actor=Actor(user=owner), repository=repository, name="v1", revision="main", message="m")
    before = Reference.objects.filter(repository=repository).count()
    assert client.post(at(repository, rest), {"confirmation": typed}).status_code == 401
    client.force_login(make.user())
    assert client.get(at(repository, rest)).status_code == 403
    client.force_login(owner)
    answer = client.post(at(repository, rest), {"confirmation": typed})
    assert answer.status_code == status
    assert Reference.objects.filter(repository=repository).count() == before - (status == 302)


def test_who_deletes_a_branch_is_told_what_is_lost(client: Client, repository: Repository, owner: User) -> None:
    make.commit(repository, {"f": "1"}, branch="feature/x")
    client.force_login(owner)
    client.post(at(repository, "delete/feature/x/f"), {"how": "propose"})
    page = get(client, repository, "branches/delete/feature/x")
    assert "One of its commits is not in main" in page
    assert "An open pull request is meant for it" in page


@pytest.mark.parametrize(
    "rest",
    ["new/main", "move/main/f", "delete/main/f", "compare", "compare/main...x", "branches", "tags", "tags/delete/x"],
)
def test_pages_of_a_private_repository_answer_as_those_of_a_missing_one(client: Client, owner: User, rest: str) -> None:
    repository = make.repository(owner, private=True)
    make.commit(repository, {"f": "secret"})
    client.force_login(make.user())
    shut = client.get(at(repository, rest))
    missing = client.get(f"/{owner.username}/nothing-here/{rest}")
    assert (shut.status_code, missing.status_code) == (404, 404)


def test_a_pull_requests_files_are_shown_side_by_side_too(client: Client, repository: Repository, owner: User) -> None:
    client.force_login(owner)
    form = {"text": "changed\n", "how": "propose", "path": "train.py"}
    answer = client.post(at(repository, "edit/main/train.py"), form)
    page = client.get(f"{answer.headers['Location']}/files?diff=split").content.decode()
    assert 'class="split"' in page
    assert "changed" in page
