"""A result document that is not as it was signed is refused, whatever was done to it."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from evaluations import signing
from evaluations.reproducing import __main__ as tool
from evaluations.reproducing.checking import NotReproducedError, check, read
from evaluations.suite_files import canonical_json

DOCUMENT: dict[str, Any] = {
    "schema": 1,
    "run": {"id": "1", "attempt": 1, "trust": "verified"},
    "model": {"repo": "ada/net", "commit": "a" * 40, "files": [{"path": "m.onnx", "size": 3, "sha256": "b" * 64}]},
    "config": {"seed": 0, "deterministic": True, "dtype": "float32"},
    "metrics": [{"name": "accuracy", "value": 0.98, "ci95": [0.97, 0.99], "n": 540}],
    "warnings": [],
    "energy": None,
}


def signed(document: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    signature = signing.sign(canonical_json(document))
    return copy.deepcopy(document) | {
        "signature": {
            "algorithm": "ed25519",
            "sha256": signature.sha256,
            "public_key": signature.public_key,
            "value": signature.value,
        }
    }


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where each value of the document lies."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [place for step, inner in steps for place in places(inner, (*path, step))]


def test_a_document_is_known_by_its_hubs_key():
    assert check(signed()) == check(signed(), signing.public_key()) == signing.public_key()


@pytest.mark.parametrize("place", places(signed()), ids=lambda place: "/".join(map(str, place)))
def test_any_value_that_was_changed_is_found_out(place: tuple[Any, ...]):
    document = signed()
    *way, last = place
    holder: Any = document
    for step in way:
        holder = holder[step]
    holder[last] = "changed" if holder[last] != "changed" else "other"
    with pytest.raises(NotReproducedError):
        check(document, signing.public_key())


@given(st.sampled_from(places(DOCUMENT)), st.none() | st.booleans() | st.integers() | st.floats() | st.text())
def test_whatever_it_is_changed_to(place: tuple[Any, ...], value: Any):
    document = signed()
    *way, last = place
    holder: Any = document
    for step in way:
        holder = holder[step]
    before, holder[last] = holder[last], value
    try:
        is_the_same = canonical_json(before) == canonical_json(value)
    except ValueError:
        is_the_same = False
    if is_the_same:
        check(document)
    else:
        with pytest.raises(NotReproducedError):
            check(document)


def test_a_member_more_or_less_is_found_out():
    with pytest.raises(NotReproducedError, match="changed after it was signed"):
        check(signed() | {"more": 1})
    document = signed()
    del document["energy"]
    with pytest.raises(NotReproducedError, match="changed after it was signed"):
        check(document)


def test_another_hubs_signature_is_refused_where_the_key_is_known():
    other = Ed25519PrivateKey.generate()
    content = canonical_json(DOCUMENT)
    document = signed()
    document["signature"] |= {
        "public_key": other.public_key().public_bytes_raw().hex(), "value": other.sign(content).hex()
    }  # fmt: skip
    assert check(document) != signing.public_key()
    with pytest.raises(NotReproducedError, match="not by"):
        check(document, signing.public_key())


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        (None, "not signed"),
        ("x", "not signed"),
        ({"algorithm": "none"}, "not signed by Ed25519"),
        ({"algorithm": "ed25519"}, "whose it is"),
        ({"algorithm": "ed25519", "public_key": "zz", "sha256": "", "value": ""}, "SHA-256"),
    ],
)
def test_a_signature_that_is_none_is_refused_in_words(signature: Any, words: str):
    with pytest.raises(NotReproducedError, match=words):
        check(DOCUMENT | {"signature": signature})


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a": NaN}', b"[" * 100_000, b"\xff", b'"text"'])
def test_what_is_no_document_is_refused(content: bytes):
    with pytest.raises(NotReproducedError):
        read(content)


def test_the_program_says_and_ends_with_what_it_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    genuine, tampered = tmp_path / "genuine.json", tmp_path / "tampered.json"
    genuine.write_text(json.dumps(signed()))
    tampered.write_text(json.dumps(signed()).replace("0.98", "0.99"))
    assert tool.main(["verify", str(genuine), "--key", signing.public_key()]) == 0
    assert "Genuine" in capsys.readouterr().out
    assert tool.main(["verify", str(genuine)]) == 0
    assert "/api/evaluations/key" in capsys.readouterr().out
    assert tool.main(["verify", str(tampered)]) == 2
    assert "changed after it was signed" in capsys.readouterr().out
    assert tool.main(["verify", str(tmp_path / "missing.json")]) == 2
    assert "missing.json" in capsys.readouterr().out
