"""A failed run says what kind of failure it is in the reader's language, beside its worker's sentence."""

import re

import pytest
from django.conf import settings
from django.test import Client

from evaluations.harness.messages import FAULTS
from evaluations.services.failure_words import TITLES
from tests import make
from tests.evaluations import rows

SOURCES = [
    *(settings.BASE_DIR / "evaluations").glob("*.py"),
    *(settings.BASE_DIR / "evaluations" / "services").glob("*.py"),
]
CODES = r'(?:code=|_UnfitModelError\(\s*|ChildFailedError\(\s*|\bfailure\(\s*|_fail\(run, )"([a-z_]+)"'


def test_every_code_that_a_worker_gives_has_its_words() -> None:
    given = {code for source in SOURCES for code in re.findall(CODES, source.read_text("utf-8"))}
    assert len(given) > 10
    assert given | set(FAULTS) == TITLES.keys()


@pytest.mark.parametrize(("language", "title"), [("en", "The file is damaged"), ("zh-hans", "文件已损坏")])
def test_a_failed_run_says_what_kind_of_failure_it_is(client: Client, language: str, title: str) -> None:
    run = rows.failed(make.repository(), "model.keras is a damaged zip archive.", code="corrupt")
    for address in (run.get_absolute_url(), f"{run.repository.get_absolute_url()}/evaluations"):
        page = client.get(address, headers={"Accept-Language": language}).content.decode()
        assert title in page
        assert '<span lang="en">model.keras is a damaged zip archive.</span>' in page


def test_a_code_that_is_not_known_here_is_no_title(client: Client) -> None:
    run = rows.failed(make.repository(), code="of-a-newer-worker")
    assert (
        '</svg>  <span lang="en">conv1.weight has another shape.</span>'
        in client.get(run.get_absolute_url()).content.decode()
    )
