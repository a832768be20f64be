import pytest

from accounts.errors import ReadOnlyToken, Suspended
from accounts.models import Actor, TokenRole, User
from hub.errors import Forbidden, Invalid, TooLarge, Unauthenticated
from models_registry.community import access
from models_registry.community.errors import DiscussionLocked, DiscussionNotFound, WrongState
from models_registry.community.events import mentioned
from models_registry.community.models import Discussion, Event
from models_registry.community.services import discussions
from models_registry.models import Repository
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make.user()


@pytest.fixture
def repository(owner: User) -> Repository:
    return make.repository(owner)


@pytest.fixture
def stranger() -> User:
    return make.user()


def opened(repository: Repository, author: User, title: str = "A question", text: str = "Why?") -> Discussion:
    return discussions.open_discussion(actor=Actor(user=author), repository=repository, title=title, text=text)


def first_comment(discussion: Discussion) -> Event:
    return discussion.events.comments().earliest("pk")


def told_of(discussion: Discussion) -> set[User]:
    return {row.user for row in discussion.subscriptions.filter(is_muted=False)}


def kinds(discussion: Discussion) -> list[str]:
    return list(discussion.events.order_by("pk").values_list("kind", flat=True))


def test_discussions_of_a_repository_are_numbered_from_one(repository: Repository, stranger: User):
    assert [opened(repository, stranger).number for _ in range(3)] == [1, 2, 3]
    assert opened(make.repository(), stranger).number == 1


def test_what_happens_in_a_thread_stays_in_its_timeline(repository: Repository, owner: User, stranger: User):
    thread = opened(repository, stranger)
    asker, maintainer = Actor(user=stranger), Actor(user=owner)
    discussions.comment(actor=maintainer, discussion=thread, text="Because.")
    discussions.retitle(actor=asker, discussion=thread, title="A better  title")
    discussions.pin(actor=maintainer, discussion=thread)
    discussions.lock(actor=maintainer, discussion=thread)
    discussions.set_status(actor=maintainer, discussion=thread, status="closed", text="Answered.")
    discussions.set_status(actor=maintainer, discussion=thread, status="open")
    assert kinds(thread) == [
        "comment", "comment", "title-change", "pin", "lock", "comment", "status-change", "status-change",
    ]  # fmt: skip
    thread.refresh_from_db()
    assert (thread.title, thread.status, thread.is_locked, thread.is_pinned) == ("A better title", "open", True, True)
    assert thread.comment_count == 3
    assert list(discussions.participants(thread)) == sorted([owner, stranger], key=lambda user: user.username)


def test_an_edited_comment_keeps_what_it_said(repository: Repository, stranger: User):
    comment = first_comment(opened(repository, stranger, text="frist"))
    discussions.edit(actor=Actor(user=stranger), event=comment, text="first")
    discussions.edit(actor=Actor(user=stranger), event=comment, text="first")
    comment.refresh_from_db()
    assert (comment.text, [edit.text for edit in comment.edits.all()]) == ("first", ["frist"])
    assert comment.edited_at
    assert "first" in comment.html


def test_a_locked_thread_takes_no_comment_of_a_stranger(repository: Repository, owner: User, stranger: User):
    thread = opened(repository, stranger)
    discussions.lock(actor=Actor(user=owner), discussion=thread)
    asker = Actor(user=stranger)
    for act in (
        lambda: discussions.comment(actor=asker, discussion=thread, text="But"),
        lambda: discussions.edit(actor=asker, event=first_comment(thread), text="But"),
        lambda: discussions.react(actor=asker, event=first_comment(thread), sign="👍"),
    ):
        with pytest.raises(DiscussionLocked):
            act()
    with pytest.raises(Forbidden):
        discussions.retitle(actor=asker, discussion=thread, title="But")
    discussions.comment(actor=Actor(user=owner), discussion=thread, text="It stays so.")


@pytest.mark.parametrize("who", ["owner", "author", "stranger"])
@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        ("edit", {"author"}),
        ("hide", {"author", "owner"}),
        ("retitle", {"author", "owner"}),
        ("close", {"author", "owner"}),
        ("lock", {"owner"}),
        ("pin", {"owner"}),
        ("comment", {"author", "owner", "stranger"}),
    ],
)
def test_who_may_do_what(who: str, act: str, allowed: set[str]):
    people = {name: make.user() for name in ("owner", "author", "stranger")}
    thread = opened(make.repository(people["owner"]), people["author"])
    actor, event = Actor(user=people[who]), first_comment(thread)
    acts = {
        "edit": lambda: discussions.edit(actor=actor, event=event, text="new"),
        "hide": lambda: discussions.hide(actor=actor, event=event),
        "retitle": lambda: discussions.retitle(actor=actor, discussion=thread, title="new"),
        "close": lambda: discussions.set_status(actor=actor, discussion=thread, status="closed"),
        "lock": lambda: discussions.lock(actor=actor, discussion=thread),
        "pin": lambda: discussions.pin(actor=actor, discussion=thread),
        "comment": lambda: discussions.comment(actor=actor, discussion=thread, text="new"),
    }
    if who in allowed:
        acts[act]()
    else:
        with pytest.raises(Forbidden):
            acts[act]()


def test_nobody_suspended_members_and_reading_tokens_say_nothing(repository: Repository, stranger: User):
    thread = opened(repository, stranger)
    silenced = make.user()
    User.objects.filter(pk=silenced.pk).update(suspended_reason="spam")
    silenced.refresh_from_db()
    reader = Actor(user=stranger, token=make.token_row(make.token(stranger, TokenRole.READ)))
    for actor, refusal in ((Actor(), Unauthenticated), (Actor(user=silenced), Suspended), (reader, ReadOnlyToken)):
        with pytest.raises(refusal):
            discussions.comment(actor=actor, discussion=thread, text="Hello")
        with pytest.raises(refusal):
            discussions.open_discussion(actor=actor, repository=repository, title="Hello")


def test_a_private_repositorys_threads_are_not_there_for_strangers(owner: User, stranger: User):
    repository = make.repository(owner, private=True)
    opened(repository, owner)
    with pytest.raises(DiscussionNotFound):
        access.discussion_for(Actor(user=stranger), repository, 1)
    with pytest.raises(Forbidden):
        opened(repository, stranger)
    assert not Discussion.objects.visible_to(Actor(user=stranger)).exists()


def test_threads_of_a_disabled_repository_stand_still(repository: Repository, owner: User):
    thread = opened(repository, owner)
    Repository.objects.filter(pk=repository.pk).update(disabled_reason="under review")
    with pytest.raises(Forbidden):
        discussions.comment(actor=Actor(user=owner), discussion=thread, text="Why?")


def test_a_hidden_comment_is_not_edited_any_more(repository: Repository, owner: User, stranger: User):
    comment = first_comment(opened(repository, stranger))
    discussions.hide(actor=Actor(user=owner), event=comment, reason="off topic")
    with pytest.raises(Forbidden):
        discussions.edit(actor=Actor(user=stranger), event=comment, text="Still")
    discussions.show(actor=Actor(user=owner), event=comment)
    assert discussions.edit(actor=Actor(user=stranger), event=comment, text="Still").text == "Still"


@pytest.mark.parametrize(
    ("title", "text", "refusal", "words"),
    [
        ("", "x", Invalid, "title"),
        ("t" * 201, "x", TooLarge, "200"),
        ("t", "x" * (discussions.MAX_COMMENT + 1), TooLarge, str(discussions.MAX_COMMENT)),
        ("t", "a\0b", Invalid, "NUL"),
    ],
)
def test_what_is_too_long_is_refused_with_its_limit(
    repository: Repository, stranger: User, title: str, text: str, refusal: type[Exception], words: str
):
    with pytest.raises(refusal, match=words):
        opened(repository, stranger, title, text)


def test_the_status_it_has_already_is_a_conflict(repository: Repository, stranger: User):
    thread = opened(repository, stranger)
    with pytest.raises(WrongState, match="open already"):
        discussions.set_status(actor=Actor(user=stranger), discussion=thread, status="open")
    with pytest.raises(Invalid):
        discussions.set_status(actor=Actor(user=stranger), discussion=thread, status="draft")


def test_reactions_count_once(repository: Repository, owner: User, stranger: User):
    comment = first_comment(opened(repository, stranger))
    assert discussions.react(actor=Actor(user=owner), event=comment, sign="👍")
    assert not discussions.react(actor=Actor(user=owner), event=comment, sign="👍")
    assert discussions.unreact(actor=Actor(user=owner), event=comment, sign="👍")
    with pytest.raises(Invalid):
        discussions.react(actor=Actor(user=owner), event=comment, sign="💣")


def test_who_takes_part_is_told_and_who_muted_is_not(repository: Repository, owner: User, stranger: User):
    third = make.user()
    thread = opened(repository, stranger, text=f"Ask @{third.username}")
    discussions.comment(actor=Actor(user=owner), discussion=thread, text="Yes")
    assert told_of(thread) == {owner, stranger, third}
    discussions.subscribe(actor=Actor(user=owner), discussion=thread, to=False)
    discussions.comment(actor=Actor(user=owner), discussion=thread, text="And")
    assert told_of(thread) == {stranger, third}


def test_members_are_told_that_a_comment_names_them_once(repository: Repository, stranger: User):
    named = make.user()
    told: list[list[User]] = []

    def listen(**arguments: object) -> None:
        told.append(arguments["users"])  # type: ignore[arg-type]

    mentioned.connect(listen)
    try:
        comment = first_comment(opened(repository, stranger, text=f"@{named.username} `@{stranger.username}`"))
        discussions.edit(actor=Actor(user=stranger), event=comment, text=f"@{named.username.upper()} again")
    finally:
        mentioned.disconnect(listen)
    assert told == [[named]]


def test_of_a_storm_of_names_the_first_are_told(repository: Repository, stranger: User):
    people = [make.user() for _ in range(25)]
    thread = opened(repository, stranger, text=" ".join(f"@{user.username}" for user in people))
    assert told_of(thread) == {stranger, *people[:20]}


def test_a_private_thread_tells_only_who_may_see_it(owner: User):
    repository = make.repository(owner, private=True)
    outsider = make.user()
    thread = opened(repository, owner, text=f"@{outsider.username}")
    assert told_of(thread) == {owner}


def test_a_thread_outlives_its_author(repository: Repository, stranger: User):
    thread = opened(repository, stranger)
    stranger.namespace.delete()
    stranger.delete()
    thread.refresh_from_db()
    assert thread.author is None
    assert [event.author for event in discussions.timeline(thread, Actor())] == [None]
