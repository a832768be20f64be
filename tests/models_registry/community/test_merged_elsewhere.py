"""Pull requests whose commits come into their base by another way than the button: they are merged all the same."""

import pytest
from django.db import transaction

from accounts.models import Actor, User
from models_registry.community.models import Discussion, Event
from models_registry.community.services import discussions, pull_requests
from models_registry.models import Commit, PullRequest, Reference, Repository
from models_registry.services import commits, merging, objects
from models_registry.services import pull_requests as registry
from models_registry.services.changes import AddFile
from models_registry.services.proposed_changes import compared, proposed
from tests import make

pytestmark = pytest.mark.django_db

Status = Discussion.Status


@pytest.fixture
def owner() -> User:
    return make.user("ada")


@pytest.fixture
def net(owner: User) -> Repository:
    repository = make.repository(owner, "net")
    make.commit(repository, {"README.md": "# Net\n"})
    return repository


def proposal(net: Repository, *paths: str) -> PullRequest:
    """With a commit for each path."""
    bob, made = make.user(), None
    for path in paths:
        changes = [AddFile(path, objects.blob_of(path.encode()))]
        if made is None:
            made, _ = registry.propose(
                actor=Actor(user=bob), repository=net, base="main", parent=None, changes=changes, title=path
            )
        else:
            commits.create_commit(
                actor=Actor(user=bob),
                repository=net,
                branch=made.reference_name,
                parent=None,
                changes=changes,
                title=path,
            )
    assert made is not None
    return made


def head_of(found: PullRequest) -> Commit:
    target = Reference.objects.get(repository=found.repository, name=found.reference_name).target
    return Commit.objects.get(repository=found.repository, oid=target)


def push(net: Repository, commit: Commit, branch: str = "main") -> None:
    with transaction.atomic():
        objects.next_batch(net)
        reference = Reference.objects.get(repository=net, name=f"refs/heads/{branch}")
        commit.repository = net
        commits.move(net, reference, commit, actor=Actor(user=net.creator))


def thread_of(found: PullRequest) -> Discussion:
    return Discussion.objects.get(repository=found.repository, number=found.number)


def test_a_base_pushed_to_its_head_merges_it(net: Repository, owner: User) -> None:
    before = Reference.objects.get(repository=net, name="refs/heads/main").target
    found, other = proposal(net, "a", "b"), proposal(net, "c")
    head = head_of(found)
    push(net, head)
    found.refresh_from_db()
    assert (found.is_open, found.merge_commit, found.base_before) == (False, head.oid, before)
    thread = thread_of(found)
    merge = thread.events.get(kind=Event.Kind.MERGE)
    assert (thread.status, merge.author) == (Status.MERGED, owner)
    assert merge.data == {"oid": head.oid, "base": "main", "head": head.oid}
    fork, _ = compared(found)
    assert fork is not None
    assert fork.oid == before
    assert [commit.title for commit in proposed(net, found).commits] == ["b", "a"]
    assert thread_of(other).status == Status.OPEN


def test_a_merge_of_one_merges_those_it_holds(net: Repository, owner: User) -> None:
    inner = proposal(net, "a")
    outer, _ = registry.propose(
        actor=Actor(user=owner),
        repository=net,
        base="main",
        parent=None,
        changes=[AddFile("b", objects.blob_of(b"b"))],
        title="b",
    )
    with transaction.atomic():
        reference = Reference.objects.get(repository=net, name=outer.reference_name)
        merged = merging.prepare(net, head_of(outer), head_of(inner))
        batch = objects.next_batch(net)
        both = commits.write_commit(
            actor=Actor(user=owner), repository=net, tree=merged.tree, parents=[merged.base, merged.head], title="both",
            body="", prepared=merged.prepared, batch=batch,
        )  # fmt: skip
        commits.move(net, reference, both, actor=Actor(user=owner))
    pull_requests.merge(actor=Actor(user=owner), discussion=thread_of(outer))
    assert (thread_of(inner).status, thread_of(outer).status) == (Status.MERGED, Status.MERGED)
    assert thread_of(outer).events.filter(kind=Event.Kind.MERGE).count() == 1


def test_what_brings_nothing_new_is_not_merged_by_a_push(net: Repository, owner: User) -> None:
    """A draft at its base's head, one for another branch, one that is closed."""
    draft = pull_requests.open_draft(actor=Actor(user=owner), repository=net, title="Later")
    closed, elsewhere = proposal(net, "a"), proposal(net, "b")
    discussions.set_status(actor=Actor(user=owner), discussion=thread_of(closed), status=Status.CLOSED)
    PullRequest.objects.filter(pk=elsewhere.pk).update(base="refs/heads/dev")
    make.commit(net, {"x": "y"})
    for found in (closed, elsewhere):
        push(net, head_of(found))
    draft.refresh_from_db()
    states = [draft.status, thread_of(closed).status, thread_of(elsewhere).status]
    assert states == [Status.DRAFT, Status.CLOSED, Status.OPEN]
