"""What an embedded hub consists of: its environment, and the table of its processes."""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hub.embedded.keys import Keys
from hub.embedded.ports import LOOPBACK
from hub.embedded.supervisor import Command

CHECKOUT = Path(__file__).resolve().parent.parent.parent
BUCKET = "grove"
# What an operator may point elsewhere; where it is set, the embedded hub uses it and starts no part of its own for it.
TAKEN_OVER = ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL", "EMAIL_URL", "HUB_SANDBOX", "HUB_REGISTRATION")
OTHER_S3 = (
    "S3_ENDPOINT_URL",
    "S3_PUBLIC_ENDPOINT_URL",
    "S3_BUCKET",
    "S3_REGION",
    "S3_ACCESS_KEY_ID",
    "S3_SECRET_ACCESS_KEY",
)


def port_names() -> list[str]:
    """Of the servers beside the site."""
    return ["cas", "content"] if uses_other_s3() else ["storage", "cas", "content"]


def settings(ports: Mapping[str, int], keys: Keys) -> dict[str, str]:
    """The variables that tell every process, and `manage.py` in another shell, about this hub."""
    origin = {name: f"http://{LOOPBACK}:{port}" for name, port in ports.items()}
    storage = {} if uses_other_s3() else {"S3_ENDPOINT_URL": origin["storage"]}
    chosen = {
        "HUB_SECRET_KEY": keys.secret_key,
        "HUB_BASE_URL": origin["site"],
        "HUB_CAS_URL": origin["cas"],
        "HUB_CONTENT_URL": origin["content"],
        "HUB_STATIC_COLLECTED": "true",
        **storage,
        "S3_BUCKET": BUCKET,
        "S3_REGION": "us-east-1",
        "S3_ACCESS_KEY_ID": keys.s3_access_key_id,
        "S3_SECRET_ACCESS_KEY": keys.s3_secret_access_key,
    }
    names = (*TAKEN_OVER, *OTHER_S3) if uses_other_s3() else TAKEN_OVER
    return chosen | {name: os.environ[name] for name in names if os.environ.get(name)}


def uses_other_s3() -> bool:
    return bool(os.environ.get("S3_ENDPOINT_URL"))


def environment(data: Path, chosen: Mapping[str, str]) -> dict[str, str]:
    """Of every process that is started."""
    return {
        **os.environ,
        **chosen,
        "HUB_DATA_DIR": str(data),
        "DJANGO_SETTINGS_MODULE": "hub.settings",
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc keeps an arena per thread otherwise: tens of MB in every process
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
    }


def storage(data: Path, ports: Mapping[str, int], keys: Keys) -> Command:
    """rclone as an S3 server; its key goes by the environment, since anybody may read the arguments of a process."""
    folder = data / "storage"
    # rclone removes a folder with its last object: a PUT of just then finds none and is answered 500. This one stays.
    (folder / BUCKET / "staging" / "kept").mkdir(parents=True, exist_ok=True)
    address = f"{LOOPBACK}:{ports['storage']}"
    return Command(
        "storage",
        [
            _tool("rclone"),
            "serve",
            "s3",
            "--config",
            "",
            "--no-checksum",
            "--addr",
            address,
            "--allow-origin",
            "*",
            str(folder),
        ],
        {"RCLONE_AUTH_KEY": f'"{keys.s3_access_key_id},{keys.s3_secret_access_key}"', "GOMEMLIMIT": "192MiB"},
    )


def migrate() -> Command:
    return manage("migrate", "--no-input", "--verbosity", "1")


def check_storage() -> Command:
    """Says on the console what the storage cannot do; the hub starts beside it."""
    return replace(manage("check_storage"), once=True, on_console=True)


def collect_static() -> Command:
    """Two seconds that spare every visitor's browser most of its requests."""
    return manage("collectstatic", "--no-input", "--verbosity", "0")


def processes(data: Path, ports: Mapping[str, int]) -> list[Command]:
    """Everything that runs once the database is ready: one line each."""
    return [
        wsgi("site", "hub.wsgi:application", ports["site"]),
        wsgi("cas", "models_registry.cas_api.wsgi:application", ports["cas"]),
        _asgi("content", "models_registry.content.asgi:application", ports["content"]),
        _worker("io", "io", "2", "--beat", "--schedule", str(data / "beat-schedule")),
        _worker("evaluation", "eval.cpu", "1"),
    ]


def demo(data: Path, keys: Keys) -> Command:
    """Makes the demo content; the client's caches stay with the hub, out of the user's home."""
    arguments = [sys.executable, str(CHECKOUT / "manage.py"), "seed_demo"]
    variables = {"HUB_DEMO_PASSWORD": keys.demo_password, "HF_HOME": str(data / "demo-cache")}
    return Command("demo", arguments, variables, once=True, on_console=True)


def manage(*arguments: str) -> Command:
    return Command(arguments[0].replace("_", "-"), [sys.executable, str(CHECKOUT / "manage.py"), *arguments])


def wsgi(name: str, application: str, port: int) -> Command:
    return Command(
        name,
        [
            _tool("granian"), "--interface", "wsgi", "--host", LOOPBACK, "--port", str(port), "--workers", "1",
            "--blocking-threads", "8", "--no-ws", "--log-level", "warning", "--respawn-failed-workers",
            "--workers-kill-timeout", "4s", application,
        ],
    )  # fmt: skip


def _asgi(name: str, application: str, port: int) -> Command:
    return Command(
        name,
        [
            _tool("uvicorn"), "--host", LOOPBACK, "--port", str(port), "--no-access-log", "--log-level", "warning",
            "--timeout-graceful-shutdown", "3", application,
        ],
    )  # fmt: skip


def _worker(name: str, queue: str, threads: str, *options: str) -> Command:
    """A Celery worker of one process: its tasks wait for storage or for a child, so threads do."""
    return Command(
        f"worker-{name}",
        [
            _tool("celery"), "--app", "hub.celery", "worker", "--queues", queue, "--pool", "threads",
            "--concurrency", threads, "--hostname", f"{name}@%h", "--loglevel", "INFO",
            "--without-gossip", "--without-mingle", "--without-heartbeat", *options,
        ],
    )  # fmt: skip


def _tool(name: str) -> str:
    """A program of the environment that runs us."""
    return str(Path(sys.executable).parent / name)
