"""The broker that needs no server: several processes and threads write into one folder and read from it."""

import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from kombu import Connection, Exchange, Queue
from kombu.exceptions import KombuError

from hub.celery import app

MESSAGES = 1500


@pytest.fixture
def connect(tmp_path: Path) -> Callable[[], Connection]:
    app.finalize()  # what registers our broker is read with the application
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
        "polling_interval": 0.001,
    }
    return lambda: Connection("filesystem://", transport_options=options)


def test_a_worker_never_reads_half_a_message(connect: Callable[[], Connection]):
    # A name of its own: a process writes down once where a queue is bound, and other tests have used other folders.
    name = uuid.uuid4().hex

    def send() -> None:
        with connect() as connection, connection.SimpleQueue(name) as queue:
            for number in range(MESSAGES):
                queue.put(number)

    sender = threading.Thread(target=send)
    with connect() as connection, connection.SimpleQueue(name) as queue:
        sender.start()
        received: list[int] = []
        while len(received) < MESSAGES:
            all_are_sent = not sender.is_alive()
            try:
                message = queue.get(timeout=1)
            except queue.Empty:
                if all_are_sent:  # and what is not there by now is lost
                    break
                continue
            received.append(message.payload)
            message.ack()
    sender.join()
    assert sorted(received) == list(range(MESSAGES))


def test_workers_that_start_at_once_all_get_their_queue(connect: Callable[[], Connection]):
    names = {f"queue-{number}" for number in range(12)}
    exchange = Exchange(uuid.uuid4().hex, type="direct")
    failed: list[Exception] = []

    def declare(name: str) -> None:
        try:
            with connect() as connection:
                Queue(name, exchange, routing_key=name)(connection.channel()).declare()
        except (ValueError, KombuError) as error:
            failed.append(error)

    threads = [threading.Thread(target=declare, args=[name]) for name in sorted(names)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with connect() as connection:
        assert {row.queue for row in connection.channel().get_table(exchange.name)} == names
