"""How often something was downloaded, as pages and files show it."""

import csv
import io
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from models_registry.models import DownloadCount, Repository
from models_registry.services import counting
from tests import make


@pytest.fixture
def read_often() -> Repository:
    repository = make.repository()
    today = timezone.now().date()
    for ago, count in ((0, 3), (5, 40), (100, 7), (364, 1), (365, 1000)):
        DownloadCount.objects.create(repository=repository, day=today - timedelta(days=ago), count=count)
    counting.refresh()
    return repository


def test_days_without_a_download_are_there_too(read_often: Repository) -> None:
    days = counting.by_day(read_often, 10)
    assert [count for _day, count in days] == [0, 0, 0, 0, 40, 0, 0, 0, 0, 3]


def test_the_card_shows_a_month_and_leads_to_the_year(read_often: Repository) -> None:
    shown = Client().get(read_often.get_absolute_url()).content.decode()
    assert 'class="spark"' in shown
    assert f'href="{read_often.get_absolute_url()}/downloads"' in shown
    assert 'class="spark"' not in Client().get(make.repository().get_absolute_url()).content.decode()


def test_the_year_is_drawn_with_its_months_in_a_table(read_often: Repository) -> None:
    shown = Client().get(f"{read_often.get_absolute_url()}/downloads").content.decode()
    assert shown.count('class="plot-bar"') == 4
    assert "51 in a year" in shown
    assert "1,051 in all" in shown
    assert (
        "No downloads in a year" in Client().get(f"{make.repository().get_absolute_url()}/downloads").content.decode()
    )


def test_every_day_of_the_year_is_in_the_csv(read_often: Repository) -> None:
    text = Client().get(f"{read_often.get_absolute_url()}/downloads.csv").getvalue().decode().removeprefix("\ufeff")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["day", "downloads"]
    assert len(rows) == 366
    assert rows[-1] == [timezone.now().date().isoformat(), "3"]
