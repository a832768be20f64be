"""Every page is there in Chinese too: the catalogue is complete, compiled, and knows each text of the templates."""

import gettext
import re
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.test import Client

from evaluations import group_files, suite_files
from evaluations.services import suite_words
from models_registry.formats.tasks import TASKS
from models_registry.web.task_words import TASK_TITLES
from tests.evaluations import rows

CATALOGUE = settings.BASE_DIR / "locale" / "zh_Hans" / "LC_MESSAGES"
TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
PAIR = re.compile(r'^msgid "(.+)"\n(?:msgid_plural ".+"\n)?msgstr(?:\[0\])? "(.*)"$', re.MULTILINE)


def written() -> dict[str, str]:
    text = (CATALOGUE / "django.po").read_text()
    return {source.replace('\\"', '"'): target.replace('\\"', '"') for source, target in PAIR.findall(text)}


def test_every_text_of_the_catalogue_is_translated_and_compiled() -> None:
    with (CATALOGUE / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    pairs = written()
    assert len(pairs) > 300
    contexts = set(re.findall(r'^msgctxt "(.+)"$', (CATALOGUE / "django.po").read_text(), re.MULTILINE))
    for source, target in pairs.items():
        assert target, source
        known = {compiled.gettext(source), compiled.ngettext(source, source, 2)}
        assert target in known | {compiled.pgettext(context, source) for context in contexts}, source


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(settings.BASE_DIR)))
def test_every_text_of_a_template_is_in_the_catalogue(template: Path) -> None:
    texts = re.findall(r'{% translate "([^"]+)"', template.read_text())
    assert not [text for text in texts if text.replace("%", "%%") not in written() and text not in written()]


@pytest.mark.parametrize("address", ["/", "/models", "/leaderboards", "/accounts/login/"])
def test_pages_speak_chinese_when_asked_to(client: Client, address: str) -> None:
    page = client.get(address, headers={"Accept-Language": "zh-CN,zh;q=0.9"}).content.decode()
    assert '<html lang="zh-hans"' in page
    assert "模型" in page


def test_every_task_that_is_offered_has_its_words() -> None:
    assert {task for group in TASKS.values() for task in group} <= TASK_TITLES.keys()


def test_every_suite_group_and_metric_has_its_words() -> None:
    words = yaml.safe_load((suite_words.WORDS / "zh-hans.yaml").read_text("utf-8"))
    suites = [file.definition for file in suite_files.read_all()]
    assert set(words["suites"]) == {definition["id"] for definition in suites}
    assert set(words["groups"]) == {file.name for file in group_files.read_all()}
    for told in [*words["suites"].values(), *words["groups"].values()]:
        assert set(told) == {"title", "summary"}
        assert all(told.values())
    metrics = {metric["name"] for definition in suites for metric in definition["metrics"]}
    assert metrics == set(suite_words.METRICS)


def test_a_board_is_named_in_the_readers_language(client: Client) -> None:
    version = rows.suite()
    address = version.suite.get_absolute_url()
    for language, title in (("zh-hans", "手写数字 8×8"), ("en", "Handwritten digits, 8×8")):
        page = client.get(address, headers={"Accept-Language": language}).content.decode()
        assert f"<h1>{title}</h1>" in page
