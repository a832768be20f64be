"""Threads that are named from elsewhere, and who is shown that."""

import pytest
from django.test import Client

from accounts.models import Actor, User
from hub.jobs.models import Job
from hub.jobs.registry import kind_of
from models_registry.community.models import Discussion, Event
from models_registry.community.services import discussions, mentions, references
from models_registry.community.services.mentions import ThreadName
from models_registry.models import Commit, Repository
from models_registry.services.moving import move_repository
from tests import make

pytestmark = pytest.mark.django_db


def opened(repository: Repository, author: User | None = None, text: str = "x") -> Discussion:
    actor = Actor(user=author or repository.creator)
    return discussions.open_discussion(actor=actor, repository=repository, title="A thread", text=text)


def work() -> None:
    for kind in (mentions.KIND_OF_JOB, references.COMMITS):
        for job in Job.objects.filter(kind=kind):
            kind_of(kind).function(job.key)


def notes(thread: Discussion, reader: User | None = None) -> list[Event]:
    work()
    shown = discussions.timeline(thread, Actor(user=reader))
    return [event for event in shown if event.kind == Event.Kind.REFERENCE]


@pytest.mark.parametrize(
    ("text", "members", "threads"),
    [
        ("@ann and @Bob-2, @ann", ["ann", "bob-2"], []),
        ("`@ann`\n\n```\n@bob\n```", [], []),
        ("    @indented\n", [], []),
        ("[@ann](https://x.org) <b title='@bob'>", [], []),
        ("ann@example.org /@ann x@ann", [], []),
        ("**@ann**: (@bob).", ["ann", "bob"], []),
        ("| a |\n|---|\n| @ann |\n", ["ann"], []),
        ("#1, ann/net#2 and datasets/ann/digits#3.", [], [
            ThreadName(1), ThreadName(2, "ann", "net"), ThreadName(3, "ann", "digits", "dataset"),
        ]),
        ("# 1\n\n`#1` a#1 #0 #1x &#39; x/y/z#4", [], []),
    ],
)  # fmt: skip
def test_what_a_text_names(text: str, members: list[str], threads: list[ThreadName]):
    named = mentions.read(text)
    assert (named.members, named.threads) == (members, threads)


def test_the_page_of_a_thread_leads_to_the_comment_that_names_it(client: Client):
    repository = make.repository()
    first = opened(repository)
    second = opened(repository, text="See #1")
    work()
    page = client.get(first.get_absolute_url())
    assert f'{second.get_absolute_url()}#{second.events.comments().get().public_id}"' in page.content.decode()


def test_a_thread_is_told_once_where_it_is_named():
    repository = make.repository()
    first = opened(repository)
    second = opened(repository, text="See #1 and #1, not #2 or #99")
    discussions.comment(actor=Actor(user=repository.creator), discussion=second, text="again #1")
    work()
    (note,) = notes(first)
    assert (note.origin, note.origin_discussion) == (repository, second)
    assert not notes(second)


def test_a_private_thread_that_names_a_public_one_is_shown_to_its_own_people_alone():
    public = make.repository()
    owner, stranger = make.user(), make.user()
    secret = make.repository(owner, "secret", private=True)
    thread = opened(public)
    opened(secret, text=f"Like {public.full_name}#1")
    assert not notes(thread)
    assert not notes(thread, stranger)
    assert not notes(thread, public.creator)
    assert [note.origin for note in notes(thread, owner)] == [secret]
    secret.delete()
    assert not notes(thread, owner)


def test_who_may_not_comment_there_leaves_no_note():
    locked, hidden = make.repository(), make.repository(private=True)
    for repository in (locked, hidden):
        opened(repository)
    discussions.lock(actor=Actor(user=locked.creator), discussion=Discussion.objects.get(repository=locked))
    opened(make.repository(), text=f"{locked.full_name}#1 {hidden.full_name}#1")
    work()
    assert not Event.objects.filter(kind=Event.Kind.REFERENCE).exists()


def test_a_name_of_before_a_move_still_leads_there():
    repository = make.repository()
    thread, before = opened(repository), repository.full_name
    move_repository(
        actor=Actor(user=repository.creator), repository=repository, namespace=repository.namespace.name, name="moved"
    )
    opened(make.repository(), text=f"{before}#1")
    assert len(notes(thread)) == 1


def test_commits_of_the_default_branch_leave_notes():
    repository = make.repository()
    thread = opened(repository)
    commit = make.commit(repository, title="Fix it (#1)")
    (note,) = notes(thread)
    assert note.data == {"oid": commit.oid, "subject": "Fix it (#1)"}


def test_a_pushed_commit_speaks_for_who_pushed_it_whatever_author_it_names():
    """git lets everybody write any address into a commit, and the hub shows the member of that address."""
    victim = make.user("victim")
    secret, attacker = make.repository(victim, "secret", private=True), make.user()
    thread = opened(secret)
    own = make.repository(attacker)
    forged = make.commit(own, title=f"{secret.full_name}#1")
    Commit.objects.filter(pk=forged.pk).update(author=victim)  # as a push with their address makes it
    assert not notes(thread, victim)


def test_of_many_named_threads_the_first_are_told():
    repository = make.repository()
    threads = [opened(repository) for _ in range(25)]
    opened(repository, text=" ".join(f"#{thread.number}" for thread in threads))
    work()
    assert Event.objects.filter(kind=Event.Kind.REFERENCE).count() == mentions.MOST_REFERENCES


def test_a_note_costs_no_query_of_its_own(django_assert_num_queries):  # type: ignore[no-untyped-def]
    repository = make.repository()
    thread = opened(repository)
    for _ in range(3):
        opened(repository, text="#1")
    work()
    with django_assert_num_queries(3):
        assert len([note.origin.full_name for note in discussions.timeline(thread, Actor()) if note.origin]) == 3
