"""Made-up requests to every address: none may end in an error of the hub, and each answer is one that is described.

A few of each in the test suite; `make fuzz` sends hundreds. Each request begins with the same hub: what it changed is undone.
"""

import os
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import got_request_exception, request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis.strategies import SearchStrategy
from pytest_django import Settings
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.specs.openapi import checks

from hub import wsgi
from hub.schema import description
from hub.wire.charset import without_charset
from models_registry.cas_api import settings as cas_settings
from tests.fuzz.requests import Request, made_up, operations
from tests.fuzz.seeds import plant

A_FEW = 20
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "4"))
SECTIONS = sorted({operation["tags"][0] for path in description()["paths"].values() for operation in path.values()})
NOT_OFFERED = 501
DESCRIBED = [checks.status_code_conformance, checks.content_type_conformance, checks.response_schema_conformance]


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The requests of a test are made within its transaction: nothing may close it, as Django's own client takes care of."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def application(section: str, settings: Settings) -> Any:
    """The site; for its own addresses the CAS, a process of its own in life."""
    if section != "cas api":
        return wsgi.application
    settings.ROOT_URLCONF, settings.MIDDLEWARE = cas_settings.ROOT_URLCONF, cas_settings.MIDDLEWARE
    handler = WSGIHandler()
    return lambda environ, start_response: handler(without_charset(environ), start_response)


@pytest.fixture
def errors() -> Iterator[list[str]]:
    """Tracebacks of what views raised and did not mean to."""
    found: list[str] = []

    def note(**_signal: Any) -> None:
        found.append(traceback.format_exc())

    got_request_exception.connect(note)
    yield found
    got_request_exception.disconnect(note)


@pytest.mark.timeout(0 if EXAMPLES > A_FEW else 240)
@pytest.mark.parametrize("section", SECTIONS)
def test_no_request_ends_in_an_error_of_the_hub(section: str, application: Any, errors: list[str]):
    seeds = plant()
    wrong: dict[str, str] = {}
    for operation in operations(section):
        _send(made_up(operation, seeds), application, errors, wrong)
    assert not wrong, "\n\n".join(f"{name}: {what}" for name, what in wrong.items())


def _send(requests: SearchStrategy[Request], application: Any, errors: list[str], wrong: dict[str, str]) -> None:
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=EXAMPLES <= A_FEW,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(request=requests)
    def send(request: Request) -> None:
        case, token = request
        with transaction.atomic():
            answer = case.call(app=application, headers={"Authorization": f"Bearer {token}"} if token else {})
            transaction.set_rollback(True)
        name = f"{case.operation.label} {answer.status_code}"
        if answer.status_code >= 500 and answer.status_code != NOT_OFFERED:
            wrong[name] = f"{case.as_curl_command()}\n{answer.text[:500]}\n{''.join(errors[-1:])[-3000:]}"
        elif name not in wrong:
            try:
                case.validate_response(answer, checks=DESCRIBED)
                _carries_what_every_answer_does(answer)
            except* (Failure, AssertionError) as failures:
                wrong[name] = f"{case.as_curl_command()}\n{failures.exceptions}"[:3000]

    send()


def _carries_what_every_answer_does(answer: Response) -> None:
    headers = {name.lower(): values[0] for name, values in answer.headers.items()}
    assert headers.get("x-request-id"), "X-Request-Id is missing"
    is_json = headers.get("content-type", "").startswith("application/json") and answer.text
    if answer.status_code >= 400 and is_json and "error" in answer.json():
        assert headers.get("x-error-message"), "X-Error-Message is missing"
        assert answer.status_code not in {429, 503} or int(headers.get("retry-after", "0")), "Retry-After is missing"
