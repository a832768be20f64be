"""Styles: all of them on a page, in one file where they are collected; pages that are sent compressed."""

import gzip
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.test.utils import override_settings

from hub.static_files import ALL_STYLES, STYLES
from tests import make


def test_every_component_is_on_the_pages_once() -> None:
    lying = {f"css/{file.name}" for file in (settings.BASE_DIR / "static" / "css").glob("*.css")}
    alone = {"css/plain.css", "css/api.css", "css/guide.css", "css/administration.css"}  # of a few pages
    assert sorted(STYLES[1:]) == sorted(lying - alone)


def test_collected_styles_are_one_file_in_their_order(client: Client, tmp_path: Path) -> None:
    storages = settings.STORAGES | {"staticfiles": {"BACKEND": "hub.static_files.CollectedFiles"}}
    with override_settings(STATIC_ROOT=tmp_path, STATIC_COLLECTED=True, STORAGES=storages):
        for _again in range(2):
            call_command("collectstatic", "--no-input", "--verbosity", "0")
        page = client.get("/").content.decode()
        (address,) = [line.split('"')[3] for line in page.splitlines() if 'rel="stylesheet"' in line]
        text = (tmp_path / address.removeprefix("/static/")).read_bytes()
    assert address.startswith("/static/css/all.")
    assert [text.find((settings.BASE_DIR / "static" / name).read_bytes()[:200]) >= 0 for name in STYLES] == [
        True
    ] * len(STYLES)
    assert ALL_STYLES not in STYLES


def test_pages_are_compressed_and_files_are_not(client: Client) -> None:
    repository = make.repository()
    make.commit(repository, {"page.html": "<p>so</p>" * 1000})
    asked = {"Accept-Encoding": "gzip", "Accept": "text/html"}
    page = client.get(repository.get_absolute_url(), headers=asked)
    assert page["Content-Encoding"] == "gzip"
    assert repository.name.encode() in gzip.decompress(page.content)
    file = client.get(f"{repository.get_absolute_url()}/resolve/main/page.html", headers=asked)
    assert "Content-Encoding" not in file
