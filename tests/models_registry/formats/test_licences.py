"""Licences as cards write them, and what we make of them."""

import pytest

from models_registry.formats.licences import Licence, identify


@pytest.mark.parametrize(
    ("written", "spdx"),
    [
        ("apache-2.0", "Apache-2.0"),
        ("MIT", "MIT"),
        ("gpl-3.0", "GPL-3.0-only"),
        ("mit OR apache-2.0", "MIT OR Apache-2.0"),
        ("cc-by-nc-4.0", "CC-BY-NC-4.0"),
    ],
)
def test_a_licence_of_the_spdx_list_gets_its_spdx_name(written, spdx):
    assert identify(written) == Licence(spdx, spdx, known=True)


@pytest.mark.parametrize("written", ["my-own-terms", "mit AND", "((", "<script>", "lizenz für alle", "x" * 5000])
def test_an_unknown_licence_is_kept_as_written_and_marked(written):
    found = identify(written)
    assert found.name == written[:200]
    assert not found.known
    assert found.spdx == ""


def test_names_that_only_model_hubs_use_are_known_without_an_spdx_name():
    assert identify("llama3.2") == Licence("Llama 3.2 community licence", "", known=True)
