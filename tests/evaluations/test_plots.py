"""What is drawn of a board, and how."""

import re
import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from evaluations.models import Run, SuiteVersion
from evaluations.services import boards, plots
from evaluations.services.board_filters import Filters
from evaluations.templatetags.plots import Scale, _powers
from hub.errors import BadRequest
from models_registry.models import Repository
from tests import make
from tests.evaluations import rows

BOARD = f"/leaderboards/{rows.SUITE}"


@pytest.fixture
def four(digits: SuiteVersion) -> dict[str, Run]:
    """Small and bad, middling, as big and worse, big and best; made in this order."""
    now = timezone.now()
    return {
        name: rows.scored(
            make.repository(name=name), correct, parameters=parameters, model_bytes=bytes_,
            finished_at=now - timedelta(days=days),
        )
        for name, correct, parameters, bytes_, days in (
            ("small", 400, 1_000, 9_000_000, 4), ("middle", 500, 40_000, 2_000_000, 3),
            ("worse", 450, 40_000, 1_000_000, 2), ("big", 533, 9_000_000, 8_000_000, 1),
        )
    }  # fmt: skip


def names(points: list[plots.Point]) -> list[str]:
    return [point.repository.partition("/")[2] for point in points]


def test_a_model_is_on_the_front_unless_another_costs_no_more_and_is_better(
    digits: SuiteVersion, four: dict[str, Run]
) -> None:
    shown = plots.scatter(digits, Filters())
    assert (shown.cost, shown.metric["name"], shown.total) == ("params", "accuracy", 4)
    assert names(shown.points) == ["small", "middle", "worse", "big"]
    assert names(shown.front) == ["small", "middle", "big"]
    assert names(plots.scatter(digits, Filters(), "bytes").front) == ["worse", "middle", "big"]
    assert names(plots.scatter(digits, Filters(max_parameters=50_000)).front) == ["small", "middle"]
    four["big"].scores.filter(name="f1_macro").delete()
    assert names(plots.scatter(digits, Filters(), metric="f1_macro").front) == ["small", "middle"]
    for asked in ({"cost": "money"}, {"metric": "charm"}):
        with pytest.raises(BadRequest):
            plots.scatter(digits, Filters(), **asked)


def test_of_too_many_points_the_front_and_the_best_are_drawn(
    digits: SuiteVersion, four: dict[str, Run], monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr(plots, "MOST_POINTS", 3)
    shown = plots.scatter(digits, Filters())
    assert (names(shown.points), shown.total) == (["small", "middle", "big"], 4)
    assert "3 of 4 models are drawn" in client.get(BOARD).content.decode()


def test_the_scatter_takes_the_same_queries_whatever_the_boards_length(
    digits: SuiteVersion, four: dict[str, Run], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        assert len(plots.scatter(digits, Filters()).points) == 4
    with django_assert_num_queries(1):
        assert len([record.run.repository.full_name for record in plots.progress(digits)]) == 3


def test_progress_is_the_records_in_the_order_of_their_runs(digits: SuiteVersion, four: dict[str, Run]) -> None:
    def records(**filters: object) -> list[str]:
        return [record.run.repository.name for record in plots.progress(digits, Filters(**filters))]

    assert records() == ["small", "middle", "big"]
    assert records(max_parameters=50_000) == ["small", "middle"]
    Repository.objects.filter(name="middle").update(private=True)
    assert records() == ["small", "worse", "big"]
    Repository.objects.update(private=True)
    assert records() == []


def test_a_lower_record_is_the_better_one_where_less_is_better(four: dict[str, Run]) -> None:
    numbers = rows.suite("python-topics-bits-per-byte")
    Run.objects.update(suite_version=numbers)
    assert [record.run.repository.name for record in plots.progress(numbers)] == ["small"]


@pytest.mark.parametrize("query", ["", "?cost=bytes&quality=f1_macro", "?tab=progress", "?sort=f1_macro&license=mit"])
def test_drawings_are_valid_svg_with_words_and_without_a_style(
    client: Client, four: dict[str, Run], query: str
) -> None:
    Repository.objects.filter(pk=four["small"].repository_id).update(licence="mit")
    page = client.get(BOARD + query).content.decode()
    drawings = [ET.fromstring(found) for found in re.findall(r'<svg class="plot".*?</svg>', page, re.DOTALL)]
    assert len(drawings) == (0 if "license" in query else 1)
    for drawing in drawings:
        titles = {part.get("id"): "".join(part.itertext()) for part in drawing}
        assert titles[drawing.get("aria-labelledby")].strip()
        assert titles[drawing.get("aria-describedby")].strip()
        for part in drawing.iter():
            assert not {"style", "onclick"} & set(part.attrib)
            for name, end in (("cx", 392), ("x1", 392), ("cy", 270), ("y1", 270)):
                assert 0 <= float(part.get(name, 0)) <= end


def test_the_axes_of_the_scatter_are_in_the_address(client: Client, four: dict[str, Run]) -> None:
    page = client.get(f"{BOARD}?cost=bytes&quality=f1_macro").content.decode()
    assert "F1 macro against cost" in page
    assert 'aria-current="true">Size<' in page
    assert client.get(f"{BOARD}?cost=money").status_code == 400


def test_a_board_of_one_model_or_of_equals_can_be_drawn(client: Client, digits: SuiteVersion) -> None:
    rows.scored(make.repository(), 540)
    for tab in ("", "?tab=progress"):
        assert client.get(BOARD + tab).status_code == 200
    rows.scored(make.repository(), 540)
    assert client.get(BOARD).content.decode().count('class="point point-front"') == 2


def test_progress_is_in_the_api(client: Client, four: dict[str, Run]) -> None:
    answer = client.get(f"/api/leaderboards/{rows.SUITE}/progress", {"max_params": 50_000}).json()
    assert [record["evaluation"] for record in answer["records"]] == [str(four["small"].pk), str(four["middle"].pk)]
    assert answer["metric"] == "accuracy"
    assert answer["records"][0]["value"] == 400 / 540


@pytest.mark.parametrize(("low", "high"), [(2.8, 7.1), (3.0, 3.3), (0, 0.3), (5.9, 6.2), (-0.15, 12.2)])
def test_a_logarithmic_scale_has_a_few_round_numbers(low: float, high: float) -> None:
    ticks = _powers(Scale(low, high, 0, 1))
    assert 1 <= len(ticks) <= 6
    assert ticks == sorted(set(ticks))


def test_of_a_long_board_what_is_drawn_is_remembered_but_nothing_that_has_left(
    digits: SuiteVersion, four: dict[str, Run], monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    monkeypatch.setattr(boards, "LONG", 1)
    assert len(plots.scatter(digits, Filters()).points) == 4
    Repository.objects.filter(name="middle").update(private=True)
    assert names(plots.scatter(digits, Filters()).points) == ["small", "worse", "big"]
    assert names(plots.scatter(digits, Filters(max_parameters=50_000)).points) == ["small", "worse"]
    Repository.objects.update(private=True)
    assert client.get(BOARD).status_code == 200


def test_filters_go_along_from_tab_to_tab(client: Client, four: dict[str, Run]) -> None:
    assert "?tab=progress&amp;max_params=50000" in (
        page := client.get(f"{BOARD}?max_params=50000").content.decode()
    ) or ("?max_params=50000&amp;tab=progress" in page)
    page = client.get(f"{BOARD}?max_params=50000&tab=progress").content.decode()
    assert "Of the models that the filters leave." in page
    assert "big" not in re.findall(r"<td><a href=[^>]+>[^<]*/(\w+)</a>", page)
