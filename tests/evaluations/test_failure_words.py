"""A failed run says what kind of failure it is in the reader's language, beside its worker's sentence."""

import re

import pytest
from django.conf import settings
from django.test import Client

from evaluations.harness.messages import FAULTS
from evaluations.models import FailureKind, State
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
    run = rows.run(make.repository())
    run.state, run.failure_kind, run.failure_code = State.FAILED, FailureKind.MODEL, "corrupt"
    run.failure_reason = "model.keras is a damaged zip archive."
    run.save()
    for address in (run.get_absolute_url(), f"{run.repository.get_absolute_url()}/evaluations"):
        page = client.get(address, headers={"Accept-Language": language}).content.decode()
        assert title in page
        assert '<span lang="en">model.keras is a damaged zip archive.</span>' in page
