"""Challenges through their pages, the API and the admin; and that no door tells of the hidden rows before the end."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import Actor, AuditEntry, User
from evaluations.models import Challenge, Entry, Run, State, Submission, SuiteVersion
from evaluations.services import challenges, entering, exporting, judging, ranking
from models_registry.community.models import Notice
from tests import make
from tests.evaluations import building, competing, rows
from tests.evaluations.building import right

# What only somebody can know who knows more than the public rows: values over all rows, and over the hidden ones.
CORRECT = 497


@pytest.fixture
def open_now(digits: SuiteVersion) -> Challenge:
    """A challenge that is open by the clock of whoever asks a door."""
    return competing.challenge(digits, start=timezone.now() - timedelta(days=1))


def scored(challenge: Challenge, user: User | None = None, **fields: Any) -> Submission:
    """A submission of a public model, its run ended and judged."""
    now = timezone.now()
    entry = competing.entry(challenge, user, now=now)
    submission = competing.submit(entry, now=now, **fields)
    assert submission.run is not None
    competing.end(submission.run, right(CORRECT, first=17))
    judging.judge(challenge.pk)
    submission.refresh_from_db()
    return submission


def finish(challenge: Challenge) -> None:
    challenges.end_early(actor=competing.staff(), challenge=challenge, reason="Enough.")
    judging.judge(challenge.pk)
    challenge.refresh_from_db()


def words_of(challenge: Challenge, submission: Submission) -> Iterator[str]:
    """The secrets, as doors write numbers: found out by ending a copy of it all."""
    whole = CORRECT / 540
    hidden = (CORRECT - submission.public_value * 162) / 378
    for value in (whole, hidden):
        yield f"{value:.4f}"
        yield repr(value)[:8]


def doors(challenge: Challenge, submission: Submission) -> list[str]:
    run, slug = submission.run, challenge.slug
    assert run is not None
    repository = submission.repository
    assert repository is not None
    suite = challenge.suite_version.suite.name
    return [
        "/", "/challenges", f"/challenges/{slug}", f"/challenges/{slug}/entry", "/leaderboards", f"/leaderboards/{suite}",
        run.get_absolute_url(), repository.get_absolute_url(), f"{repository.get_absolute_url()}/evaluations",
        "/models", "/notifications", f"/api/models/{repository.full_name}",
        f"/api/evaluations?repository={repository.full_name}", f"/api/evaluations/{run.pk}",
        f"/api/evaluations/{run.pk}/result", f"/api/evaluations/{run.pk}/bundle", f"/api/leaderboards/{suite}",
        f"/api/leaderboards/{suite}.csv", f"/api/leaderboards/{suite}.parquet", "/api/challenges",
        f"/api/challenges/{slug}", f"/api/challenges/{slug}/board", f"/api/challenges/{slug}/entry",
        f"/api/challenges/{slug}/submissions", f"/api/challenges/{slug}/invitations",
        f"/admin/evaluations/run/{run.pk}/change/", f"/admin/evaluations/entry/{submission.entry_id}/change/",
        f"/admin/evaluations/challenge/{challenge.pk}/change/",
    ]  # fmt: skip


def content_of(client: Client, address: str) -> str:
    answer = client.get(address)
    body = b"".join(answer) if answer.streaming else answer.content
    assert answer.status_code < 500, address
    return body.decode("utf-8", errors="replace")


def test_no_door_tells_of_the_hidden_rows_before_the_end(client: Client, open_now: Challenge) -> None:
    submission, other = scored(open_now), scored(open_now)
    ranking.rank(open_now.suite_version)
    secrets = list(words_of(open_now, submission))
    public = f"{submission.public_value:.4f}"
    assert public not in secrets
    entrants = [competing.member(one.entry) for one in (submission, other)]
    for who in (None, make.user(), *entrants, building.operator()):
        client.logout()
        if who is not None:
            client.force_login(who)
        for address in doors(open_now, submission):
            content = content_of(client, address)
            assert not [secret for secret in secrets if secret in content], (who, address)
            assert str(open_now.seed) not in content, (who, address)
    client.logout()
    assert public in content_of(client, f"/challenges/{open_now.slug}")
    assert open_now.title in content_of(client, submission.run.get_absolute_url())
    finish(open_now)
    page = content_of(client, f"/challenges/{open_now.slug}")
    assert secrets[2] in page
    assert f"<code>{open_now.seed}</code>" in page
    assert secrets[0] in content_of(client, submission.run.get_absolute_url())


def test_what_is_withheld_says_until_when(client: Client, open_now: Challenge) -> None:
    submission = scored(open_now)
    address = f"/api/evaluations/{submission.run_id}"
    until = f"{open_now.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    for part in ("result", "bundle"):
        answer = client.get(f"{address}/{part}")
        assert answer.status_code == 409
        assert until in answer.json()["error"]
    shown = client.get(address).json()
    assert (shown["state"], shown["metrics"]) == ("scored", {})
    assert until in shown["withheld"]
    page = content_of(client, submission.run.get_absolute_url())
    assert until in page
    assert "Result document" not in page
    finish(open_now)
    assert client.get(f"{address}/result").status_code == 200
    assert client.get(address).json()["withheld"] is None
    assert client.get(address).json()["metrics"]["accuracy"]["value"] == CORRECT / 540


def test_nothing_that_is_told_or_exported_holds_a_score(open_now: Challenge) -> None:
    submission = scored(open_now)
    user = competing.member(submission.entry)
    secrets = list(words_of(open_now, submission))
    told = " ".join(str(row) for row in Notice.objects.values("text", "outcome", "url"))
    exported = json.dumps([list(part(user)) for part in (exporting._evaluations, exporting._submissions)], default=str)
    assert open_now.title in exported
    assert not [secret for secret in secrets if secret in told + exported]


def test_a_private_board_shows_each_entry_its_own_score_alone(client: Client, digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits, start=timezone.now() - timedelta(days=1), board_is_public=False)
    submission = scored(challenge)
    public = f"{submission.public_value:.4f}"
    address = f"/challenges/{challenge.slug}"
    assert client.get(f"/api{address}/board").json() == {"board": "private", "rows": [], "disqualified": []}
    client.force_login(competing.member(submission.entry))
    assert public not in content_of(client, address)
    assert public in content_of(client, f"{address}/entry")
    (shown,) = client.get(f"/api{address}/submissions").json()
    assert (shown["public"]["value"], shown["hidden"]) == (submission.public_value, None)
    client.force_login(make.user())
    assert client.get(f"/api{address}/submissions").status_code == 404
    assert public not in content_of(client, f"{address}/entry")
    finish(challenge)
    (row,) = client.get(f"/api{address}/board").json()["rows"]
    assert row["hidden"]["value"] == pytest.approx((CORRECT - submission.public_value * 162) / 378)


def test_a_draft_is_there_for_its_staff_alone(client: Client, digits: SuiteVersion) -> None:
    challenge = competing.challenge(digits, published=False)
    for address in (f"/challenges/{challenge.slug}", f"/api/challenges/{challenge.slug}"):
        client.force_login(make.user())
        assert client.get(address).status_code == 404
        client.force_login(building.operator())
        assert client.get(address).status_code == 200
    client.logout()
    assert challenge.title not in content_of(client, "/challenges")
    assert client.get("/api/challenges").json() == []


def test_a_team_member_does_not_learn_the_name_of_a_model_private_to_another(
    client: Client, open_now: Challenge
) -> None:
    ada, ben = make.user(), make.user()
    private = building.model(ada, {"model.onnx": b"x"}, name="secret-net", private=True)
    submission = scored(open_now, ada, repository=private)
    entry = submission.entry
    invitation = entering.invite(actor=Actor(user=ada), entry=entry, username=ben.username)
    entering.accept(actor=Actor(user=ben), challenge=open_now, invitation_id=invitation.pk)
    addresses = [f"/challenges/{open_now.slug}/entry", f"/api/challenges/{open_now.slug}/submissions"]
    for user, is_shown in ((ada, True), (ben, False)):
        client.force_login(user)
        for address in addresses:
            content = content_of(client, address)
            assert ("secret-net" in content, str(submission.run_id) in content) == (is_shown, is_shown)
    finish(open_now)
    client.logout()
    board = content_of(client, f"/challenges/{open_now.slug}")
    assert entry.name in board
    assert str(submission.run_id) not in board


# The API


class Program:
    """A member's program."""

    def __init__(self, user: User, slug: str) -> None:
        self.client, self.base = Client(headers=make.bearer(make.token(user))), f"/api/challenges/{slug}"

    def get(self, path: str = "") -> Any:
        return self.client.get(self.base + path)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return self.client.post(self.base + path, json.dumps(body or {}), content_type="application/json")

    def delete(self, path: str) -> Any:
        return self.client.delete(self.base + path)


def test_a_team_competes_by_the_api_alone(open_now: Challenge) -> None:
    ada, ben = make.user("ada"), make.user("ben")
    first, second = Program(ada, open_now.slug), Program(ben, open_now.slug)
    assert first.get("/entry").status_code == 404
    entered = first.post("/entry", {"name": "Readers"})
    assert (entered.status_code, entered.json()["members"]) == (201, ["ada"])
    assert first.post("/entry").status_code == 409
    invited = first.post("/invitations", {"username": "ben"})
    assert invited.status_code == 201
    assert first.post("/invitations", {"username": "nobody"}).status_code == 404
    assert second.get("/invitations").json() == [invited.json()]
    number = invited.json()["id"]
    assert first.post(f"/invitations/{number}/accept").status_code == 404
    assert second.post(f"/invitations/{number}/accept").json()["members"] == ["ada", "ben"]
    model = building.model(ben, {"model.onnx": b"x"})
    wanted = {"repository": model.full_name, "revision": "main"}
    made = second.post("/submissions", wanted)
    assert (made.status_code, made.json()["state"], made.json()["public"]) == (202, "queued", None)
    assert second.post("/submissions", wanted).status_code == 409
    assert second.post("/submissions", {"repository": "no/such"}).status_code == 404
    assert second.post("/submissions", {}).status_code == 400
    assert first.get("/entry").json()["remaining"] == {"today": 4, "total": 99}
    competing.end(Run.objects.get(), right(CORRECT))
    judging.judge(open_now.pk)
    (shown,) = first.get("/submissions").json()
    assert shown["public"]["ci95"][0] < shown["public"]["value"] <= shown["public"]["ci95"][1]
    assert first.post(f"/submissions/{shown['id']}/select").json()["selected"]
    (row,) = first.get("/board").json()["rows"]
    assert (row["rank"], row["entry"], row["members"], row["hidden"]) == ([1, 1], "Readers", ["ada", "ben"], None)
    assert first.post(f"/submissions/{shown['id']}/withdraw").json()["withdrawn"]
    other = first.post("/invitations", {"username": make.user("eve").username}).json()["id"]
    assert (
        Program(User.objects.get(username="eve"), open_now.slug).post(f"/invitations/{other}/decline").status_code
        == 204
    )
    assert second.delete("/entry").status_code == 204
    assert first.get("/entry").json()["members"] == ["ada"]
    described = first.get().json()
    assert (described["state"], described["limits"]["per_day"], described["seed"]) == ("open", 5, None)
    assert [listed["slug"] for listed in first.client.get("/api/challenges").json()] == [open_now.slug]


def test_who_is_late_reads_until_when_it_was(digits: SuiteVersion) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    challenge = competing.challenge(digits, start=start)
    user = make.user()
    competing.entry(challenge, user, now=start)
    model = building.model(user, {"model.onnx": b"x"})
    late = Program(user, challenge.slug).post("/submissions", {"repository": model.full_name})
    assert late.status_code == 409
    assert late.json()["error"] == "It took submissions until 2020-01-11 00:00 UTC, which is over."
    assert Program(make.user(), challenge.slug).post("/entry").status_code == 409


def test_visitors_and_keys_that_only_read_change_nothing(client: Client, open_now: Challenge) -> None:
    user = make.user()
    reader = make.bearer(make.token(user, role="read"))
    bodies = {"entry": {}, "invitations": {"username": "ada"}, "submissions": {"repository": "ada/net"}}
    for path, body in bodies.items():
        for headers, status in ((None, 401), (reader, 403)):
            address = f"/api/challenges/{open_now.slug}/{path}"
            answer = client.post(address, json.dumps(body), content_type="application/json", headers=headers)
            assert answer.status_code == status, path
    assert not Entry.objects.exists()
    page = client.get(f"/challenges/{open_now.slug}/entry")
    assert page.headers["Location"].startswith("/accounts/login/")


# Pages


def test_a_member_enters_invites_submits_selects_withdraws_and_leaves_in_the_browser(
    client: Client, open_now: Challenge
) -> None:
    ada = make.user("ada")
    make.user("ben")
    base = f"/challenges/{open_now.slug}"
    client.force_login(ada)
    assert "Enter this challenge" in content_of(client, f"{base}/entry")
    assert "You compete as Readers" in client.post(f"{base}/enter", {"name": "Readers"}, follow=True).content.decode()
    page = client.post(f"{base}/invite", {"username": "ben"}, follow=True).content.decode()
    assert "ben is invited" in page
    model = building.model(ada, {"model.onnx": b"x"})
    page = client.post(f"{base}/entry", {"repository": "no/such", "revision": "main"}).content.decode()
    assert "There is no model" in page
    wanted = {"repository": model.full_name, "revision": "main"}
    assert "Submitted." in client.post(f"{base}/entry", wanted, follow=True).content.decode()
    submission = Submission.objects.get()
    competing.end(submission.run, right(CORRECT))
    judging.judge(open_now.pk)
    act = f"{base}/submissions/{submission.pk}"
    assert (
        "selected for the final board"
        in client.post(f"{act}/select", {"selected": "yes"}, follow=True).content.decode()
    )
    assert f'href="{base}/entry"' in content_of(client, base)
    assert "is withdrawn" in client.post(f"{act}/withdraw", follow=True).content.decode()
    assert "have left" in client.post(f"{base}/leave", follow=True).content.decode()
    assert "cannot enter this challenge again" in client.post(f"{base}/enter", follow=True).content.decode()
    ben = Client()
    ben.force_login(User.objects.get(username="ben"))
    (number,) = re.findall(r"invitations/(\d+)", content_of(ben, f"{base}/entry"))
    assert "You compete as" in ben.post(f"{base}/invitations/{number}", {"answer": "yes"}, follow=True).content.decode()


def test_a_challenges_texts_are_cleaned_markdown_and_its_dates_plain(client: Client, digits: SuiteVersion) -> None:
    challenge = competing.challenge(
        digits,
        rules="**No** <script>alert(1)</script>labels.",
        prizes="A *book*.",
        start=timezone.now() + timedelta(days=9),
    )
    page = content_of(client, f"/challenges/{challenge.slug}")
    assert "<strong>No</strong>" in page
    assert "<em>book</em>" in page
    assert "alert(1)" not in page
    assert "Upcoming" in page
    assert f'datetime="{challenge.starts_at.astimezone(UTC):%Y-%m-%d}' in page


@pytest.mark.parametrize("address", ["/challenges", "/challenges/digits-cup", "/challenges/digits-cup/entry"])
def test_a_page_takes_as_many_queries_for_many_rows(client: Client, open_now: Challenge, address: str) -> None:
    submission = scored(open_now)
    client.force_login(competing.member(submission.entry))
    counts = []
    for number in range(3):
        content_of(client, address)  # what is asked once for a while is asked
        with CaptureQueriesContext(connection) as captured:
            content_of(client, address)
        counts.append(len(captured))
        scored(open_now)
        competing.submit(submission.entry, now=timezone.now())
        competing.challenge(
            rows.suite(f"{('iris', 'wine', 'breast-cancer')[number]}-classification"),
            slug=f"other-{number}",
        )
    assert len(set(counts)) == 1, counts


# The admin


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(building.operator())
    return client


def phases(*rows: tuple[str, datetime, datetime]) -> dict[str, Any]:
    data: dict[str, Any] = {"phases-TOTAL_FORMS": len(rows), "phases-INITIAL_FORMS": 0}
    for index, (name, start, end) in enumerate(rows):
        data |= {f"phases-{index}-name": name, f"phases-{index}-counts": "on"}
        for field, moment in (("starts_at", start), ("ends_at", end)):
            data |= {f"phases-{index}-{field}_0": f"{moment:%Y-%m-%d}", f"phases-{index}-{field}_1": f"{moment:%H:%M}"}
    return data


def test_staff_make_publish_extend_and_end_a_challenge_in_the_admin(staff: Client, digits: SuiteVersion) -> None:
    now = timezone.now()
    typed = {
        "slug": "cup", "title": "Cup", "summary": "Read.", "rules": "Be fair.", "prizes": "", "suite_version": digits.pk,
        "per_day": 3, "in_total": 9, "most_members": 2, "public_percent": 40, "final_by": "best",
    }  # fmt: skip
    rows = phases(("Public", now - timedelta(days=1), now + timedelta(days=5)))
    answer = staff.post(reverse("admin:evaluations_challenge_add"), typed | rows)
    assert answer.status_code == 302, answer.content.decode()[:3000]
    made = Challenge.objects.get()
    assert (made.per_day, made.board_is_public, made.starts_at is not None) == (3, False, True)

    def act(name: str, **fields: Any) -> str:
        address = f"/admin/evaluations/challenge/{made.pk}/{name}/"
        content = staff.post(address, {"_form_submitted": "true"} | fields, follow=True).content.decode()
        made.refresh_from_db()
        return content

    assert "Cup is published" in act("publish_challenge")
    assert "is published already" in act("publish_challenge")
    page = reverse("admin:evaluations_challenge_change", args=[made.pk])
    staff.post(page, {"title": "Grand Cup", "summary": "Read!", "rules": "Be fair.", "per_day": 99} | phases())
    made.refresh_from_db()
    assert (made.title, made.per_day, made.phases.count()) == ("Grand Cup", 3, 1)
    until = f"{now + timedelta(days=8):%Y-%m-%d %H:%M}"
    assert "is extended" in act("extend_phase", phase=made.phases.get().pk, until=until)
    assert f"{made.ends_at:%Y-%m-%d %H:%M}" == until
    entry = competing.entry(made, now=now)
    address = f"/admin/evaluations/entry/{entry.pk}/disqualify_entry/"
    staff.post(address, {"_form_submitted": "true", "reason": "Two accounts."})
    assert "Two accounts." in content_of(staff, f"/challenges/{made.slug}")
    assert "has ended" in act("end_challenge", reason="Enough.")
    assert made.ends_at <= timezone.now()
    actions = set(AuditEntry.objects.filter(action__startswith="challenge.").values_list("action", flat=True))
    assert len(actions) == 5


def test_a_challenge_is_deleted_by_nobody_and_members_find_no_form(client: Client, open_now: Challenge) -> None:
    client.force_login(building.operator())
    client.post(reverse("admin:evaluations_challenge_delete", args=[open_now.pk]), {"post": "yes"})
    assert Challenge.objects.exists()
    client.force_login(make.user())
    assert client.get(reverse("admin:evaluations_challenge_add")).status_code == 302


def test_a_run_that_is_invalidated_stands_on_no_board(client: Client, open_now: Challenge) -> None:
    submission = scored(open_now)
    Run.objects.filter(pk=submission.run_id).update(state=State.INVALIDATED, invalidated_reason="x")
    judging.judge(open_now.pk)
    assert client.get(f"/api/challenges/{open_now.slug}/board").json()["rows"] == []
