"""Requests made up from the description of the API, with names that exist put in here and there."""

import json
from collections.abc import Iterator
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.schemas import APIOperation

from hub.schema import description
from tests.fuzz.seeds import Seeds

Request = tuple[Any, str]
"""A case of schemathesis, and who asks."""


@schemathesis.serializer(
    "application/x-ndjson", "application/x-git-upload-pack-request", "application/x-git-receive-pack-request"
)
def _as_it_is(_context: Any, value: Any) -> bytes:
    """What is no JSON is put together here."""
    return value if isinstance(value, bytes) else str(value).encode()


def operations(section: str) -> Iterator[APIOperation]:
    """Those of one section of the description."""
    whole = description()
    paths = {
        path: {method: one for method, one in found.items() if section in one["tags"]}
        for path, found in whole["paths"].items()
    }
    loaded = schemathesis.openapi.from_dict(whole | {"paths": {path: found for path, found in paths.items() if found}})
    for result in loaded.get_all_operations():
        yield result.ok()


def made_up(operation: APIOperation, seeds: Seeds) -> st.SearchStrategy[Request]:
    """What fits the description, what does not, and both with words of the hub in their places."""
    is_cas = operation.path.startswith(("/v1/", "/v2/"))
    askers = ["", *seeds.cas_tokens] if is_cas else ["", *seeds.tokens.values()]
    modes = [GenerationMode.POSITIVE]
    if operation.path_parameters or operation.query or operation.body:
        modes.append(GenerationMode.NEGATIVE)
    cases = st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes])
    return st.tuples(
        st.builds(_with_words, cases, st.just(seeds), st.randoms(use_true_random=False)), st.sampled_from(askers)
    )


def _with_words(case: Any, seeds: Seeds, dice: Any) -> Any:
    parameters = case.path_parameters
    if parameters:
        if "name" in parameters and dice.random() < 0.8:
            plural, namespace, name = dice.choice(seeds.repositories)
            here = {"plural": plural, "namespace": namespace, "name": name}
            parameters.update({key: value for key, value in here.items() if key in parameters})
        if "rest" in parameters and dice.random() < 0.8:
            parameters["rest"] = dice.choice(seeds.revisions)
            if dice.random() < 0.6:
                parameters["rest"] += "/" + dice.choice(seeds.paths)
        _put_words(parameters, seeds.words, dice, leave={"name", "plural", "namespace", "rest"})
    if isinstance(case.query, dict):
        _put_words(case.query, seeds.words, dice)
    if isinstance(case.body, dict):
        _put_words(case.body, seeds.words, dice)
    if case.media_type == "application/x-ndjson":
        case.body = _lines(seeds, dice)
    elif (case.media_type or "").startswith("application/x-git-"):
        case.body = _packets(seeds, dice)
    return case


def _put_words(
    into: Any, words: dict[str, list[Any]], dice: Any, leave: set[str] | frozenset[str] = frozenset()
) -> None:
    if isinstance(into, list):
        for item in into:
            _put_words(item, words, dice)
        return
    if not isinstance(into, dict):
        return
    for name, value in into.items():
        if name in words and name not in leave and dice.random() < 0.7:
            into[name] = dice.choice(words[name])
        else:
            _put_words(value, words, dice)


def _lines(seeds: Seeds, dice: Any) -> bytes:
    """A commit: a header and changes, each of which may be wrong in its own way."""
    words = seeds.words
    header: dict[str, Any] = {"summary": dice.choice(["a commit", "", 5, "x" * 300, "两"])}
    if dice.random() < 0.3:
        header["parentCommit"] = dice.choice([*words["parentCommit"], "", 7, None, "zz"])
    if dice.random() < 0.3:
        header["description"] = dice.choice(["why", None, 1, "\0"])
    lines: list[Any] = [{"key": "header", "value": header}]
    for _ in range(dice.randrange(4)):
        path = dice.choice([*words["path"], "", "/", None, "x" * 300, "a\\b", "é/ü.txt"])
        change = dice.choice(
            [
                ("file", {"path": path, "content": dice.choice(["aGk=", "", "!", None]), "encoding": "base64"}),
                ("file", {"path": path, "content": "text", "encoding": dice.choice(["utf-8", "rot13", None])}),
                (
                    "lfsFile",
                    {
                        "path": path,
                        "algo": "sha256",
                        "oid": dice.choice(words["oid"]),
                        "size": dice.choice([5, -1, "a", None]),
                    },
                ),
                ("deletedFile", {"path": path}),
                ("deletedFolder", {"path": path}),
                (
                    "copyFile",
                    {"path": path, "srcPath": dice.choice(words["path"]), "srcRevision": dice.choice(seeds.revisions)},
                ),
                ("nonsense", {"path": path}),
            ]
        )
        lines.append({"key": change[0], "value": change[1]})
    if dice.random() < 0.1:
        dice.shuffle(lines)
    raw = "\n".join(json.dumps(line) for line in lines).encode()
    return dice.choice([raw, raw, raw, raw + b"\n", raw[:-3], b"", b"[]", b"\xff" + raw])


def _packets(seeds: Seeds, dice: Any) -> bytes:
    """What git would send, cut short, or of ids that are none."""
    oid = dice.choice([*seeds.words["parentCommit"], "0" * 40, "ab" * 20])
    lines = [
        dice.choice(
            [f"want {oid} ofs-delta\n", f"have {oid}\n", "deepen 1\n", "done\n", "command=ls-refs\n", "command=fetch\n"]
        ),
        dice.choice(
            [f"{oid} {'0' * 40} refs/heads/main\0 report-status", f"{'0' * 40} {oid} refs/heads/new\0 atomic", "x"]
        ),
    ]
    dice.shuffle(lines)
    packed = b"".join(b"%04x" % (len(line) + 4) + line.encode() for line in lines[: dice.randrange(3)])
    return dice.choice([packed + b"0000", packed + b"0000PACK" + bytes(20), packed[:-2], b"ffff", b"", b"\x1f\x8b"])
