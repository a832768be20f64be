"""Typed readers of the environment. A missing or wrong value stops the start, and names the variable."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
_environment = environ.Env()
_REQUIRED: Any = object()


def defaults_from(path: Path) -> None:
    """Take what the environment leaves open from a file of NAME='value' lines, if it is there."""
    _environment.read_env(str(path), overwrite=False)


def text(name: str, default: str | None = _REQUIRED) -> str:
    value = _environment.ENVIRON.get(name, "").strip() or default
    if value is _REQUIRED or value is None:
        raise ImproperlyConfigured(f"{name} must be set: see .env.example.")
    return value


def boolean(name: str, default: bool) -> bool:
    value = _environment.ENVIRON.get(name, "").strip().lower()
    if value not in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ImproperlyConfigured(f"{name} must be true or false, not {value!r}.")
    return value in {"1", "true", "yes", "on"} if value else default


def integer(name: str, default: int) -> int:
    value = _environment.ENVIRON.get(name, "").strip()
    try:
        return int(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.") from None


def choice(name: str, choices: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
    return value


def names(name: str, default: tuple[str, ...]) -> list[str]:
    value = _environment.ENVIRON.get(name, "")
    return [item.strip() for item in value.split(",") if item.strip()] or list(default)


def path(name: str, default: Path) -> Path:
    return Path(text(name, str(default))).expanduser().resolve()


def address(name: str, default: str = _REQUIRED) -> str:
    """An http(s) address without a slash at its end."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ImproperlyConfigured(f"{name} must be an http or https address, not {value!r}.")
    return value


def scanner(name: str) -> str:
    """tcp://host:port, unix:///path, or empty."""
    value = _environment.ENVIRON.get(name, "").strip()
    parts = urlsplit(value)
    if value and not (parts.scheme == "tcp" and parts.hostname) and not (parts.scheme == "unix" and parts.path):
        raise ImproperlyConfigured(f"{name} must be tcp://host:port or unix:///path, not {value!r}.")
    return value


def database(name: str, default: str) -> dict[str, Any]:
    try:
        return dict(environ.Env.db_url_config(text(name, default)))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not a database address: {error}") from None


def cache(name: str, default: str) -> dict[str, Any]:
    return dict(environ.Env.cache_url_config(text(name, default)))


def parsed(name: str, parse: Callable[[str], T]) -> T:
    """A text with a form of its own, as `parse` reads it, which raises ValueError; "" where it is not set."""
    try:
        return parse(_environment.ENVIRON.get(name, "").strip())
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: {error}") from None


def email(name: str, default: str) -> dict[str, Any]:
    return dict(environ.Env.email_url_config(text(name, default)))
