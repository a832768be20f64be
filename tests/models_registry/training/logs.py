"""Logs of trainings: event files as TensorBoard's writers make them, and byte by byte where none would write that."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import google_crc32c
from tensorboard.compat.proto import event_pb2
from torch.utils.tensorboard import SummaryWriter

from models_registry.models import Repository
from models_registry.services.indexing import index_commit, training
from tests import make

START = 1_700_000_000.0


def written(folder: Path, values: dict[str, Iterable[tuple[int, float]]], start: float = START) -> bytes:
    """By torch's own writer; a second for each step."""
    with SummaryWriter(str(folder)) as writer:
        for tag, points in values.items():
            for step, value in points:
                writer.add_scalar(tag, value, step, walltime=start + step)
    (file,) = folder.iterdir()
    return file.read_bytes()


def masked_crc(content: bytes) -> bytes:
    crc = google_crc32c.value(content)
    return (((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF).to_bytes(4, "little")


def record(content: bytes) -> bytes:
    length = len(content).to_bytes(8, "little")
    return length + masked_crc(length) + content + masked_crc(content)


def event(step: int = 0, time: float = START, **values: float) -> bytes:
    """A record. values: {tag: value}."""
    made = event_pb2.Event(step=step, wall_time=time)
    for tag, value in values.items():
        made.summary.value.add(tag=tag, simple_value=value)
    return record(made.SerializeToString())


def state(history: Any) -> str:
    return json.dumps({"log_history": history})


def repository_with(files: dict[str, bytes | str], **fields: Any) -> Repository:
    repository = make.repository(**fields)
    commit(repository, files)
    return repository


def commit(repository: Repository, files: dict[str, bytes | str]) -> None:
    """A commit, and what follows of it."""
    made = make.commit(repository, files)
    index_commit(repository.pk, made.oid)
    training.read(f"{repository.pk}:{made.oid}")
