"""Gates: what the card asks, what is answered and accepted, what the owners decide, and what the pages show of it."""

import csv
import hashlib
import io
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import Actor, AuditEntry, User
from accounts.services import standing
from hub.errors import Forbidden, NotFound
from hub.wire.csv_files import harmless_cell
from models_registry.errors import AnswersNeeded, DecisionStands
from models_registry.formats.gate_form import FieldType, GateWords, Question
from models_registry.models import AccessRequest, GateForm, Repository
from models_registry.services import gating, references
from models_registry.services.indexing import index_commit
from tests import make
from tests.kept import is_known

TERMS = "Be kind to people.\n\nAnd to machines."
CARD = """---
license: mit
extra_gated_heading: Read this first
extra_gated_description: We answer within a week.
extra_gated_button_content: Send it
extra_gated_prompt: "Be **kind**. <script>alert(1)</script>"
extra_gated_license_file: LICENSE
extra_gated_fields:
  Affiliation: text
  Country: country
  When: date_picker
  Use:
    type: select
    options: [Research, Teaching]
  Anything else:
    type: textarea
    required: false
  I will not redistribute it: checkbox
---
# Net
"""
ANSWERS = {
    "Affiliation": "Birch lab", "Country": "DE", "When": "2026-01-31", "Use": "Research",
    "I will not redistribute it": True,
}  # fmt: skip
SHA256 = hashlib.sha256(TERMS.encode()).hexdigest()


@pytest.fixture
def owner() -> User:
    return make.user("ada")


@pytest.fixture
def bob() -> User:
    return make.user("bob", full_name="Bob Beech")


@pytest.fixture
def gated(owner: User) -> Repository:
    repository = make.repository(owner, "net", gated="manual")
    write_card(repository, CARD)
    return repository


def write_card(repository: Repository, card: str, licence: str = TERMS) -> None:
    commit = make.commit(repository, {"README.md": card, "LICENSE": licence})
    index_commit(repository.pk, commit.oid)


def ask(user: User, repository: Repository, **more: Any) -> AccessRequest:
    arguments = {"answers": ANSWERS, "terms": SHA256} | more
    return gating.ask(actor=Actor(user=user), repository=repository, **arguments)


def decide(repository: Repository, user: User, status: str, reason: str = "") -> AccessRequest:
    actor = Actor(user=repository.creator)
    return gating.decide(actor=actor, repository=repository, status=status, username=user.username, reason=reason)


def may_read(user: User, repository: Repository) -> bool:
    return Repository.objects.filter(pk=repository.pk).readable_by(Actor(user=user)).exists()


def form(**more: str) -> dict[str, str]:
    """As the page's form sends it: the questions by their places."""
    return {
        "q0": "Birch lab", "q1": "DE", "q2": "2026-01-31", "q3": "Research", "q4": "", "q5": "on", "accept": "on",
        "terms_sha256": SHA256,
    } | more  # fmt: skip


def test_answers_are_kept_with_the_terms_that_were_accepted(gated: Repository, bob: User) -> None:
    asked = ask(bob, gated)
    assert (asked.status, asked.fields) == ("pending", ANSWERS)
    head = references.resolve(gated, "main")
    assert (asked.terms_sha256, asked.terms_commit) == (SHA256, head.oid)


@pytest.mark.parametrize(
    ("more", "faults", "terms_missing"),
    [
        ({"answers": {}}, {"Affiliation", "Country", "When", "Use", "I will not redistribute it"}, False),
        ({"answers": ANSWERS | {"Country": "XX"}}, {"Country"}, False),
        ({"answers": ANSWERS | {"Use": "War"}}, {"Use"}, False),
        ({"terms": ""}, set(), True),
        ({"terms": "0" * 64}, set(), True),
    ],
)
def test_without_answers_or_the_terms_of_today_nothing_is_asked(
    gated: Repository, bob: User, more: dict[str, Any], faults: set[str], terms_missing: bool
) -> None:
    with pytest.raises(AnswersNeeded) as refused:
        ask(bob, gated, **more)
    assert (refused.value.faults.keys(), refused.value.terms_missing) == (faults, terms_missing)
    assert not AccessRequest.objects.exists()


def test_terms_that_changed_are_to_be_read_again_and_old_requests_keep_theirs(gated: Repository, bob: User) -> None:
    ask(bob, gated)
    write_card(gated, CARD, "Other terms.")
    with pytest.raises(AnswersNeeded):
        ask(make.user(), gated)
    assert gated.access_requests.get().terms_sha256 == SHA256
    assert GateForm.objects.get().terms == "Other terms."


def test_the_form_keeps_its_input_and_says_what_is_wrong(gated: Repository, bob: User, client: Client) -> None:
    client.force_login(bob)
    page = client.get("/ada/net").content.decode()
    for shown in (
        "Read this first",
        "We answer within a week.",
        "Be <strong>kind</strong>",
        "Be kind to people.",
        "Send it",
    ):
        assert shown in page
    assert "<script>alert" not in page
    answer = client.post("/ada/net/access", form(q2="no date", accept=""))
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'value="Birch lab"' in page
    assert 'value="no date"' in page
    assert not AccessRequest.objects.exists()
    answer = client.post("/ada/net/access", form(terms_sha256="0" * 64))
    assert "The terms have changed meanwhile" in answer.content.decode()
    assert client.post("/ada/net/access", form()).status_code == 302
    assert gated.access_requests.get().fields == ANSWERS
    assert "You have asked for access" in client.get("/ada/net").content.decode()


def test_a_visitor_signs_in_first_and_comes_back(gated: Repository, client: Client) -> None:
    assert "/accounts/login/?next=/ada/net%23gate" in client.get("/ada/net").content.decode()
    assert client.post("/ada/net/access", form()).status_code == 401
    assert not AccessRequest.objects.exists()


def test_programs_ask_with_answers_and_read_what_is_asked(gated: Repository, bob: User, client: Client) -> None:
    key = make.bearer(make.token(bob))
    asked = client.get("/api/models/ada/net/gate", headers=key).json()
    assert (asked["gated"], asked["terms"]["sha256"], asked["request"]) == ("manual", SHA256, None)
    assert [field["label"] for field in asked["fields"]][:2] == ["Affiliation", "Country"]
    refused = client.post("/ada/net/ask-access", {}, "application/json", headers=key)
    assert refused.status_code == 400
    assert refused.json()["termsMissing"] is True
    assert refused.json()["fields"].keys() == ANSWERS.keys()
    sent = {"fields": ANSWERS, "terms": SHA256}
    assert client.post("/ada/net/ask-access", sent, "application/json", headers=key).json() == {"status": "pending"}
    listed = client.get(
        "/api/models/ada/net/user-access-request/pending", headers=make.bearer(make.token(gated.creator))
    )
    (row,) = listed.json()
    assert (row["fields"], row["terms"]["sha256"]) == (ANSWERS, SHA256)


def test_a_request_is_withdrawn_and_an_access_given_back_but_a_refusal_stands(gated: Repository, bob: User) -> None:
    actor = Actor(user=bob)
    with pytest.raises(NotFound):
        gating.withdraw(actor=actor, repository=gated)
    ask(bob, gated)
    gating.withdraw(actor=actor, repository=gated)
    ask(bob, gated)
    decide(gated, bob, "accepted")
    assert may_read(bob, gated)
    gating.withdraw(actor=actor, repository=gated)
    assert not may_read(bob, gated)
    ask(bob, gated)
    decide(gated, bob, "rejected", "Say who you are.")
    with pytest.raises(DecisionStands):
        gating.withdraw(actor=actor, repository=gated)
    assert ask(bob, gated).status == "rejected"
    assert AuditEntry.objects.filter(action="access.withdrawn").count() == 2


def test_opening_the_gate_keeps_what_was_decided_for_when_it_closes(gated: Repository, bob: User) -> None:
    carol = make.user("carol")
    for user in (bob, carol):
        ask(user, gated)
    decide(gated, bob, "accepted")
    decide(gated, carol, "rejected")
    for gate, expected in (("", [True, True]), ("auto", [True, False]), ("manual", [True, False])):
        Repository.objects.filter(pk=gated.pk).update(gated=gate)
        assert [may_read(user, gated) for user in (bob, carol)] == expected


def test_an_automatic_gate_opens_for_who_waited_but_not_for_who_was_turned_away(gated: Repository, bob: User) -> None:
    carol = make.user("carol")
    for user in (bob, carol):
        ask(user, gated)
    decide(gated, carol, "rejected")
    Repository.objects.filter(pk=gated.pk).update(gated="auto")
    gated.refresh_from_db()
    assert [ask(user, gated).status for user in (bob, carol)] == ["accepted", "rejected"]


def test_a_suspended_member_does_not_read_what_others_let_them_have(gated: Repository, bob: User) -> None:
    ask(bob, gated)
    decide(gated, bob, "accepted")
    moderator = Actor(user=make.user(is_admin=True))
    standing.suspend(actor=moderator, user=bob, reason="spam")
    bob.refresh_from_db()
    assert not may_read(bob, gated)
    standing.lift_suspension(actor=moderator, user=bob)
    bob.refresh_from_db()
    assert may_read(bob, gated)


def test_requests_go_with_their_account_and_stay_with_who_decided_gone(gated: Repository, bob: User) -> None:
    carol = make.user("carol")
    ask(bob, gated)
    ask(carol, gated)
    helper = make.user("helper")
    AccessRequest.objects.filter(user=carol).update(decided_by=helper)
    helper.delete()
    bob.delete()
    assert [row.user for row in gated.access_requests.all()] == [carol]


def test_members_see_all_that_they_have_asked_for_and_no_more_than_they_may(
    gated: Repository, bob: User, client: Client
) -> None:
    hidden = make.repository(make.user("eve"), "hidden", gated="manual")
    gating.ask(actor=Actor(user=bob), repository=hidden)
    Repository.objects.filter(pk=hidden.pk).update(private=True)
    ask(bob, gated)
    decide(gated, bob, "rejected", "Say who you are.")
    client.force_login(bob)
    page = client.get("/settings/gated-repos").content.decode()
    assert "ada/net" in page
    assert "Say who you are." in page
    assert "eve/hidden" not in page
    assert 'action="/ada/net/access/withdraw"' not in page
    decide(gated, bob, "accepted")
    assert client.post("/ada/net/access/withdraw", {"back": "settings"})["Location"] == "/settings/gated-repos"
    assert not gated.access_requests.exists()


# --- The owners' side ------------------------------------------------------------------------------------------------


def test_owners_decide_on_their_page(gated: Repository, owner: User, bob: User, client: Client) -> None:
    request = ask(bob, gated)
    client.force_login(owner)
    page = client.get("/ada/net/settings/access").content.decode()
    for shown in ("bob@example.org", "Bob Beech", "Birch lab", SHA256[:12]):
        assert shown in page
    address = f"/ada/net/settings/access/{request.pk}"
    client.post(address, {"status": "rejected", "reason": "Say who you are."})
    assert "Say who you are." in client.get("/ada/net/settings/access?status=rejected").content.decode()
    client.post(address, {"status": "accepted"})
    request.refresh_from_db()
    assert (request.status, request.decided_by, request.rejection_reason) == ("accepted", owner, "")
    assert may_read(bob, gated)
    client.post("/ada/net/settings/access/grant", {"username": "carol"})
    assert not AccessRequest.objects.filter(user__username="carol").exists()
    make.user("carol")
    client.post("/ada/net/settings/access/grant", {"username": "carol"})
    page = client.get("/ada/net/settings/access?status=accepted").content.decode()
    assert "let in unasked" in page
    assert "carol@example.org" not in page


def test_many_are_accepted_at_once_or_those_that_are_chosen(gated: Repository, owner: User, client: Client) -> None:
    rows = [ask(make.user(), gated) for _ in range(4)]
    client.force_login(owner)
    client.post("/ada/net/settings/access/accept", {"request": [rows[0].pk, rows[1].pk, "x", 10**30]})
    assert set(gated.access_requests.filter(status="accepted")) == set(rows[:2])
    client.post("/ada/net/settings/access/accept", {"all": "1"})
    assert gated.access_requests.filter(status="accepted").count() == 4
    assert AuditEntry.objects.filter(action="access.accepted").count() == 4


def test_the_owners_page_takes_as_many_queries_for_many(
    gated: Repository, owner: User, client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(owner)
    for _ in range(2):
        ask(make.user(), gated)
    with django_assert_max_num_queries(40) as few:
        client.get("/ada/net/settings/access")
    for _ in range(10):
        ask(make.user(), gated)
    with django_assert_max_num_queries(len(few)):
        client.get("/ada/net/settings/access")


PAGES = ["", "/visibility", "/default-branch", "/licence", "/access", "/access/gate", "/access/questions", "/access/grant",
         "/access/accept", "/access/export", "/access/1", "/delete"]  # fmt: skip


@pytest.mark.parametrize("below", PAGES)
def test_settings_are_for_who_administers(gated: Repository, bob: User, client: Client, below: str) -> None:
    address = f"/ada/net/settings{below}"
    assert client.get(address).status_code in {302, 405}
    client.force_login(bob)
    for answer in (client.get(address), client.post(address, {"status": "accepted", "gated": ""})):
        assert answer.status_code in {403, 405}
    gated.refresh_from_db()
    assert gated.gated == "manual"


def test_what_is_exported_runs_in_no_spreadsheet(gated: Repository, owner: User, bob: User, client: Client) -> None:
    bob.full_name = "@SUM(1+1)"
    bob.save()
    ask(bob, gated, answers=ANSWERS | {"Affiliation": '=HYPERLINK("https://example.org")', "Anything else": "a\nb,c"})
    client.force_login(owner)
    answer = client.get("/ada/net/settings/access/export")
    assert answer["Content-Disposition"] == 'attachment; filename="ada-net-access.csv"'
    text = b"".join(answer).decode("utf-8-sig")  # type: ignore[call-overload]
    titles, row = csv.reader(io.StringIO(text))
    told = dict(zip(titles, row, strict=True))
    assert told["Affiliation"] == '\'=HYPERLINK("https://example.org")'
    assert told["full name"] == "'@SUM(1+1)"
    assert (told["Anything else"], told["I will not redistribute it"]) == ("a\nb,c", "true")
    assert (told["e-mail"], told["terms (SHA-256)"]) == ("bob@example.org", SHA256)
    assert AuditEntry.objects.filter(action="access.exported").exists()


@pytest.mark.parametrize(
    ("value", "shown"),
    [("a", "a"), ("", ""), ("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@a", "'@a"), ("\t=1", "'\t=1"), (" =1", "' =1"),
     ("\r=1", "'\r=1"), ("a=1", "a=1")],
)  # fmt: skip
def test_a_cell_that_begins_like_a_formula_gets_an_apostrophe(value: str, shown: str) -> None:
    assert harmless_cell(value) == shown


def test_the_owners_write_what_is_asked_into_the_card(owner: User, client: Client) -> None:
    repository = make.repository(owner, "plain")
    make.commit(repository, {"README.md": "---\nlicense: mit # ours\n---\n# Plain\n", "LICENSE": TERMS})
    client.force_login(owner)
    client.post("/ada/plain/settings/access/gate", {"gated": "auto"})
    sent = {
        "heading": "Hello", "prompt": "", "description": "", "button": "", "terms_file": "LICENSE", "terms": "",
        "q-TOTAL_FORMS": "3", "q-INITIAL_FORMS": "0",
        "q-0-label": "Name", "q-0-type": "text", "q-0-required": "on",
        "q-1-label": "Use", "q-1-type": "select", "q-1-options": "Research\nTeaching", "q-1-required": "on",
        "q-2-label": "", "q-2-type": "text",
    }  # fmt: skip
    wrong = client.post("/ada/plain/settings/access/questions", sent | {"q-1-options": ""})
    assert wrong.status_code == 400
    assert 'value="Hello"' in wrong.content.decode()
    assert client.post("/ada/plain/settings/access/questions", sent).status_code == 302
    index_commit(repository.pk, references.resolve(repository, "main").oid)
    asked = gating.form_of(repository)
    assert (asked.heading, asked.terms) == ("Hello", TERMS)
    assert gating.questions_of(asked) == (
        Question("Name"),
        Question("Use", FieldType.SELECT, ("Research", "Teaching")),
    )
    text = client.get("/ada/plain/raw/main/README.md").content.decode()
    assert "license: mit # ours\n" in text
    assert "Teaching" in client.get("/ada/plain/settings/access/questions").content.decode()


def test_words_of_a_gate_are_for_administrators(gated: Repository, bob: User) -> None:
    with pytest.raises(Forbidden):
        gating.change_words(actor=Actor(user=bob), repository=gated, words=GateWords(heading="x"))


def test_a_card_that_cannot_be_understood_asks_nothing_and_says_why(owner: User, client: Client) -> None:
    repository = make.repository(owner, "odd", gated="manual")
    write_card(repository, "---\nextra_gated_fields: all\nextra_gated_license_file: NOTICE\n---\n")
    asked = gating.form_of(repository)
    assert (asked.fields, asked.terms, len(asked.problems)) == ([], "", 2)
    assert all(map(is_known, asked.problems))
    client.force_login(owner)
    assert "which is no text file of this repository" in client.get("/ada/odd/settings/access").content.decode()
    write_card(repository, "# nothing\n")
    assert not GateForm.objects.filter(repository=repository).exists()


def test_the_default_branch_is_changed_and_its_card_is_read(owner: User, client: Client) -> None:
    repository = make.repository(owner, "two")
    references.create_branch(actor=Actor(user=owner), repository=repository, name="next")
    client.force_login(owner)
    client.post("/ada/two/settings/default-branch", {"branch": "nowhere"})
    repository.refresh_from_db()
    assert repository.default_branch == "main"
    client.post("/ada/two/settings/default-branch", {"branch": "next"})
    repository.refresh_from_db()
    assert repository.default_branch == "next"
    assert AuditEntry.objects.filter(action="repository.default_branch").exists()


def test_a_token_for_other_repositories_asks_for_no_access_and_gives_none_back() -> None:
    """Who asks accepts terms in their own name."""
    asker, gated = make.user(), make.repository(gated="auto")
    other = [{"action": "write", "repository": make.repository(asker).pk}]
    token = make.token_row(make.token(asker, "fine-grained", scopes=other))
    with pytest.raises(Forbidden):
        gating.ask(actor=Actor(user=asker, token=token), repository=gated)
    gating.ask(actor=Actor(user=asker), repository=gated)
    with pytest.raises(Forbidden):
        gating.withdraw(actor=Actor(user=asker, token=token), repository=gated)
    assert gating.state_of(Actor(user=asker), gated)
