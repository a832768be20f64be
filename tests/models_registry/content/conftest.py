import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn

from models_registry.content.app import application
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
