import multiprocessing
from pathlib import Path

import pytest
from kombu import Connection, Exchange, Queue

from hub import queue_folder
from hub.celery import app

WRITERS, MESSAGES = 3, 60


def connect(folder: Path) -> Connection:
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
        "store_processed": False,
    }
    return Connection(transport=queue_folder.Transport, transport_options=options)


def write(folder: Path, writer: int) -> None:
    with connect(folder) as connection:
        queue = connection.SimpleQueue(Queue("work", Exchange("work"), routing_key="work"))
        for number in range(MESSAGES):
            queue.put({"id": f"{writer}-{number}", "padding": "x" * 100_000})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_messages_are_seen_whole_and_once_however_fast_the_reader_is(folder: Path):
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write, args=(folder, number)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    seen: list[str] = []
    with connect(folder) as connection:
        queue = connection.SimpleQueue(Queue("work", Exchange("work"), routing_key="work"))
        while len(seen) < WRITERS * MESSAGES:
            message = queue.get(timeout=60)
            seen.append(message.payload["id"])
            message.ack()
    for writer in writers:
        writer.join()
    assert sorted(seen) == sorted(f"{writer}-{number}" for writer in range(WRITERS) for number in range(MESSAGES))
    assert list((folder / "queue").iterdir()) == []


def test_the_embedded_hub_uses_it():
    with app.connection_for_write("filesystem://") as connection:
        assert isinstance(connection.transport, queue_folder.Transport)
