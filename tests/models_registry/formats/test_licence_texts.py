"""A licence's text is known by its title, or not at all."""

import pytest

from models_registry.formats.licence_terms import TABLE
from models_registry.formats.licence_texts import _TITLES, contradicts, name_of, titled


@pytest.mark.parametrize(
    ("beginning", "name"),
    [
        ("MIT License\n\nCopyright (c) 2026 Alder\n", "MIT"),
        ("# The MIT License (MIT)\n", "MIT"),
        ("\ufeff\n          Apache License\n    Version 2.0, January 2004\n", "Apache-2.0"),
        ("      GNU GENERAL PUBLIC LICENSE\n      Version 3, 29 June 2007\n", "GPL-3.0"),
        ("Attribution-NonCommercial 4.0 International\n\n=====\n", "CC-BY-NC-4.0"),
        ("LLAMA 3.1 COMMUNITY LICENSE AGREEMENT\nLlama 3.1 Version", "Llama 3.1 community licence"),
        ("                     木兰宽松许可证, 第2版\n", "MulanPSL-2.0"),
        ("", ""),
        ("Our terms\n\nThey differ from the MIT License.\n", ""),
        ("MIT No Attribution\n", ""),
        ("Permission is hereby granted, free of charge, to any person", ""),
    ],
)
def test_a_title_says_which_text_it_is(beginning: str, name: str) -> None:
    ids = titled(beginning)
    assert (name_of(ids) if ids else "") == name


@pytest.mark.parametrize(
    ("licence", "text", "expected"),
    [
        ("mit", "Apache License Version 2.0", True),
        ("apache-2.0", "Apache License Version 2.0", False),
        ("MIT OR Apache-2.0", "Apache License Version 2.0", False),
        ("gpl-3.0", "GNU General Public License Version 3", False),
        ("GPL-3.0-or-later", "GNU General Public License Version 3", False),
        ("GPL-2.0-only WITH Classpath-exception-2.0", "GNU General Public License Version 2", False),
        ("gpl-3.0", "GNU General Public License Version 2", True),
        ("gpl", "GNU General Public License Version 2", False),
        ("llama3.1", "MIT License", True),
        ("my-terms", "MIT License", False),
        ("other", "MIT License", False),
        ("", "MIT License", False),
        ("mit", "Our terms", False),
    ],
)
def test_a_card_contradicts_a_text_only_where_both_are_known(licence: str, text: str, expected: bool) -> None:
    assert contradicts(licence, titled(text)) == expected


def test_every_title_belongs_to_a_licence_whose_terms_are_known() -> None:
    assert {name for ids in _TITLES.values() for name in ids} <= TABLE.keys()
