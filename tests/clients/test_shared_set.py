"""One set of live tests that every client passes: the pinned newest, a 1.x, and 0.36.2.

Each subject is a script that runs in the client's own interpreter (`scripts/shared/`); what its steps must see stands there.
"""

import itertools
import os
from pathlib import Path

import pytest

from tests.clients.conftest import SCRIPTS, client_named
from tests.live import LiveHub, Member

pytestmark = [pytest.mark.live, pytest.mark.timeout(400)]
SUBJECTS = sorted(path.stem for path in (SCRIPTS / "shared").glob("*.py") if path.stem not in {"steps", "__init__"})
_number = itertools.count(1)


@pytest.mark.parametrize("subject", SUBJECTS)
@pytest.mark.parametrize("version", ["current", "1.29.0", "0.36.2"])
def test_every_client_sees_the_same(live_hub: LiveHub, stranger: Member, version: str, subject: str, tmp_path: Path):
    author = live_hub.member()
    organization = live_hub.organization(**{author.name: "admin"})
    environment = live_hub.client_environment(author, tmp_path / "home", STRANGER_TOKEN=stranger.token)
    folder = tmp_path / "work"
    prefix = f"{subject}-{os.getpid()}-{next(_number)}"
    steps = client_named(version).run(
        f"shared/{subject}", author.name, organization, prefix, folder, environment=environment
    )
    assert steps
    wrong = {step: seen for step, (seen, expected) in steps.items() if seen != expected}
    assert not wrong, "\n\n".join(f"{step} saw {seen}\nnot {steps[step][1]}" for step, seen in wrong.items())
