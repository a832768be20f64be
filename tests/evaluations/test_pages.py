"""Runs and leaderboards in the browser."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from evaluations.models import Run, State
from evaluations.templatetags.scores import Axis, as_score, duration
from evaluations.web import leaderboards
from tests import make
from tests.evaluations import rows


def text_of(client: Client, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status, answer.content[:500]
    return answer.content.decode()


def test_a_scored_run_shows_its_scores_with_intervals_and_where_they_come_from(client: Client) -> None:
    run = rows.scored(make.repository())
    page = text_of(client, run.get_absolute_url())
    assert "0.9870" in page
    assert "95 % interval 0.9740 to 0.9940" in page
    for fact in ("model.safetensors", "38,282", "2.13.0", "bwrap", run.commit[:12], "hidden from the model"):
        assert fact in page
    assert f'hx-get="{run.get_absolute_url()}"' not in page


def test_a_run_under_way_keeps_its_page_up_to_date(client: Client) -> None:
    run = rows.run(make.repository(), state=State.RUNNING, attempt=1, progress_done=320, progress_total=540)
    page = text_of(client, run.get_absolute_url())
    assert f'hx-get="{run.get_absolute_url()}"' in page
    assert 'value="320"' in page


def test_a_failed_run_says_why_and_its_log_is_text(client: Client) -> None:
    run = rows.failed(make.repository())
    page = text_of(client, run.get_absolute_url())
    assert "conv1.weight has another shape." in page
    assert "loading &lt;model&gt;" in page


def test_a_waiting_run_knows_its_place_in_the_queue(client: Client) -> None:
    rows.run(make.repository())
    second = rows.run(make.repository())
    assert "number 2 in the queue" in text_of(client, second.get_absolute_url())


def test_runs_of_a_private_repository_are_not_there_for_strangers(client: Client) -> None:
    repository = make.repository(private=True)
    run = rows.scored(repository)
    client.force_login(make.user())
    assert client.get(run.get_absolute_url()).status_code == 404
    assert client.get(f"{repository.get_absolute_url()}/evaluations").status_code == 404
    assert repository.name not in text_of(client, "/leaderboards/digits-image-classification")
    assert repository.name not in text_of(client, "/")
    client.force_login(repository.creator)
    assert "0.9870" in text_of(client, run.get_absolute_url())
    assert repository.name not in text_of(client, "/leaderboards/digits-image-classification")


def test_whoever_asks_gets_to_the_page_of_their_run(client: Client) -> None:
    rows.suite()
    repository = make.repository()
    make.commit(repository, {"model.onnx": b"x"})
    client.force_login(make.user())
    address = f"{repository.get_absolute_url()}/evaluate"
    assert "Handwritten digits" in text_of(client, address)
    answer = client.post(address, {"suite": "digits-image-classification", "revision": "main"})
    assert answer.headers["Location"] == Run.objects.get().get_absolute_url()
    answer = client.post(address, {"suite": "digits-image-classification", "revision": "no-such-branch"})
    assert "Invalid rev id" in answer.content.decode()
    assert Run.objects.count() == 1


def test_where_there_are_several_classes_of_workers_one_is_chosen_and_the_rest_of_the_quota_is_told(
    client: Client, settings
) -> None:
    settings.HARDWARE_CLASSES = ("cpu", "gpu.h200")
    version = rows.suite()
    repository = make.repository()
    make.commit(repository, {"model.onnx": b"x"})
    client.force_login(make.user())
    address = f"{repository.get_absolute_url()}/evaluate"
    most = version.definition["quota"]["per_user_day"]
    shown = f"{address}?suite={version.suite.name}"
    assert f"you may ask {most} more times" in text_of(client, shown)
    client.post(address, {"suite": version.suite.name, "revision": "main", "hardware": "gpu.h200"})
    assert Run.objects.get().hardware_class == "gpu.h200"
    assert f"you may ask {most - 1} more times" in text_of(client, shown)
    answer = client.post(address, {"suite": version.suite.name, "revision": "main", "hardware": "gpu.none"})
    assert "gpu.none" in answer.content.decode()
    assert Run.objects.count() == 1


def test_evaluating_asks_visitors_to_sign_in(client: Client) -> None:
    repository = make.repository()
    address = f"{repository.get_absolute_url()}/evaluate"
    assert client.get(address).headers["Location"] == f"/accounts/login/?next={address}"


def test_a_run_is_cancelled_by_who_asked_for_it_and_by_nobody_else(client: Client) -> None:
    run = rows.run(make.repository())
    client.force_login(make.user())
    assert "stop-circle" not in text_of(client, run.get_absolute_url())
    client.post(f"{run.get_absolute_url()}/cancel")
    run.refresh_from_db()
    assert run.state == State.QUEUED
    client.force_login(run.requested_by)
    assert "stop-circle" in text_of(client, run.get_absolute_url())
    client.post(f"{run.get_absolute_url()}/cancel")
    run.refresh_from_db()
    assert run.state == State.CANCELLED


def test_a_scored_run_is_asked_for_again_and_shows_how_far_its_repetitions_spread(client: Client) -> None:
    repository = make.repository()
    first = rows.scored(repository, 530)
    page = text_of(client, first.get_absolute_url())
    assert f"/evaluate?suite=digits-image-classification&amp;revision={first.commit}&amp;hardware=cpu" in page
    assert "runs with this one" not in page
    rows.scored(repository, 533)
    rows.scored(repository, 531)
    assert "3 runs with this one: from 0.9815 to 0.9870." in text_of(client, first.get_absolute_url())


def test_a_leaderboard_shows_ranks_as_intervals_where_the_data_cannot_separate(client: Client) -> None:
    best, near, far = (make.repository(name=name) for name in ("best-net", "near-net", "far-net"))
    for repository, correct in ((best, 533), (near, 532), (far, 300)):
        rows.scored(repository, correct)
    page = text_of(client, "/leaderboards/digits-image-classification")
    assert re.findall(r"<b>(\w+-net)</b>", page) == ["best-net", "near-net", "far-net"]
    assert [re.sub(r"\s", "", found) for found in re.findall(r'class="rank"[^>]*>([^<]+)<', page)] == [
        "1–2",
        "1–2",
        "3",
    ]


def test_a_leaderboard_is_narrowed_by_its_address_and_ranks_stay(client: Client) -> None:
    rows.scored(make.repository(name="one-net", licence="mit"), 533)
    rows.scored(make.repository(name="two-net", licence="apache-2.0"), 300, format="onnx")
    board = "/leaderboards/digits-image-classification"

    def names(query: str) -> list[str]:
        return re.findall(r"<b>(\w+-net)</b>", text_of(client, f"{board}?{query}"))

    assert names("license=mit") == ["one-net"]
    assert names("format=onnx") == ["two-net"]
    assert names("max_params=100000&format=") == ["one-net", "two-net"]
    assert names("license=none-such") == []
    assert 'class="rank" title="of 2">2<' in text_of(client, f"{board}?format=onnx")


def test_a_leaderboard_takes_the_same_number_of_queries_however_long_it_is(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    rows.scored(make.repository(), 533)
    board = "/leaderboards/digits-image-classification"
    client.get(board)
    with django_assert_max_num_queries(21) as few:
        client.get(board)
    count = len(few)
    for correct in range(520, 528):
        rows.scored(make.repository(), correct)
    client.get(board)
    with django_assert_max_num_queries(count):
        client.get(board)


def test_a_long_board_goes_by_pages_and_so_does_its_api(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaderboards, "PAGE_SIZE", 2)
    for place, correct in enumerate((533, 500, 450)):
        rows.scored(make.repository(name=f"m{place}-net"), correct)
    board = "/leaderboards/digits-image-classification"
    assert [re.findall(r"<b>(\w+-net)</b>", text_of(client, f"{board}?page={page}")) for page in (1, 2, 99)] == [
        ["m0-net", "m1-net"],
        ["m2-net"],
        ["m2-net"],
    ]
    first = client.get(f"/api{board}?limit=2")
    assert [row["rank"] for row in first.json()["rows"]] == [[1, 1], [2, 2]]
    following = re.search("<(.+)>", first.headers["Link"])[1]
    second = client.get(following.removeprefix("http://testserver"))
    assert [row["rank"] for row in second.json()["rows"]] == [[3, 3]]
    assert "Link" not in second.headers
    assert len(client.get(f"/api{board}").json()["rows"]) == 3
    assert client.get(f"/api{board}?limit=none").status_code == 400


def test_the_registrys_pages_show_scores_through_their_slots(client: Client) -> None:
    repository = make.repository()
    rows.scored(repository)
    page = text_of(client, repository.get_absolute_url())
    assert "Ranks" in page
    assert f"{repository.get_absolute_url()}/evaluations" in page
    assert f"{repository.get_absolute_url()}/evaluate" in page
    assert "Newest scores" in text_of(client, "/")
    dataset = make.repository(kind="dataset")
    assert "/evaluat" not in text_of(client, dataset.get_absolute_url())


def test_suites_are_listed_with_how_many_models_they_measured(client: Client) -> None:
    repository = make.repository()
    rows.scored(repository)
    rows.scored(repository)
    rows.scored(make.repository(private=True))
    page = text_of(client, "/leaderboards")
    assert "one model" in page
    assert client.get("/leaderboards/no-such-suite").status_code == 404


@pytest.mark.parametrize(
    "values", [(0.97, 0.99), (0.5, 0.5), (0.0, 1.0), (3000.2, 3050.9), (-0.1, 0.402), (1e-9, 2e-9)]
)
def test_an_axis_has_round_ends_around_all_values(values: tuple[float, float]) -> None:
    axis = Axis.over(values)
    assert axis.low <= min(values) + 1e-12
    assert axis.high >= max(values) - 1e-12
    assert 2 <= len(axis.ticks) <= 6
    assert all(2 <= axis.x(value) <= 134 for value in values)


def test_numbers_are_written_to_be_read() -> None:
    assert as_score(0.98703) == "0.9870"
    assert as_score(3050.01) == "3050"
    assert as_score(None) == ""
    assert duration(72) == "1\u00a0min 12\u00a0s"
    assert duration(0.4) == "0.4\u00a0s"


def test_a_boards_columns_and_order_are_in_its_address(client: Client) -> None:
    first, second = rows.scored(make.repository(name="one-net"), 533), rows.scored(make.repository(name="two-net"), 300)
    second.scores.filter(name="f1_macro").update(value=0.999)
    board = "/leaderboards/digits-image-classification"
    assert "at least 6 of 540 rows" in text_of(client, board)
    page = text_of(client, f"{board}?sort=f1_macro&columns=f1_macro&columns=machine")
    assert re.findall(r"<b>(\w+-net)</b>", page) == ["two-net", "one-net"]
    heads = [re.sub(r"<[^>]+>", "", head) for head in re.findall(r"<th scope[^>]*>(.*?)</th>", page)]
    assert heads[-2:] == ["F1 macro", "Machine"]
    assert page.count('aria-sort="descending"') == 1
    first.scores.filter(name="f1_macro").delete()
    assert re.findall(r"<b>(\w+-net)</b>", text_of(client, f"{board}?sort=f1_macro")) == ["two-net", "one-net"]
    assert client.get(f"{board}?sort=nothing").status_code == 400
    assert client.get(f"{board}?min_params=many").status_code == 400
    assert "<b>one-net</b>" not in text_of(client, f"{board}?trust=reproduced")
    assert client.get("/api/leaderboards/digits-image-classification?until=2000-01-01").json()["rows"] == []
