"""Two at once, for real: threads with connections of their own."""

import hashlib
import os
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import urllib3
from django.db import connection
from django.test import Client

from accounts.models import Actor, Namespace, User
from hub.errors import HubError
from models_registry import storage
from models_registry.community.models import Follow, Like
from models_registry.community.services import collections, follows, likes
from models_registry.formats import xorb
from models_registry.models import Commit, LfsObject, Repository, RepositoryLfsObject, UploadSession, Xorb
from models_registry.services import history, lfs_files, references, trees, uploads
from models_registry.services.changes import AddFile, AddLfsFile
from models_registry.services.commits import create_commit
from models_registry.services.duplicating import duplicate_repository
from models_registry.services.moving import move_repository
from models_registry.services.pull_requests import propose
from models_registry.services.repositories import create_repository, delete_repository
from models_registry.services.squashing import squash
from models_registry.services.xet import xorbs
from models_registry.storage import Part
from tests import make
from tests.models_registry.formats.conftest import RealUpload, real_upload
from tests.models_registry.xet.sending import caller

__all__ = ["real_upload"]  # a fixture

pytestmark = pytest.mark.django_db(transaction=True)

WRITERS = 6


def at_once(work: list) -> list[object]:
    """Run all at the same moment; each result, or the refusal raised."""
    barrier = Barrier(len(work))

    def run(one) -> object:
        try:
            barrier.wait()
            return one()
        except HubError as error:
            return type(error).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(work)) as pool:
        return list(pool.map(run, work))


def _commit(repository: Repository, number: int, parent: str | None):
    return lambda: create_commit(
        actor=Actor(user=repository.creator), repository=repository, branch="main", parent=parent,
        changes=[AddFile.of(f"file{number}", b"%d" % number)], title=f"commit {number}",
    )  # fmt: skip


def test_of_several_commits_on_one_parent_one_wins_and_the_others_are_told() -> None:
    repository = make.repository()
    head = references.resolve(repository, "main").oid
    results = at_once([_commit(repository, number, head) for number in range(WRITERS)])
    won = [result for result in results if isinstance(result, Commit)]
    assert len(won) == 1
    assert Counter(result for result in results if result not in won) == {"BranchMoved": WRITERS - 1}
    assert references.resolve(repository, "main") == won[0]
    assert repository.commits.count() == 2


def test_commits_without_a_parent_queue_up_and_none_is_lost() -> None:
    repository = make.repository()
    results = at_once([_commit(repository, number, None) for number in range(WRITERS)])
    assert all(isinstance(result, Commit) for result in results), results
    paths = {file.path for file in trees.files(repository, references.resolve(repository, "main"))}
    assert paths == {".gitattributes", *(f"file{number}" for number in range(WRITERS))}


def _proposal(repository: Repository, number: int):
    return lambda: propose(
        actor=Actor(user=repository.creator), repository=repository, base="main", parent=None,
        changes=[AddFile.of(f"file{number}", b"%d" % number)], title=f"proposal {number}",
    )[0].number  # fmt: skip


def test_proposals_made_at_once_have_numbers_of_their_own() -> None:
    repository = make.repository()
    results = at_once([_proposal(repository, number) for number in range(WRITERS)])
    assert sorted(results) == list(range(1, WRITERS + 1))
    names = set(repository.references.filter(name__startswith="refs/pr/").values_list("name", flat=True))
    assert names == {f"refs/pr/{number}" for number in range(1, WRITERS + 1)}


def test_a_proposal_against_the_deletion_of_its_base_is_made_before_or_refused() -> None:
    for _ in range(4):
        repository = make.repository()
        actor = Actor(user=repository.creator)
        references.create_branch(actor=actor, repository=repository, name="base")
        results = at_once(
            [
                lambda repository=repository, actor=actor: references.delete_branch(
                    actor=actor, repository=repository, name="base"
                ),
                lambda repository=repository, actor=actor: propose(
                    actor=actor, repository=repository, base="base", parent=None, changes=[AddFile.of("a", b"1")],
                    title="proposal",
                )[0].base,
            ]
        )  # fmt: skip
        assert results[1] in {"refs/heads/base", "RevisionNotFound"}


def test_commits_while_a_branch_is_squashed_are_in_its_one_commit_or_on_top_of_it() -> None:
    repository = make.repository()
    results = at_once(
        [
            lambda: squash(actor=Actor(user=repository.creator), repository=repository, branch="main", message="all"),
            *(_commit(repository, number, None) for number in range(WRITERS)),
        ]
    )
    assert all(isinstance(result, Commit) for result in results), results
    head = references.resolve(repository, "main")
    paths = {file.path for file in trees.files(repository, head)}
    assert paths == {".gitattributes", *(f"file{number}" for number in range(WRITERS))}
    assert history.commits_from(repository, head, 100)[-1].title == "all"


def test_commits_while_a_large_file_is_taken_out_of_history_are_kept() -> None:
    repository = make.repository()
    stored = LfsObject.objects.create(sha256="ab" * 32, size=9, plain_key="lfs/ab")
    RepositoryLfsObject.objects.create(repository=repository, lfs_object=stored)
    actor = Actor(user=repository.creator)
    create_commit(
        actor=actor, repository=repository, branch="main", parent=None, changes=[AddLfsFile("m.bin", stored.sha256)],
        title="large",
    )  # fmt: skip
    results = at_once(
        [
            lambda: lfs_files.remove(actor=actor, repository=repository, hashes=[stored.sha256], rewrite_history=True),
            *(_commit(repository, number, None) for number in range(WRITERS)),
        ]
    )
    assert results[0] is None, results
    assert all(isinstance(result, Commit) for result in results[1:]), results
    head = references.resolve(repository, "main")
    paths = {file.path for file in trees.files(repository, head)}
    assert paths == {".gitattributes", *(f"file{number}" for number in range(WRITERS))}
    assert len(history.commits_from(repository, head, 100)) == WRITERS + 2


def test_a_name_is_given_once() -> None:
    user = make.user("ada")
    results = at_once(
        [lambda: create_repository(actor=Actor(user=user), namespace="ada", name="net") for _ in range(WRITERS)]
    )
    assert Counter(type(result).__name__ if isinstance(result, Repository) else result for result in results) == {
        "Repository": 1,
        "RepositoryExists": WRITERS - 1,
    }


def _upload(repository: Repository, content: bytes, *, multipart: bool = False) -> uploads.PlannedUpload:
    sha256 = hashlib.sha256(content).hexdigest()
    [planned] = uploads.plan(
        actor=Actor(user=repository.creator),
        repository=repository,
        wanted=[(sha256, len(content))],
        multipart=multipart,
    )
    return planned


def _stored_keys() -> set[str]:
    found: set[str] = set()
    for prefix in ("lfs/", "staging/"):
        after = ""
        while page := storage.listing(prefix, after=after):  # tests before this one have left thousands
            found |= {stored.key for stored in page}
            after = page[-1].key
    return found


def test_an_upload_verified_twice_at_once_is_one_content_and_one_object() -> None:
    repository = make.repository()
    content = os.urandom(3 * 2**20)
    planned = _upload(repository, content)
    session = planned.session
    assert session is not None
    urllib3.request("PUT", planned.put_address, body=content)
    before = _stored_keys()
    results = at_once([lambda: uploads.finish(session) for _ in range(WRITERS)])
    assert all(isinstance(result, LfsObject) for result in results), results
    assert _stored_keys() - before == {LfsObject.objects.get(sha256=planned.sha256).plain_key}
    assert not UploadSession.objects.exists()


def test_parts_completed_twice_at_once_are_one_content() -> None:
    repository = make.repository()
    content = os.urandom(65 * 2**20)
    planned = _upload(repository, content, multipart=True)
    session = planned.session
    assert session is not None
    parts = []
    for number, address in enumerate(planned.part_addresses, 1):
        slice_ = content[(number - 1) * planned.part_size : number * planned.part_size]
        parts.append(Part(number, urllib3.request("PUT", address, body=slice_).headers["ETag"]))

    def complete() -> None:
        uploads.complete_parts(session, parts)

    assert set(at_once([complete] * 3)) == {None}
    assert LfsObject.objects.get(sha256=planned.sha256).plain_key == session.key


def _against_deletion(work: Callable[[Repository], Callable[[], object]]) -> set[str]:
    """What `work` ends in while somebody deletes its repository, tried some times."""
    ended = set()
    for _ in range(6):
        repository = make.repository()
        results = at_once(
            [
                lambda repository=repository: delete_repository(
                    actor=Actor(user=repository.creator), repository=Repository.objects.get(pk=repository.pk)
                ),
                work(repository),
            ]
        )
        assert not Repository.objects.filter(pk=repository.pk).exists(), results
        ended.add(results[1] if isinstance(results[1], str) else "done")
    return ended


def test_a_commit_against_the_deletion_of_its_repository_is_made_before_or_refused() -> None:
    refusals = {"RepositoryNotFound", "Forbidden", "RevisionNotFound"}
    assert _against_deletion(lambda repository: _commit(repository, 1, None)) <= refusals | {"done"}


def test_an_upload_into_a_repository_that_is_deleted_meanwhile_is_refused() -> None:
    repository = make.repository()
    content = os.urandom(1000)
    planned = _upload(repository, content)
    session = planned.session
    assert session is not None
    urllib3.request("PUT", planned.put_address, body=content)
    before = _stored_keys()
    delete_repository(actor=Actor(user=repository.creator), repository=Repository.objects.get(pk=repository.pk))
    assert at_once([lambda: uploads.finish(session)]) == ["RepositoryNotFound"]
    assert not LfsObject.objects.exists()
    assert _stored_keys() <= before, "nothing is left that no row knows"
    assert at_once([lambda: _upload(repository, b"more")]) == ["Forbidden"]


@pytest.mark.parametrize("tail", [b"", b"a footer"])
def test_a_grant_committed_by_several_at_once_is_one_xorb(tail: bytes, real_upload: RealUpload) -> None:
    sender = caller(make.repository())
    name, data = next(iter(real_upload.xorbs.items()))
    data = data if tail else data[: xorb.validate([data]).packed_size]
    granted = xorbs.grant_upload(sender, name, len(data))
    assert granted is not None
    urllib3.request("PUT", granted.address, body=data)
    results = at_once([lambda: xorbs.commit_grant(sender, name, granted.grant.id) for _ in range(4)])
    assert set(results) <= {True, False}, results
    row = Xorb.objects.get(hash=name)
    assert len(storage.read_range(row.key, 0, row.packed_size)) == row.packed_size


def test_of_several_who_sign_up_under_one_name_one_gets_it_and_the_others_are_told() -> None:
    def sign_up(number: int) -> Callable[[], object]:
        secret = "correct horse battery staple"
        form = {"email": f"n{number}@example.org", "username": "same", "password1": secret, "password2": secret}
        return lambda: Client().post("/accounts/signup/", form).status_code

    statuses = at_once([sign_up(number) for number in range(WRITERS)])
    assert set(statuses) <= {200, 302}, statuses
    assert User.objects.filter(username="same").count() == Namespace.objects.filter(key="same").count() == 1


def test_likes_are_counted_exactly_however_many_come_and_go_at_once() -> None:
    repository = make.repository()
    fans = [Actor(user=make.user()) for _ in range(3)]
    fickle = [Actor(user=make.user()) for _ in range(3)]
    for fan in fickle:
        likes.like(actor=fan, repository=repository)
    twice = [lambda fan=fan: likes.like(actor=fan, repository=repository) for fan in fans * 2]
    away = [lambda fan=fan: likes.unlike(actor=fan, repository=repository) for fan in fickle * 2]
    results = at_once(twice + away)
    assert Counter(results) == {True: 6, False: 6}
    repository.refresh_from_db()
    assert repository.likes == Like.objects.count() == 3


def test_of_two_that_move_to_one_name_one_gets_it() -> None:
    owner = make.user()
    one, two = make.repository(owner), make.repository(owner)
    results = at_once(
        [
            lambda row=row: move_repository(
                actor=Actor(user=owner), repository=row, namespace=owner.username, name="wanted"
            )
            for row in (one, two)
        ]
    )
    assert sorted(type(result).__name__ if isinstance(result, Repository) else result for result in results) == [
        "Repository", "RepositoryExists"
    ]  # fmt: skip
    assert Repository.objects.filter(name="wanted").count() == 1


def test_a_duplicate_made_while_commits_arrive_is_whole() -> None:
    repository = make.repository()
    actor = Actor(user=repository.creator)
    copy = [
        lambda number=number: duplicate_repository(
            actor=actor, source=repository, namespace=actor.user.username, name=f"copy-{number}"
        )
        for number in range(2)
    ]
    results = at_once([*copy, *(_commit(repository, number, None) for number in range(3))])
    made = [result for result in results if isinstance(result, Repository)]
    assert len(made) == 2
    for row in made:
        head = references.resolve(row, "main")
        assert row.commits.filter(oid=head.oid).exists()
        assert len(trees.files(row, head)) == row.commits.count()


def test_of_many_who_follow_like_and_upvote_at_once_each_is_counted_once() -> None:
    repository = make.repository()
    collection = collections.create_collection(
        actor=Actor(user=repository.creator), namespace=repository.namespace.name, title="Good ones"
    )
    users = [make.user() for _number in range(3)]

    def press(user: User, *, on: bool) -> Callable[[], object]:
        actor = Actor(user=user)

        def do() -> None:
            (follows.follow if on else follows.unfollow)(actor=actor, repository=repository)
            (follows.follow if on else follows.unfollow)(actor=actor, namespace=repository.namespace)
            (likes.like if on else likes.unlike)(actor=actor, repository=repository)
            (collections.upvote if on else collections.withdraw_upvote)(actor=actor, collection=collection)

        return do

    assert at_once([press(user, on=True) for user in users for _twice in range(2)]) == [None] * 6
    collection.refresh_from_db()
    repository.refresh_from_db()
    assert (repository.likes, collection.upvotes) == (3, 3)
    assert Follow.objects.count() == 6
    assert at_once([press(user, on=on) for user in users for on in (False, True)]) == [None] * 6
    collection.refresh_from_db()
    repository.refresh_from_db()
    assert repository.likes == Like.objects.filter(repository=repository).count()
    assert collection.upvotes == collection.upvoted_by.count()


def test_items_moved_at_once_are_in_some_order_and_none_is_lost() -> None:
    repository = make.repository()
    actor = Actor(user=repository.creator)
    collection = collections.create_collection(actor=actor, namespace=repository.namespace.name, title="Good ones")

    def add(name: str) -> Callable[[], object]:
        return lambda: collections.add_item(actor=actor, collection=collection, kind="model", name=name).pk

    made = [make.repository(repository.creator).full_name for _number in range(4)]
    at_once([add(name) for name in made])
    items = collections.shown(actor, collection).items
    at_once(
        [
            lambda item=item: collections.update_item(
                actor=actor, collection=collection, item=item.public_id, position=0
            )
            for item in items
        ]
    )
    assert sorted(collection.items.values_list("position", flat=True)) == [0, 1, 2, 3]
