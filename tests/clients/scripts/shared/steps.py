"""The frame of a script of the shared set: steps, run in order, each with what it must see.

A script prints one JSON object, {step: [what it saw, what it must see]}. A step whose call this version of the client lacks
is left out; one that fails says how, and the next one is run.
"""

import json
import os
import sys
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi

ENDPOINT = os.environ["HF_ENDPOINT"]
# From the narrowest: newer clients have classes in between.
EXCEPTIONS = [
    "GatedRepoError", "DisabledRepoError", "RevisionNotFoundError", "EntryNotFoundError", "RepositoryNotFoundError",
    "BadRequestError", "HfHubHTTPError", "HTTPError",
]  # fmt: skip

# What refusals look like (`refusal`).
NO_REPOSITORY = "RepositoryNotFoundError 404"
HIDDEN = "RepositoryNotFoundError 401"  # the same, told to nobody
NO_REVISION = "RevisionNotFoundError 404"
NO_ENTRY = "EntryNotFoundError 404"
UNAUTHENTICATED = "HfHubHTTPError 401"
FORBIDDEN = "HfHubHTTPError 403"
CONFLICT = "HfHubHTTPError 409"
NOT_OFFERED = "HfHubHTTPError 501"


class Place:
    """Where a script works: in the author's namespace, in an organisation that they administer, in a folder."""

    def __init__(self, namespace: str, organization: str, prefix: str, folder: str):
        self.namespace, self.organization, self.prefix = namespace, organization, prefix
        self.folder = Path(folder)
        self.api = HfApi()
        self.stranger = HfApi(token=os.environ["STRANGER_TOKEN"])
        self.nobody = HfApi(token=False)

    def name(self, of: str, namespace: str = "") -> str:
        """The id of a repository that no other script uses."""
        return f"{namespace or self.namespace}/{self.prefix}-{of}"

    def file(self, name: str, content: bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


Step = Callable[[Place], Any]
STEPS: list[tuple[Step, Any]] = []


def step(expected: Any, *, needs: str = "") -> Callable[[Step], Step]:
    """A step, and what it must see. `needs`: a method of HfApi that not every version has."""

    def decorate(function: Step) -> Step:
        if not needs or hasattr(HfApi, needs):
            STEPS.append((function, expected))
        return function

    return decorate


def refusal(call: Callable[[], Any]) -> str:
    """The exception that the call ends in, with the status it was answered with: `RepositoryNotFoundError 404`."""
    try:
        answer = call()
        if hasattr(answer, "__next__"):  # lists are asked for when they are read
            next(answer)
    except Exception as error:  # noqa: BLE001 - which one it is, is the question
        names = [kind.__name__ for kind in type(error).__mro__]
        name = next((name for name in EXCEPTIONS if name in names), names[0])
        if name == "HTTPError":  # of the library below, which 0.36 lets through here and there
            name = "HfHubHTTPError"
        return f"{name} {getattr(getattr(error, 'response', None), 'status_code', '')}".strip()
    return f"no refusal: {answer!r}"


def soon(look: Callable[[], Any]) -> Any:
    """What `look` sees, as soon as it sees something: some facts are found by a worker."""
    deadline = time.monotonic() + 60
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.3)
    return seen


def ask(method: str, path: str, token: str) -> int:
    """The status of a request that the client has no call for."""
    request = urllib.request.Request(ENDPOINT + path, headers={"Authorization": f"Bearer {token}"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def main() -> None:
    place = Place(*sys.argv[1:])
    seen = {}
    for function, expected in STEPS:
        try:
            value = function(place)
        except Exception as error:  # noqa: BLE001 - the test shows it
            frame = traceback.extract_tb(error.__traceback__)[1]
            value = f"{type(error).__name__} in line {frame.lineno}, {frame.line}: {str(error)[-600:]}"
        seen[function.__name__] = [value, expected]
    sys.stdout.write("\n" + json.dumps(seen) + "\n")
