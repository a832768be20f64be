"""Whether a result document is, to the byte, what the owner of a key has signed."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from evaluations.signing import is_genuine
from evaluations.suite_files import canonical_json


class NotReproducedError(Exception):
    """What is at hand is not what it should be; the text says what, and what it means."""


def check(document: Mapping[str, Any], public_key: str | None = None) -> str:
    """The key that signed the document, in hex. public_key: the one to trust; None takes the document's own at its word.

    Raises NotReproducedError.
    """
    signature = document.get("signature")
    if not isinstance(signature, Mapping):
        raise NotReproducedError("The document is not signed: it has no member `signature`.")
    if signature.get("algorithm") != "ed25519":
        raise NotReproducedError("The document is not signed by Ed25519, which is all that hubs sign with.")
    claimed = signature.get("public_key")
    if not isinstance(claimed, str):
        raise NotReproducedError("The signature does not say whose it is.")
    if public_key is not None and claimed.lower() != public_key.lower():
        raise NotReproducedError(f"The document is signed by {claimed}, not by {public_key}.")
    try:
        content = canonical_json({name: value for name, value in document.items() if name != "signature"})
    except (ValueError, RecursionError) as error:
        raise NotReproducedError(f"The document cannot be written as canonical JSON: {error}") from error
    if hashlib.sha256(content).hexdigest() != signature.get("sha256"):
        raise NotReproducedError("The document was changed after it was signed: its SHA-256 is another.")
    if not is_genuine(dict(document), claimed):
        raise NotReproducedError(
            "The signature is not that of the key it names: the document or the signature was made up."
        )
    return claimed


def check_edition(published: Mapping[str, Any], public_key: str | None = None) -> tuple[str, int, int]:
    """The key that signed an edition of a board, how many of its models are named, and how many are withheld.

    published: from /api/leaderboards/SUITE/editions/DAY. Whoever is named must be whom the signed document means by its hash.
    Raises NotReproducedError.
    """
    document, models = published.get("edition"), published.get("models")
    if not isinstance(document, Mapping) or not isinstance(models, list):
        raise NotReproducedError("This is no edition of a leaderboard: it has not both `edition` and `models`.")
    key = check(document, public_key)
    rows = document.get("rows", [])
    if len(rows) != len(models):
        raise NotReproducedError(f"The edition has {len(rows)} rows, and {len(models)} models are given for them.")
    for place, (row, model) in enumerate(zip(rows, models, strict=True), 1):
        if model is not None and hashlib.sha256(canonical_json(model)).hexdigest() != row["model_sha256"]:
            raise NotReproducedError(f"Row {place} is not the model that was signed there.")
    withheld = models.count(None)
    return key, len(models) - withheld, withheld


def read(content: bytes) -> dict[str, Any]:
    """A JSON object from a file that somebody else wrote. Raises NotReproducedError."""
    try:
        found = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotReproducedError(f"This is no JSON document: {str(error)[:200]}") from error
    if not isinstance(found, dict):
        raise NotReproducedError("This is no result document: it is not a JSON object.")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
