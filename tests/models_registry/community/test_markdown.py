"""Comments: as GitHub reads them, with links to what their reader may see, and harmless."""

from time import process_time

import pytest
from django.core.cache import cache
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor, Namespace, User
from accounts.models.namespace import NamespaceRedirect
from models_registry.community.models import Discussion
from models_registry.community.services import mentions
from models_registry.community.services.markdown import LONGEST, MOST_NAMED, render_comment, render_comments, ticked
from models_registry.models import Repository, RepositoryRedirect
from tests import hostile, make

NOBODY = Actor()


def thread(repository: Repository, number: int, title: str = "A question") -> Discussion:
    return Discussion.objects.create(repository=repository, number=number, title=title, author=repository.creator)


@pytest.fixture
def ann() -> User:
    return make.user("ann")


@pytest.fixture
def repository(ann: User) -> Repository:
    return make.repository(ann, "net")


def test_nothing_hostile_survives_rendering(repository: Repository) -> None:
    thread(repository, 1, '"><img src=x onerror=alert(1)>')
    framed = [f"text {text} text" for text in hostile.TEXTS] + [
        f"- [ ] {text}\n\n| {text} |\n|--|\n| {text} |\n" for text in hostile.TEXTS
    ]
    for html in render_comments([*hostile.TEXTS, *framed], repository=repository, actor=NOBODY):
        hostile.audit(html)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from([*hostile.TEXTS, "<", ">", '"', "'", "`", "[", "](", ")", "\n\n", "**", "@ann", "#1"]),
        max_size=12,
    )
)
def test_no_combination_of_hostile_pieces_survives_rendering(pieces: list[str]) -> None:
    repository = Repository.objects.filter(full_key="ann/net").first() or make.repository(make.user("ann"), "net")
    hostile.audit(render_comment("".join(pieces), repository=repository, actor=NOBODY))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("~~old~~", "<s>old</s>"),
        ("- [x] done", 'type="checkbox"'),
        ("| a |\n|--|\n| 1 |", "<td>1</td>"),
        ("```python\nx = 1\n```", '<span class="n">x</span>'),
        ("see https://a.example/b?c=1.", '<a href="https://a.example/b?c=1"'),
        ("[train](train.py)", 'href="/ann/net/blob/main/train.py"'),
        ("![plot](plot.png)", '<img src="/ann/net/resolve/main/plot.png" alt="plot"'),
        ("![shot](/uploads/a/b.png)", '<img src="/uploads/a/b.png"'),
        ("![shot](http://localhost:8000/uploads/a/b.png)", '<img src="/uploads/a/b.png"'),
        ("![x](https://a.example/b.png)", '<a href="https://a.example/b.png"'),
        ("![x](/accounts/logout/)", '<a href="/accounts/logout/"'),
        ("# Title", "<h2>Title</h2>"),
        ("<details><summary>More</summary>\n\n**bold**\n\n</details>", "<strong>bold</strong>"),
        ("look at model.py and a.example", "look at model.py and a.example"),
    ],
)  # fmt: skip
def test_a_comment_reads_as_people_expect(repository: Repository, settings, written: str, expected: str) -> None:
    settings.BASE_URL = "http://localhost:8000"
    assert expected in render_comment(written, repository=repository, actor=NOBODY)


@pytest.mark.parametrize(
    "written", ["@ann", "thanks @ann.", "(@ANN)", "谢谢@ann看看", "**@ann**", "@ann's", "@ann\n@bob"]
)
def test_a_members_name_leads_to_their_page(repository: Repository, written: str) -> None:
    assert '<a href="/ann" class="mention"' in render_comment(written, repository=repository, actor=NOBODY)


@pytest.mark.parametrize(
    "written", ["`@ann`", "```\n@ann\n```", "mail@ann", "@ann/net", "@nobody", "[@ann](/x)", "@ann-x", "@annx", "<kbd>@ann</kbd>"]
)  # fmt: skip
def test_what_is_no_mention_stays_text(repository: Repository, written: str) -> None:
    assert 'href="/ann"' not in render_comment(written, repository=repository, actor=NOBODY)


@pytest.mark.parametrize(
    "written",
    [
        "@ann",
        "谢谢@ann看看#1吧",
        "`@ann` #1",
        "a@ann",
        "x=@ann #1",
        "@ann/net",
        "#1, see ann/net#1",
        "/#1",
        "##1",
        "#1a",
    ],
)
def test_what_is_linked_is_told_and_the_other_way_round(repository: Repository, ann: User, written: str) -> None:
    thread(repository, 1)
    html, told = render_comment(written, repository=repository, actor=NOBODY), mentions.read(written)
    assert ('href="/ann"' in html) == (told.members == ["ann"])
    assert ("/discussions/1" in html) == bool(told.threads)


def test_threads_are_named_by_number_here_and_by_name_elsewhere(repository: Repository, ann: User) -> None:
    thread(repository, 12, "Why <so> slow?")
    data = make.repository(ann, "digits", kind="dataset")
    thread(data, 3)
    html = render_comment(
        "#12, ann/net#12, Datasets: datasets/ann/digits#3, #99, ann/net#99, a#12, &#12;", repository=data, actor=NOBODY
    )
    assert html.count("<a ") == 2
    assert '<a href="/ann/net/discussions/12" title="Why &lt;so&gt; slow?"' in html
    assert '<a href="/datasets/ann/digits/discussions/3"' in html
    assert 'href="/ann/net/discussions/12"' in render_comment("see #12", repository=repository, actor=NOBODY)


def test_a_thread_keeps_its_link_under_its_repositorys_old_names(repository: Repository, ann: User) -> None:
    thread(repository, 1)
    RepositoryRedirect.objects.create(namespace=ann.namespace, kind="model", key="lenet", repository=repository)
    NamespaceRedirect.objects.create(old_key="annie", namespace=Namespace.objects.get(user=ann))
    for written in ("ann/lenet#1", "annie/net#1", "annie/lenet#1"):
        assert 'href="/ann/net/discussions/1"' in render_comment(written, repository=make.repository(), actor=NOBODY)


def test_a_reference_to_what_one_may_not_see_looks_like_text(ann: User, repository: Repository) -> None:
    secret = make.repository(ann, "secret", private=True)
    thread(secret, 1)
    RepositoryRedirect.objects.create(namespace=ann.namespace, kind="model", key="hidden", repository=secret)
    text = "ann/secret#1, ann/hidden#1"
    assert render_comment(text, repository=repository, actor=NOBODY) == f"<p>{text}</p>\n"
    assert render_comment(text, repository=repository, actor=Actor(user=ann)).count("<a ") == 2
    assert render_comment(text, repository=repository, actor=NOBODY) == f"<p>{text}</p>\n"


def test_commits_of_this_repository_are_linked_by_their_ids(repository: Repository) -> None:
    oid = make.commit(repository, title="Retrain").oid
    other = make.commit(make.repository()).oid
    html = render_comment(f"{oid} {oid[:9]} {other} {oid[:6]} `{oid[:7]}`", repository=repository, actor=NOBODY)
    assert html.count(f'<a href="/ann/net/commit/{oid}" title="Retrain"') == 2
    assert f"<code>{oid[:7]}</code></a>" in html


def test_commits_of_a_gated_repository_are_linked_for_who_may_read_it(repository: Repository, ann: User) -> None:
    oid = make.commit(repository).oid
    Repository.objects.filter(pk=repository.pk).update(gated="manual")
    assert "<a " not in render_comment(oid, repository=repository, actor=NOBODY)
    assert "<a " in render_comment(oid, repository=repository, actor=Actor(user=ann))


def test_a_page_of_comments_takes_as_many_queries_as_one(
    repository: Repository,
    django_assert_max_num_queries: DjangoAssertNumQueries,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    others = [make.repository() for _ in range(5)]
    oid = make.commit(repository).oid
    for number in range(1, 6):
        thread(repository, number)
        thread(others[number - 1], number)
    text = "@ann @nobody #{} {}#{} old/name#4 {}"
    with django_assert_max_num_queries(12) as few:
        render_comment(text.format(1, others[0].full_name, 1, oid[:8]), repository=repository, actor=NOBODY)
    many = [text.format(n, one.full_name, n, oid[: 7 + n]) for n, one in enumerate(others, 1)] * 10
    with django_assert_num_queries(len(few)):
        html = render_comments(many, repository=repository, actor=NOBODY)
    assert all(one.count("<a ") == 4 for one in html)


def test_a_storm_of_mentions_is_linked_up_to_a_limit(
    repository: Repository, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    text = " ".join(f"@user{n} #{n} org/net{n}#{n} {n:040x}" for n in range(1, 2000))
    with django_assert_max_num_queries(12):
        html = render_comment(text, repository=repository, actor=NOBODY)
    assert html.count("<a ") <= 4 * MOST_NAMED


def test_a_comment_is_rendered_once_for_all_who_see_the_same(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    first = render_comment("Hello @ann", repository=repository, actor=NOBODY)
    from models_registry.services import markdown

    monkeypatch.setattr(markdown, "clean", None)
    assert render_comment("Hello @ann", repository=repository, actor=Actor(user=make.user())) == first


TASKS = "Plan:\n- [ ] a\n- [x] b\n  1. [ ] c\n\n[ ] no task\n```\n- [ ] code\n```\n> - [X] d [ ] x\n"


@pytest.mark.parametrize(
    ("index", "done", "before", "after"),
    [(0, True, "- [ ] a", "- [x] a"), (1, False, "- [x] b", "- [ ] b"), (2, True, "1. [ ] c", "1. [x] c"),
     (3, False, "> - [X] d [ ] x", "> - [ ] d [ ] x")],
)  # fmt: skip
def test_a_task_is_ticked_in_the_text(index: int, done: bool, before: str, after: str) -> None:
    assert ticked(TASKS, index, done=done) == TASKS.replace(before, after)


@pytest.mark.parametrize(("index", "done"), [(-1, True), (4, True), (0, False), (1, True)])
def test_a_task_that_is_not_there_or_is_so_already_changes_nothing(index: int, done: bool) -> None:
    assert ticked(TASKS, index, done=done) is None


MARKS = "- [ ] a\n|1. - [x] b\n|http://a|https://|://|x://y |![|[a][|**a*|a\n\n|<b>|@a |#1 ".split("|")


@pytest.mark.parametrize("piece", MARKS)
def test_a_text_of_nothing_but_marks_is_rendered_at_once(repository: Repository, piece: str) -> None:
    text = (piece * LONGEST)[:LONGEST]
    before = process_time()
    render_comment(text, repository=repository, actor=NOBODY)
    assert process_time() - before < 8


@pytest.mark.parametrize(
    "before", ["", "See ", "A long text before the link ", "*x* and then, after a while, ", "x" * 40 + " "]
)
def test_an_address_is_a_link_wherever_it_stands(repository: Repository, before: str) -> None:
    html = render_comment(f"{before}https://example.org/a_b_c.", repository=repository, actor=NOBODY)
    shown = before.replace("*x*", "<em>x</em>")
    assert html.startswith(f'<p>{shown}<a href="https://example.org/a_b_c"')
    assert html.rstrip().endswith("a_b_c</a>.</p>")
