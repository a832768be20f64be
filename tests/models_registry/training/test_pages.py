"""Curves of trainings as pages, files and the API show them."""

import csv
import io
import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from models_registry.models import Quarantine, Repository, TrainingFile
from models_registry.services import quarantine
from models_registry.web.training import smoothed
from tests import make
from tests.models_registry.training.logs import START, event, repository_with, state

STEPS = range(20)


def log(factor: float, tag: str = "train/loss", first: int = 0) -> bytes:
    return b"".join(event(first + step, START + step, **{tag: factor / (step + 1)}) for step in STEPS)


@pytest.fixture
def trained() -> Repository:
    return repository_with(
        {
            "runs/a/1.tfevents": log(1.0) + log(4.0, "eval/loss"),
            "runs/b/1.tfevents": log(2.0),
            "trainer_state.json": state([{"step": step, "loss": 3 / (step + 1)} for step in STEPS]),
        },
        name="trained",
    )


def get(repository: Repository, path: str, client: Client | None = None, status: int = 200) -> str:
    answer = (client or Client()).get(repository.get_absolute_url() + path)
    assert answer.status_code == status
    return answer.content.decode() if not answer.streaming else b"".join(answer).decode()


def api(repository: Repository, query: str = "", client: Client | None = None) -> Any:
    return (client or Client()).get(f"/api/models/{repository.full_name}/metrics{query}")


def test_the_tab_is_there_where_there_are_curves(trained: Repository) -> None:
    link = f'href="{trained.get_absolute_url()}/metrics"'
    assert link in get(trained, "")
    bare = make.repository()
    assert "/metrics" not in get(bare, "")
    assert "No training curves yet" in get(bare, "/metrics")


def test_a_chart_for_each_tag_with_a_line_for_each_run_and_its_numbers(trained: Repository) -> None:
    page = get(trained, "/metrics")
    assert page.count("<figure") == 2
    assert page.index("eval") < page.index("train/loss")
    assert len(re.findall(r'<path class="series series-\d" d="M[^"]+"><title>', page)) == 4
    assert '<th scope="row">runs/a</th><td class="num">0.05</td><td class="num">19</td>' in page


def test_runs_tags_smoothing_and_axes_are_in_the_address(trained: Repository) -> None:
    page = get(trained, "/metrics?run=runs/a&q=eval&smooth=0.6&x=relative&scale=log")
    assert page.count("<figure") == 1
    assert page.count("<title>runs/a</title>") == 2  # as it is, and smoothed
    assert 'value="0.6"' in page
    assert "do not say when" in get(trained, "/metrics?run=trainer_state.json&x=time")
    assert "No tag of these runs" in get(trained, "/metrics?q=nothing")


@pytest.mark.parametrize("query", ["x=up", "smooth=1", "smooth=nan", "smooth=-1", "smooth=x"])
def test_what_cannot_be_drawn_is_refused(trained: Repository, query: str) -> None:
    get(trained, f"/metrics?{query}", status=400)


def test_smoothing_is_not_drawn_towards_zero() -> None:
    assert smoothed([1.0, 1.0, 1.0], 0.9) == pytest.approx([1.0, 1.0, 1.0])
    assert smoothed([0.0, 1.0], 0.5) == pytest.approx([0.0, 0.5 / 0.75])


def test_a_run_that_was_taken_up_again_replaces_what_came_after() -> None:
    repository = repository_with({"runs/a/1.tfevents": log(1.0), "runs/a/2.tfevents": log(8.0, first=10)[:]})
    assert TrainingFile.objects.filter(repository=repository).count() == 2
    (curve,) = api(repository, "?tag=train/loss").json()["curves"]
    values = {step: value for step, _time, value in curve["points"]}
    assert sorted(values) == list(range(30))
    assert (values[9], values[10]) == (pytest.approx(0.1), 8.0)


def test_copies_of_a_log_are_one_part_of_their_run() -> None:
    repository = repository_with({f"runs/a/{number}.tfevents": log(1.0) for number in range(9)})
    (curve,) = api(repository, "?tag=train/loss").json()["curves"]
    assert curve["num_points"] == len(curve["points"]) == len(STEPS)


def test_every_chart_can_be_had_as_csv(trained: Repository) -> None:
    rows = list(csv.reader(io.StringIO(get(trained, "/metrics.csv?tag=eval/loss").removeprefix("\ufeff"))))
    assert rows[0] == ["run", "tag", "step", "wall_time", "value"]
    assert rows[1] == ["runs/a", "eval/loss", "0", str(START), "4.0"]
    assert len(rows) == 1 + len(STEPS)
    assert len(get(trained, "/metrics.csv").splitlines()) == 1 + 4 * len(STEPS)


def test_the_api_gives_runs_tags_and_points(trained: Repository) -> None:
    told = api(trained).json()
    assert [run["name"] for run in told["runs"]] == ["runs/a", "runs/b", "trainer_state.json"]
    assert told["tags"] == ["eval/loss", "train/loss"]
    assert told["curves"] == []
    curves = api(trained, "?tag=train/loss&run=runs/b").json()["curves"]
    assert [(curve["run"], curve["points"][0], curve["num_points"]) for curve in curves] == [
        ("runs/b", [0, START, 2.0], len(STEPS))
    ]
    assert api(trained, "?" + "&".join(f"tag={number}" for number in range(51))).status_code == 400


def test_a_private_repository_answers_like_a_missing_one(trained: Repository) -> None:
    Repository.objects.filter(pk=trained.pk).update(private=True)
    for path in ("/metrics", "/metrics.csv", "/downloads", "/downloads.csv"):
        get(trained, path, status=401)
        get(trained, path.replace("/", "-missing/"), status=401)
    assert api(trained).status_code == 401
    reader = Client()
    reader.force_login(trained.creator)
    assert "<figure" in get(trained, "/metrics", reader)


def test_what_came_into_quarantine_is_shown_no_more(trained: Repository) -> None:
    content = TrainingFile.objects.get(repository=trained, path="runs/b/1.tfevents").content
    Quarantine.objects.create(content=content, reason="a test")
    quarantine.forget()
    assert "It is in quarantine" in get(trained, "/metrics")
    assert [curve["run"] for curve in api(trained, "?tag=train/loss").json()["curves"]] == [
        "runs/a",
        "trainer_state.json",
    ]


def test_hostile_names_stay_text() -> None:
    name = "<script>alert(1)</script>"
    repository = repository_with({f"runs/{name}/=x.tfevents": log(1.0, name)})
    assert "<script>alert" not in get(repository, "/metrics")
    csv_text = get(repository_with({"=cmd/x.tfevents": log(1.0, "=HYPERLINK()")}), "/metrics.csv")
    assert "'=cmd,'=HYPERLINK()" in csv_text


@pytest.mark.parametrize("values", [[1e38, -1e38], [1e-30, 2e-30], [0.0, 0.0], [5.0], [1e30, 1e30], [-1.0, -2.0]])
@pytest.mark.parametrize("query", ["", "?scale=log", "?x=relative&smooth=0.9", "?x=time"])
def test_numbers_of_any_size_are_drawn(values: list[float], query: str) -> None:
    content = b"".join(event(step, START + step, loss=value) for step, value in enumerate(values))
    page = get(repository_with({"a.tfevents": content}), f"/metrics{query}")
    drawings = re.findall(r"<figure.*?</figure>", page, re.DOTALL)
    assert drawings
    assert not re.findall(r"\bnan\b", "".join(drawings).lower())


def test_a_curve_that_lies_before_its_start_is_drawn() -> None:
    content = event(0, START + 9, loss=-1.0) + event(1, START + 1, loss=1.0) + event(2, START + 2, loss=2.0)
    page = get(repository_with({"a.tfevents": content}), "/metrics?x=relative&scale=log")
    assert re.search(r'<path class="series series-\d" d="M[^"]+">', page)


def test_many_tags_are_shown_in_pages_and_cost_no_more_queries(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    content = event(1, **{f"layer{number}/norm": 1.0 for number in range(60)})
    repository = repository_with(
        {f"runs/{name}/x.tfevents": content + event(2, **{name: 1.0}) for name in "abcdefghijkl"}
    )
    with django_assert_max_num_queries(30):
        page = get(repository, "/metrics")
    assert page.count("<figure") == 12
    assert "page=2" in page
    assert page.count(" checked>") == 10
    every = "&".join(f"run=runs/{name}" for name in "abcdefghijkl")
    get(repository, f"/metrics?{every}", status=400)
