"""The result document (schema 1): everything that a score is worth nothing without, made by the worker, never typed."""

import json
import os
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings

from evaluations.child import Report
from evaluations.measurements import Measurement, Parts
from evaluations.models import Performance, Result, Run, SplitScore
from evaluations.performance import NO_ENERGY, Speed, as_documented, energy_as_documented
from evaluations.sandbox import Backend
from evaluations.suite_files import canonical_json

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Made:
    """How a result came about. files: path, size and SHA-256 of each that was read. seconds: by step.

    speeds: none where they were not measured. parts: the primary metric on public and on hidden rows.
    """

    files: Sequence[Mapping[str, Any]]
    device: str
    backend: Backend
    report: Report
    speeds: Sequence[Speed]
    seconds: Mapping[str, float]
    samples_sha256: str
    parts: Parts | None = None


def document(run: Run, measurements: Sequence[Measurement], made: Made, finished: datetime) -> bytes:
    """Canonical JSON."""
    definition = run.suite_version.definition
    settings_ = definition["run"]
    return canonical_json(
        {
            "schema": SCHEMA,
            "run": {
                "id": str(run.pk),
                "attempt": run.attempt,
                "rerun_of": str(run.rerun_of_id) if run.rerun_of_id else None,
                "requested_by": run.requested_by.username if run.requested_by else None,
                "times": {
                    "requested": run.created_at.isoformat(),
                    "started": run.started_at.isoformat() if run.started_at else None,
                    "finished": finished.isoformat(),
                },
                "trust": "verified",
            },
            "model": {
                "repo": run.repository.full_name,
                "commit": run.commit,
                "files": list(made.files),
                "format": run.format,
                "architecture": run.architecture,
                "params": run.parameters,
                "tensor_digest": run.tensor_digest,
            },
            "suite": {
                "id": run.suite_version.suite.name,
                "version": run.suite_version.version,
                "sha256": run.suite_version.digest,
                "data": [
                    {
                        "name": data["name"],
                        "revision": run.suite_version.data_revision or None,
                        "sha256": data["sha256"],
                        "n": data["n"],
                    }
                    for data in definition["data"]
                ],
            },
            "config": {
                "seed": settings_["seed"],
                "dtype": settings_["dtype"],
                "batch_size": settings_["batch_size"],
                "device": made.device,
                "deterministic": settings_["deterministic"],
                "tf32": False,
                "threads": settings_["threads"],
            },
            "code": {"version": version(), "git": git_commit(), "command": "python -m evaluations.harness"},
            "env": made.report.environment,
            "metrics": [_metric(measurement) for measurement in measurements],
            **({"split": dict(zip(("public", "hidden"), map(_metric, made.parts), strict=True))} if made.parts else {}),
            "perf": as_documented(made.speeds),
            "memory": made.report.memory,
            "energy": energy_as_documented(made.report.perf or {}) if made.speeds else NO_ENERGY,
            "timing": {step: round(seconds, 4) for step, seconds in made.seconds.items()},
            "sandbox": {
                "backend": made.backend,
                "network": made.backend is not Backend.BWRAP,
                "limits": {**definition["limits"], "memory": made.report.memory_limit},
            },
            "samples": {"sha256": made.samples_sha256, "rows": run.suite_version.rows},
            "warnings": made.report.warnings,
            "partial": False,
        }
    )


def performance_row(run: Run, made: Made) -> Performance:
    """What boards sort by: speeds that may be shown, peaks of memory, time to load. Not saved yet."""
    shown: dict[str, Any] = {}
    for speed in made.speeds:
        if not speed.withheld:
            shown |= {name: value for name, value in speed.values.items() if name != "queries"}
            shown |= {"batch_size": speed.batch_size} if speed.scenario == "offline" else {}
    loading = [made.seconds[step] for step in ("load", "first_inference") if step in made.seconds]
    return Performance(
        run=run,
        memory=made.report.bytes_of("process_peak"),
        gpu_memory=made.report.bytes_of("allocated_peak"),
        load_seconds=sum(loading) if loading else None,
        **shown,
    )


def split_row(run: Run, made: Made) -> SplitScore | None:
    """What boards show of public and hidden rows. Not saved yet."""
    if made.parts is None:
        return None
    facts = {
        f"{name}_{fact}": getattr(part, fact)
        for name, part in zip(("public", "hidden"), made.parts, strict=True)
        for fact in ("value", "low", "high", "stderr", "n")
    }
    return SplitScore(run=run, **facts)


def signed_document(result: Result) -> dict[str, Any]:
    """The document with its signature beside it: see `evaluations.signing` for how to check it."""
    content: dict[str, Any] = json.loads(result.document)
    content["signature"] = {
        "algorithm": "ed25519",
        "sha256": result.sha256,
        "public_key": result.public_key,
        "value": result.signature,
    }
    return content


@cache
def version() -> str:
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text("utf-8"))
    return str(project["project"]["version"])


@cache
def git_commit() -> str | None:
    """The commit of the hub's own code: from HUB_COMMIT where an image has no checkout, else from the checkout."""
    named = os.environ.get("HUB_COMMIT")
    if named or not (settings.BASE_DIR / ".git").exists():
        return named or None
    command = ["git", "-C", str(settings.BASE_DIR), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None


def _metric(measurement: Measurement) -> dict[str, Any]:
    return {
        "name": measurement.name,
        "value": measurement.value,
        "stderr": measurement.stderr,
        "ci95": [measurement.low, measurement.high],
        "ci_method": measurement.method,
        "n": measurement.n,
        "chance": measurement.chance,
        "higher_is_better": measurement.higher_is_better,
        "primary": measurement.primary,
    }
