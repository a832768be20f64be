"""The pages of discussions and pull requests: what is shown to whom, what each act needs, and what it costs."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor, User
from models_registry.community.models import Discussion, Event, Reaction, Subscription
from models_registry.community.services import discussions, pull_requests
from models_registry.community.web import timeline
from models_registry.models import PullRequest, Repository
from models_registry.services import references
from models_registry.services.changes import AddFile
from models_registry.services.pull_requests import propose
from tests import hostile, make


@pytest.fixture
def owner() -> User:
    return make.user("olive")


@pytest.fixture
def asker() -> User:
    return make.user("ash")


@pytest.fixture
def repository(owner: User) -> Repository:
    made = make.repository(owner, "net")
    make.commit(made, {"train.py": "epochs = 10\n"})
    return made


@pytest.fixture
def thread(repository: Repository, asker: User) -> Discussion:
    return opened(repository, asker)


def opened(
    repository: Repository, author: User, title: str = "How fast is it?", text: str = "On *ARM*.\n\n- [ ] measured"
) -> Discussion:
    return discussions.open_discussion(actor=Actor(user=author), repository=repository, title=title, text=text)


def said(thread: Discussion, author: User, text: str = "Because.") -> Event:
    return discussions.comment(actor=Actor(user=author), discussion=thread, text=text)


def proposed(repository: Repository, author: User, files: dict[str, str] | None = None) -> Discussion:
    changes = [AddFile.of(path, text.encode()) for path, text in (files or {"train.py": "epochs = 20\n"}).items()]
    made, _commit = propose(
        actor=Actor(user=author), repository=repository, base="main", parent=None, changes=changes, title="Train longer"
    )
    return Discussion.objects.get(repository=repository, number=made.number)


def first(thread: Discussion) -> Event:
    return thread.events.comments().earliest("pk")


def words_of(client: Client, address: str) -> str:
    """What a page says, whatever its colours."""
    return re.sub(r"<[^>]+>", "", text_of(client, address))


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def of(thread: Discussion, suffix: str = "") -> str:
    return thread.get_absolute_url() + suffix


def of_comment(event: Event, act: str) -> str:
    return f"{event.discussion.get_absolute_url()}/comments/{event.public_id}/{act}"


# --- The list ---------------------------------------------------------------------------------------------------------


def titles(page: str) -> list[str]:
    return re.findall(r'class="name stretched-link"[^>]*>.*?</span>([^<]+)</a>', page)


def test_the_list_is_narrowed_by_its_address(client: Client, repository: Repository, owner: User, asker: User) -> None:
    opened(repository, asker, "First")
    closed = opened(repository, owner, "Second")
    discussions.set_status(actor=Actor(user=owner), discussion=closed, status="closed")
    proposed(repository, asker)
    discussions.pin(actor=Actor(user=owner), discussion=opened(repository, owner, "Pinned"))
    opened(repository, owner, "Last")
    url = f"{repository.get_absolute_url()}/discussions"
    for query, expected in [
        ("", ["Pinned", "Last", "Train longer", "First"]),
        ("?status=closed", ["Second"]),
        ("?status=all&q=s+t", ["Last", "First"]),
        ("?type=pull_request", ["Train longer"]),
        ("?type=discussion&author=ash", ["First"]),
        ("?status=nonsense&type=nonsense&page=nonsense", ["Pinned", "Last", "Train longer", "First"]),
        ("?q=nothing-like-this", []),
    ]:
        assert titles(text_of(client, url + query)) == expected, query


def test_an_empty_list_says_what_to_do_next(client: Client, repository: Repository) -> None:
    url = f"{repository.get_absolute_url()}/discussions"
    assert "Nothing to talk about yet" in text_of(client, url)
    assert "Nothing matches" in text_of(client, f"{url}?q=x")


def test_the_list_takes_as_many_queries_for_many_threads_as_for_few(
    client: Client, repository: Repository, asker: User, django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    url = f"{repository.get_absolute_url()}/discussions"
    opened(repository, asker)
    with django_assert_max_num_queries(12) as few:
        client.get(url)
    for _ in range(12):
        opened(repository, make.user())
    with django_assert_num_queries(len(few)):
        assert len(titles(text_of(client, url))) == 13


@pytest.mark.parametrize("suffix", ["/discussions", "/discussions/1", "/discussions/new", "/discussions/1/files"])
def test_threads_of_a_private_repository_answer_like_missing_ones(client: Client, asker: User, suffix: str) -> None:
    private = make.repository(private=True)
    opened(private, private.creator)
    client.force_login(asker)
    there, missing = (
        client.get(address) for address in (private.get_absolute_url() + suffix, f"/nobody/nothing{suffix}")
    )
    assert there.status_code == missing.status_code == 404


def test_the_tab_counts_what_is_open(client: Client, repository: Repository, thread: Discussion, owner: User) -> None:
    done = opened(repository, owner)
    discussions.set_status(actor=Actor(user=owner), discussion=done, status="closed")
    page = text_of(client, repository.get_absolute_url())
    assert re.search(r'href="/olive/net/discussions".*?Community<span class="count">1</span>', page)


def test_the_home_page_shows_where_people_talk_but_not_in_secret(client: Client, thread: Discussion) -> None:
    secret = make.repository(private=True)
    opened(secret, secret.creator, "A secret plan")
    page = text_of(client, "/")
    assert thread.title in page
    assert "A secret plan" not in page


# --- A thread ---------------------------------------------------------------------------------------------------------


def test_a_thread_tells_all_that_happened(client: Client, thread: Discussion, owner: User, asker: User) -> None:
    said(thread, owner, "See **this**")
    discussions.retitle(actor=Actor(user=asker), discussion=thread, title="How fast is it on ARM?")
    discussions.lock(actor=Actor(user=owner), discussion=thread)
    discussions.set_status(actor=Actor(user=owner), discussion=thread, status="closed", reason="answered")
    page = text_of(client, of(thread))
    for words in (
        "<em>ARM</em>",
        "<strong>this</strong>",
        "changed the title from",
        "locked this",
        "closed this",
        "answered",
    ):
        assert words in page
    assert page.count("Maintainer") == 1


def test_deleted_and_suspended_authors_are_named_so(client: Client, thread: Discussion, repository: Repository) -> None:
    gone, suspended = make.user(), make.user()
    said(thread, gone)
    said(thread, suspended)
    gone.delete()
    User.objects.filter(pk=suspended.pk).update(suspended_reason="spam")
    page = text_of(client, of(thread))
    assert "deleted user" in page
    assert "suspended" in page


def test_many_commits_in_a_row_are_folded(client: Client, repository: Repository, asker: User) -> None:
    thread = proposed(repository, asker)
    for number in range(7):
        make.commit(repository, {f"f{number}": "x"}, branch=f"refs/pr/{thread.number}", actor=Actor(user=asker))
    page = text_of(client, of(thread))
    assert "added 8 commits" in page
    assert page.count("added ") == 1


def test_a_reference_from_a_private_repository_is_shown_to_who_may_know_of_it(
    client: Client, repository: Repository, thread: Discussion, owner: User
) -> None:
    secret = make.repository(owner, private=True)
    naming = opened(secret, owner, "A secret plan")
    for origin in (naming, opened(repository, owner, "A public one")):
        Event.objects.create(
            discussion=thread, author=owner, kind="reference", origin=origin.repository, origin_discussion=origin,
            data={"event_id": first(origin).public_id},
        )  # fmt: skip
    page = text_of(client, of(thread))
    assert "A secret plan" not in page
    assert "A public one" in page
    client.force_login(owner)
    assert "A secret plan" in text_of(client, of(thread))


def test_a_thread_takes_as_many_queries_for_many_comments_as_for_few(
    client: Client, thread: Discussion, owner: User, django_assert_num_queries: DjangoAssertNumQueries,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    def talk() -> None:
        comment = said(thread, make.user(), "@olive, see #1 and olive/net#1")
        discussions.react(actor=Actor(user=owner), event=comment, sign="🎉")
        discussions.edit(actor=Actor(user=comment.author), event=comment, text="@ash, see #1 and olive/net#1")
        discussions.pin(actor=Actor(user=owner), discussion=thread, to=not thread.is_pinned)
        thread.refresh_from_db()

    talk()
    talk()
    client.force_login(owner)
    address = of(thread)
    with django_assert_max_num_queries(40) as few:
        client.get(address)
    for _ in range(8):
        talk()
    with django_assert_num_queries(len(few)):
        page = text_of(client, address)
    assert page.count('class="comment"') == 11


def long_thread(thread: Discussion, count: int) -> list[Event]:
    made = [Event(discussion=thread, author=thread.author, kind="comment", text=f"number {n}.") for n in range(count)]
    return Event.objects.bulk_create(made)


def test_a_very_long_thread_shows_its_ends_and_loads_the_rest(
    client: Client, thread: Discussion, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    events = long_thread(thread, 10_000)
    with django_assert_max_num_queries(40):
        page = text_of(client, of(thread))
    assert page.count('class="comment"') == timeline.FIRST + timeline.LAST
    assert "number 9999." in page
    gap = re.search(r'hx-get="([^"]+)"[^>]*hx-target="closest li"', page)
    assert gap
    seen, address = set(re.findall(r"number (\d+)\.", page)), gap[1].replace("&amp;", "&")
    piece = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in piece
    assert piece.count('class="comment"') == timeline.AT_ONCE
    assert not seen & set(re.findall(r"number (\d+)\.", piece))
    assert "hx-get" in piece
    assert "The whole thread" in text_of(client, address)
    at = events[5000]
    assert f'id="{at.public_id}"' in text_of(client, of(thread, f"?at={at.public_id}"))


@pytest.mark.parametrize(
    "query", ["?after=x&before=y", "?after=-1&before=3", "?at=zz", "?after=99999999999999999999&before=1"]
)
def test_nonsense_in_the_address_shows_the_thread(client: Client, thread: Discussion, query: str) -> None:
    assert "On <em>ARM</em>" in text_of(client, of(thread, query))


# --- Acts -------------------------------------------------------------------------------------------------------------


def test_a_discussion_is_opened_previewed_and_refused_without_a_title(
    client: Client, repository: Repository, asker: User
) -> None:
    client.force_login(asker)
    url = f"{repository.get_absolute_url()}/discussions/new"
    page = client.post(url, {"title": "Kept", "text": "so *bold*", "act": "preview"}).content.decode()
    assert "<em>bold</em>" in page
    assert 'value="Kept"' in page
    assert not Discussion.objects.exists()
    refused = client.post(url, {"title": " ", "text": "kept text", "act": "open"})
    assert refused.status_code == 422
    assert "kept text" in refused.content.decode()
    answer = client.post(url, {"title": "Why?", "text": "so", "act": "open"})
    assert answer.headers["Location"] == of(Discussion.objects.get())


def test_comments_are_written_previewed_and_close_with(client: Client, thread: Discussion, asker: User) -> None:
    client.force_login(asker)
    shown = client.post(of(thread, "/comment"), {"text": "~~so~~", "act": "preview"}).content.decode()
    assert "<s>so</s>" in shown
    assert thread.events.count() == 1
    answer = client.post(of(thread, "/comment"), {"text": "Found it", "act": "comment"})
    assert answer.headers["Location"] == of(thread, f"#{thread.events.latest('pk').public_id}")
    client.post(of(thread, "/comment"), {"text": "Done", "act": "close"})
    thread.refresh_from_db()
    assert thread.status == "closed"
    client.post(of(thread, "/comment"), {"text": "", "act": "reopen"})
    thread.refresh_from_db()
    assert (thread.status, thread.comment_count) == ("open", 3)
    refused = client.post(of(thread, "/comment"), {"text": " ", "act": "comment"})
    assert refused.status_code == 422


def test_a_preview_for_htmx_is_a_piece_of_a_page(client: Client, repository: Repository, asker: User) -> None:
    url = f"{repository.get_absolute_url()}/discussions/preview"
    assert client.post(url, {"text": "x"}).status_code == 401
    client.force_login(asker)
    assert client.post(url, {"text": "*x*"}).content.decode().strip() == "<p><em>x</em></p>"


def test_a_quoted_comment_stands_in_the_reply(client: Client, thread: Discussion, owner: User) -> None:
    client.force_login(owner)
    page = text_of(client, of(thread, f"?quote={first(thread).public_id}"))
    assert "@ash:\n\n&gt; On *ARM*.\n&gt;\n&gt; - [ ] measured" in page
    discussions.hide(actor=Actor(user=owner), event=first(thread))
    assert "&gt; On" not in text_of(client, of(thread, f"?quote={first(thread).public_id}"))


def test_an_edit_keeps_what_was_said_before(client: Client, thread: Discussion, asker: User) -> None:
    comment = first(thread)
    client.force_login(asker)
    assert "On *ARM*." in text_of(client, of_comment(comment, "edit"))
    client.post(of_comment(comment, "edit"), {"text": "On x86.", "act": "save"})
    history = text_of(client, of_comment(comment, "history"))
    assert "On *ARM*." in history
    assert "On x86." in history
    assert ">edited</a>" in text_of(client, of(thread))


def test_a_hidden_comment_says_who_hid_it_and_why_but_not_what_it_said(
    client: Client, thread: Discussion, owner: User, asker: User
) -> None:
    comment = said(thread, asker, "Buy gold")
    client.force_login(owner)
    client.post(of_comment(comment, "hide"), {"reason": "advertising"})
    assert "Buy gold" in text_of(client, of(thread))
    client.logout()
    page = text_of(client, of(thread))
    assert "Hidden by olive" in page
    assert "advertising" in page
    assert "Buy gold" not in page
    assert client.get(of_comment(comment, "history")).status_code == 403
    client.force_login(owner)
    client.post(of_comment(comment, "show"))
    client.logout()
    assert "Buy gold" in text_of(client, of(thread))


def test_reactions_come_and_go(client: Client, thread: Discussion, owner: User) -> None:
    comment = first(thread)
    client.force_login(owner)
    client.post(of_comment(comment, "react"), {"sign": "👍"})
    piece = client.post(of_comment(comment, "react"), {"sign": "🎉"}, headers={"HX-Request": "true"}).content.decode()
    assert 'aria-label="🎉 1"' in piece
    assert "<html" not in piece
    client.post(of_comment(comment, "react"), {"sign": "👍"})
    assert list(Reaction.objects.values_list("sign", flat=True)) == ["🎉"]
    assert client.post(of_comment(comment, "react"), {"sign": "x"}).status_code == 422


def test_who_subscribes_is_told_and_who_mutes_is_not(client: Client, thread: Discussion, owner: User) -> None:
    client.force_login(owner)
    for to in ("on", "off"):
        client.post(of(thread, "/subscription"), {"to": to})
        assert Subscription.objects.get(discussion=thread, user=owner).is_muted == (to == "off")


# Who may do what: by the button and by the form. reader: not signed in; other: a member; author: of the thread.
ACTS = [
    ("comment", "/comment", {"text": "x", "act": "comment"}, {"other", "author", "owner"}, "Comment</button>"),
    ("close", "/comment", {"text": "", "act": "close"}, {"author", "owner"}, 'value="close"'),
    ("title", "/title", {"title": "Another"}, {"author", "owner"}, 'name="title"'),
    ("lock", "/lock", {"to": "on"}, {"owner"}, "/lock"),
    ("pin", "/pin", {"to": "on"}, {"owner"}, "/pin"),
    ("subscribe", "/subscription", {"to": "on"}, {"other", "author", "owner"}, "/subscription"),
    ("edit", "/comments/{id}/edit", {"text": "Another", "act": "save"}, {"author"}, "/edit"),
    ("tick", "/comments/{id}/tick", {"task": "0", "to": "on"}, {"author"}, "data-tasks"),
    ("hide", "/comments/{id}/hide", {"reason": "x"}, {"author", "owner"}, "/hide"),
    ("react", "/comments/{id}/react", {"sign": "👍"}, {"other", "author", "owner"}, "/react"),
]  # fmt: skip


@pytest.mark.parametrize("who", ["reader", "other", "author", "owner", "suspended"])
@pytest.mark.parametrize(("act", "suffix", "form", "allowed", "button"), ACTS, ids=[act[0] for act in ACTS])
def test_buttons_are_shown_to_those_whose_forms_are_taken(
    client: Client, thread: Discussion, owner: User, asker: User, who: str, act: str, suffix: str, form: dict, allowed: set,
    button: str,
) -> None:  # fmt: skip
    suspended = make.user()
    User.objects.filter(pk=suspended.pk).update(suspended_reason="spam")
    member = {"owner": owner, "author": asker, "other": make.user(), "suspended": suspended}.get(who)
    if member:
        client.force_login(User.objects.get(pk=member.pk))
    page = text_of(client, of(thread))
    if not (act == "subscribe" and who == "suspended"):
        assert (button in page.partition('id="content"')[2]) == (who in allowed)
    before = (thread.events.count(), Reaction.objects.count(), thread.title)
    answer = client.post(of(thread, suffix.format(id=first(thread).public_id)), form)
    assert (answer.status_code in {204, 302}) == (who in allowed), answer.content[:300]
    if who not in allowed:
        assert answer.status_code in {401, 403}
        thread.refresh_from_db()
        assert before == (thread.events.count(), Reaction.objects.count(), thread.title)


@pytest.mark.parametrize("index", ["-1", "", "x", "²", "9" * 5000])
def test_a_task_that_cannot_be_is_a_conflict(client: Client, thread: Discussion, asker: User, index: str) -> None:
    client.force_login(asker)
    address = of(thread, f"/comments/{first(thread).public_id}/tick")
    assert client.post(address, {"task": index, "to": "on"}).status_code == 409


@pytest.mark.parametrize(("act", "suffix", "form", "allowed", "button"), ACTS, ids=[act[0] for act in ACTS])
def test_forms_from_elsewhere_and_plain_links_do_nothing(
    thread: Discussion, owner: User, act: str, suffix: str, form: dict, allowed: set, button: str
) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner)
    address = of(thread, suffix.format(id=first(thread).public_id))
    assert client.post(address, form).status_code == 403
    if act not in {"edit", "hide"}:
        assert client.get(address).status_code == 405
    assert thread.events.count() == 1


def test_a_locked_thread_shows_no_field_to_strangers(client: Client, thread: Discussion, owner: User) -> None:
    discussions.lock(actor=Actor(user=owner), discussion=thread)
    client.force_login(make.user())
    assert "This thread is locked" in text_of(client, of(thread))
    assert client.post(of(thread, "/comment"), {"text": "x", "act": "comment"}).status_code == 403
    client.force_login(owner)
    assert 'name="text"' in text_of(client, of(thread))


def test_comments_of_other_threads_are_not_reached_through_this_one(
    client: Client, thread: Discussion, repository: Repository, asker: User
) -> None:
    other = first(opened(repository, asker))
    client.force_login(asker)
    assert client.get(of(thread, f"/comments/{other.public_id}/edit")).status_code == 404
    assert client.get(of(thread, "/comments/nonsense/history")).status_code == 404


# --- Pull requests ----------------------------------------------------------------------------------------------------


def test_a_pull_request_is_looked_at_and_merged(
    client: Client, repository: Repository, owner: User, asker: User
) -> None:
    thread = proposed(repository, asker)
    assert "It can be merged" in text_of(client, of(thread))
    assert "Who may write the repository can merge it" in text_of(client, of(thread))
    assert "Train longer" in text_of(client, of(thread, "/commits"))
    files = words_of(client, of(thread, "/files"))
    assert "epochs = 20" in files
    assert "epochs = 10" in files
    client.force_login(owner)
    page = text_of(client, of(thread))
    head = re.search(r'name="head" value="(\w+)"', page)
    assert head
    client.post(of(thread, "/merge"), {"head": head[1], "text": "Thank you"})
    thread.refresh_from_db()
    assert thread.status == "merged"
    page = text_of(client, of(thread))
    assert "merged this as" in page
    assert "Thank you" in page
    assert 'action="/olive/net/discussions/1/merge"' not in page
    assert "epochs = 20" in words_of(client, of(thread, "/files"))
    assert "Train longer" in text_of(client, of(thread, "/commits"))


def test_only_who_may_write_merges(client: Client, repository: Repository, asker: User) -> None:
    thread = proposed(repository, asker)
    for member in (None, asker, make.user()):
        if member:
            client.force_login(member)
        assert "/merge" not in text_of(client, of(thread))
        assert client.post(of(thread, "/merge")).status_code in {401, 403}
    thread.refresh_from_db()
    assert thread.status == "open"


def test_commits_that_came_after_one_looked_are_not_merged(
    client: Client, repository: Repository, owner: User, asker: User
) -> None:
    thread = proposed(repository, asker)
    looked_at = references.resolve(repository, "refs/pr/1").oid
    make.commit(repository, {"evil.py": "1"}, branch="refs/pr/1", actor=Actor(user=asker))
    client.force_login(owner)
    answer = client.post(of(thread, "/merge"), {"head": looked_at})
    assert answer.status_code == 412
    assert "look at them first" in answer.content.decode()


def test_conflicts_are_named_with_their_files(client: Client, repository: Repository, owner: User, asker: User) -> None:
    thread = proposed(repository, asker)
    make.commit(repository, {"train.py": "epochs = 5\n"})
    for page in (text_of(client, of(thread)), text_of(client, of(thread, "/files"))):
        assert "conflict" in page
        assert "<code>train.py</code>" in page
    client.force_login(owner)
    assert client.post(of(thread, "/merge")).status_code == 409


def test_a_base_that_is_gone_is_said_and_another_one_chosen(
    client: Client, repository: Repository, owner: User, asker: User
) -> None:
    actor = Actor(user=owner)
    references.create_branch(actor=actor, repository=repository, name="next")
    thread = proposed(repository, asker)
    pull_requests.retarget(actor=actor, discussion=thread, base="next")
    references.delete_branch(actor=actor, repository=repository, name="next")
    assert "The branch next is gone" in text_of(client, of(thread))
    assert "epochs = 20" in words_of(client, of(thread, "/files"))
    client.force_login(make.user())
    assert client.post(of(thread, "/base"), {"base": "main"}).status_code == 403
    client.force_login(asker)
    assert 'name="base"' in text_of(client, of(thread))
    client.post(of(thread, "/base"), {"base": "main"})
    assert PullRequest.objects.get().base == "refs/heads/main"
    assert "It can be merged" in text_of(client, of(thread))


def test_a_draft_gets_commits_and_becomes_ready(client: Client, repository: Repository, asker: User) -> None:
    client.force_login(asker)
    url = f"{repository.get_absolute_url()}/discussions/new/pull-request"
    assert "--create-pr" in text_of(client, url)
    answer = client.post(url, {"title": "Longer", "text": "", "base": "main", "act": "open"})
    thread = Discussion.objects.get()
    assert answer.headers["Location"] == of(thread)
    assert "No commits yet" in text_of(client, of(thread))
    make.commit(repository, {"a": "1"}, branch="refs/pr/1", actor=Actor(user=asker))
    assert "This is a draft" in text_of(client, of(thread))
    client.post(of(thread, "/status"), {"status": "open"})
    assert "It can be merged" in text_of(client, of(thread))


def test_files_of_a_gated_repositorys_proposal_are_for_its_readers(
    client: Client, repository: Repository, asker: User
) -> None:
    thread = proposed(repository, asker)
    Repository.objects.filter(pk=repository.pk).update(gated="manual")
    client.force_login(make.user())
    assert "merge-box" not in text_of(client, of(thread))
    assert client.get(of(thread, "/files")).status_code == 403
    assert client.get(of(thread, "/commits")).status_code == 403


def test_a_plain_discussion_has_no_files(client: Client, thread: Discussion) -> None:
    assert client.get(of(thread, "/files")).status_code == 409


def test_nothing_hostile_gets_through_titles_names_and_reasons(
    client: Client, repository: Repository, owner: User
) -> None:
    texts = [text for text in hostile.TEXTS if text.strip() and "\0" not in text]
    thread = opened(repository, owner)
    for text in texts[::25]:
        discussions.retitle(actor=Actor(user=owner), discussion=thread, title=text[:150] + "!")
    comment = said(thread, owner)
    discussions.hide(actor=Actor(user=owner), event=comment, reason="<svg onload=alert(1)>")
    Discussion.objects.filter(pk=thread.pk).update(title="<script>alert(1)</script>")
    page = text_of(client, of(thread)) + text_of(client, f"{repository.get_absolute_url()}/discussions")
    assert "<script>alert" not in page
    assert "<svg onload" not in page
    assert not re.search(r"<[a-z]+[^<>]*\son\w+\s*=", page)


def test_who_of_the_hubs_staff_hid_a_comment_is_not_told_to_everybody(
    client: Client, thread: Discussion, asker: User
) -> None:
    comment = said(thread, asker, "Buy gold")
    discussions.conceal(actor=Actor(user=make.user("warden", is_admin=True)), event=comment, reason="the third time")
    page = text_of(client, of(thread))
    assert "Hidden by a maintainer of this hub" in page
    api = client.get(f"/api/models/{thread.repository.full_name}/discussions/{thread.number}").content.decode()
    for told in (page, api):
        assert "warden" not in told
        assert "the third time" not in told
