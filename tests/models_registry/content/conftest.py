import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from django.db import connections

from models_registry.content.app import PLANNERS, _planners, application
from tests.environment import free_port


@pytest.fixture(scope="session")
def content_origin() -> Iterator[str]:
    """The content server as it is run, but in this process: it sees the test's database."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=port, log_level="critical"))
    thread = threading.Thread(target=server.run, name="content-server")
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()
    together = threading.Barrier(PLANNERS)

    def leave_the_database() -> None:
        together.wait()  # so that every thread does it
        connections.close_all()

    for done in [_planners.submit(leave_the_database) for _ in range(PLANNERS)]:
        done.result()
