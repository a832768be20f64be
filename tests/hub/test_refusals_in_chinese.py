"""What refuses, warns or notifies is said in the reader's language; programs hear English, and know some of it by its words."""

import re

import pytest
from django.test import Client
from django.utils import translation
from werkzeug.test import Client as WsgiClient

from accounts.models import User
from hub import wsgi
from hub.error_responses import error_headers
from hub.errors import Forbidden, HubError
from hub.kept_sentences import in_words
from models_registry.community.models import NoticeKind, Notification
from models_registry.community.moderation_forms import READY_WORDS
from models_registry.community.services import notifications, wording
from models_registry.errors import BadPath, MergeConflict, RevisionNotFound
from models_registry.formats import card, paths
from models_registry.models import Card, Repository
from models_registry.services.changes import checked_path
from models_registry.services.indexing import index_commit
from tests import make

CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9"}
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.fixture
def member() -> User:
    return make.user()


@pytest.fixture
def repository(member: User) -> Repository:
    made = make.repository(member)
    make.commit(made, {"README.md": "# Net\n"})
    return made


@pytest.fixture
def visitor(client: Client, member: User) -> Client:
    client.force_login(member)
    return client


@pytest.mark.parametrize(
    ("address", "status", "chinese", "english"),
    [
        ("{}/tree/nowhere", 404, "无效的版本：nowhere", "Invalid rev id: nowhere"),
        ("{}/blob/main/nothing.txt", 404, "没有文件", "There is no file"),
        ("{}/discussions/7", 404, "没有讨论 7", "has no discussion 7"),
        ("{}/edit/main/nothing.txt", 404, "没有文件或文件夹", "There is no file or folder"),
        ("/nobody/nothing", 404, "没有模型", "There is no model"),
        ("/docs/nothing", 404, "指南中没有页面", "The guide has no page"),
        ("/leaderboards/nothing", 404, "没有评测套件", "There is no suite"),
        ("/no/such/address/at/all", 404, "", ""),
    ],
)
def test_a_page_refuses_in_the_readers_language(
    visitor: Client, repository: Repository, address: str, status: int, chinese: str, english: str
) -> None:
    address = address.format(repository.get_absolute_url())
    told = visitor.get(address, headers=CHINESE)
    assert (told.status_code, told.get("X-Error-Message")) == (status, None)
    assert chinese in told.content.decode()
    assert english in visitor.get(address).content.decode()


@pytest.mark.parametrize(
    ("path", "fields", "chinese"),
    [
        ("/new/main", {"path": "a//b", "content": "x", "title": ""}, "含有空的部分"),
        ("/branches", {"name": "a b", "revision": "main"}, "不是分支或标签的名称"),
        ("/discussions/new", {"title": " ", "text": "x"}, ""),
    ],
)
def test_a_form_refuses_in_the_readers_language(
    visitor: Client, repository: Repository, path: str, fields: dict[str, str], chinese: str
) -> None:
    told = visitor.post(f"{repository.get_absolute_url()}{path}", fields, headers=CHINESE)
    assert "?" not in told.get("X-Error-Message", "")
    assert chinese in told.content.decode()


def test_a_browser_that_asks_the_api_reads_the_body_and_gets_no_unreadable_header(
    visitor: Client, repository: Repository
) -> None:
    address = f"{repository.api_path}/tree/nowhere"
    told = visitor.get(address, headers=CHINESE)
    assert (told.status_code, told["X-Error-Code"]) == (404, "RevisionNotFound")
    assert told.json()["error"] == "无效的版本：nowhere"
    assert "X-Error-Message" not in told
    assert visitor.get(address)["X-Error-Message"] == "Invalid rev id: nowhere"


def test_a_program_is_answered_in_english_whatever_was_spoken_before() -> None:
    programs = WsgiClient(wsgi.application)
    with translation.override("zh-hans"):
        told = programs.get("/a/b.git/nothing", headers=CHINESE)
    assert told.json["error"] == told.headers["X-Error-Message"] == "There is no address /a/b.git/nothing."


@pytest.mark.parametrize(
    ("error", "english"),
    [
        (Forbidden, "You may not do this."),
        (lambda: RevisionNotFound("v1"), "Invalid rev id: v1"),
        (lambda: MergeConflict(["a"]), "Both sides have changed a: merge the base into the pull request first."),
    ],
)
def test_an_error_speaks_the_language_in_which_it_is_raised(error: type[HubError], english: str) -> None:
    assert str(error()) == english
    with translation.override("zh-hans"):
        assert HAN.search(str(error()))


BAD_PATHS = ["/a", "a\\b", "a\tb", "a//b", ".git/x", "a" * 300, "/".join("a" * 40), "a/" * 600 + "a"]


@pytest.mark.parametrize("path", BAD_PATHS, ids=lambda path: path[:12])
def test_a_path_is_refused_in_the_readers_language(path: str) -> None:
    with pytest.raises(BadPath) as refused:
        checked_path(path)
    with pytest.raises(paths.UnsafePath) as plain:
        paths.checked(path)
    assert str(refused.value) == str(plain.value)
    with translation.override("zh-hans"), pytest.raises(BadPath, match=HAN):
        checked_path(path)


BAD_CARDS = [
    "no metadata",
    "---\n- a\n---\n",
    "---\na: [\n---\n",
    "---\na: &x 1\nb: *x\n---\n",
    "---\na: .inf\n---\n",
    "---\na: !!binary aGVsbG8=\n---\n",
    "---\n" + "a: " + "[" * 30 + "]" * 30 + "\n---\n",
    "---\ntags: " + "x" * 300 + "\n---\n",
    "---\npipeline_tag: [a]\n---\n",
    "---\nlicense: my-own\n---\n",
    "---\nmodel-index: 1\n---\n",
    "---\nmodel-index: [1]\n---\n",
]


@pytest.mark.parametrize("text", BAD_CARDS, ids=range(len(BAD_CARDS)))
def test_what_is_wrong_with_a_card_is_said_in_the_readers_language(text: str) -> None:
    found = [sentence for part in card.validate(text) for sentence in part]
    assert found
    assert [in_words(sentence) for sentence in found] == found
    with translation.override("zh-hans"):
        assert all(HAN.search(in_words(sentence)) for sentence in found)


@pytest.mark.parametrize("words", READY_WORDS)
def test_ready_words_of_a_moderator_are_told_in_the_readers_language_and_the_moderators_own_kept(words: str) -> None:
    assert in_words(f"{words} See 12/34.") == f"{words} See 12/34."
    with translation.override("zh-hans"):
        assert in_words(words) == translation.gettext(words)
        assert in_words(f"{words} See 12/34.") == f"{translation.gettext(words)} See 12/34."


def test_warnings_that_are_kept_with_a_card_are_told_in_the_readers_language(
    visitor: Client, repository: Repository
) -> None:
    made = make.commit(repository, {"README.md": f"---\ntags: {'x' * 300}\n---\n# Net\n"})
    index_commit(repository.pk, made.oid)
    kept = Card.objects.get(repository=repository, commit=made.oid).warnings
    page = repository.get_absolute_url()
    assert "短文字的列表" in visitor.get(page, headers=CHINESE).content.decode()
    assert kept[0] in visitor.get(page).content.decode()


def test_what_was_told_in_english_is_read_in_the_readers_language_and_what_people_wrote_stays(member: User) -> None:
    sentence = "Your suite Words was declined: no licence"
    notice = notifications.notify(kind=NoticeKind.EVALUATION, key="a", users=[member], text=sentence)
    by_people = notifications.notify(kind=NoticeKind.VERSION, key="b", users=[member], text=sentence)
    told, written = (Notification(notice=one, kind=one.kind, recipient=member) for one in (notice, by_people))
    with translation.override("zh-hans"):
        assert "您的" in wording.of(told).title
        assert wording.of(written).title == sentence
    assert wording.of(told).title == sentence


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("Only a token of the role “write” may…\ndo it.", 'Only a token of the role "write" may... do it.'),
        ("There is no file 'é模型.bin'.", "There is no file 'é??.bin'."),
    ],
)
def test_an_english_header_says_as_much_as_its_letters_can(message: str, line: str) -> None:
    """HEAD has no body to say it."""
    assert error_headers(HubError(message)) == {"X-Error-Message": line}
    with translation.override("zh-hans"):
        assert error_headers(HubError("模型 é")) == {}
