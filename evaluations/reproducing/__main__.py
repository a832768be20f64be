"""grove-eval: check a score without trusting the hub that shows it. Needs no server and no database.

    grove-eval verify RESULT.json [--key HEX]
    grove-eval fetch https://hub.example/evaluations/ID FOLDER [--token hf_…] [--key HEX]
    grove-eval repeat FOLDER [--device cuda] [--key HEX]

Ends with 0 where all agrees, 1 where something does not, 2 where nothing could be compared.
"""

import argparse
import os
import re
import sys
from pathlib import Path

from evaluations.reproducing import bundle, repeating
from evaluations.reproducing.checking import NotReproducedError, check, check_edition, read

AGREES, DIFFERS, UNUSABLE = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        return int(asked.act(asked))
    except NotReproducedError as error:
        _say(f"Refused: {error}")
        return UNUSABLE
    except OSError as error:
        _say(f"Refused: {error.filename or 'a file'}: {error.strerror}")
        return UNUSABLE


def _verify(asked: argparse.Namespace) -> int:
    document = read(Path(asked.document).read_bytes())
    if "models" in document:
        key, named, withheld = check_edition(document, asked.key)
        _say(f"Genuine: signed by {key}, and unchanged since; {named} models named as signed, {withheld} withheld.")
    else:
        key = check(document, asked.key)
        _say(f"Genuine: signed by {key}, and unchanged since.")
    if asked.key is None:
        _say(
            "Whose key that is, the document alone cannot tell: compare it with the hub's /api/evaluations/key, or give --key."
        )
    return AGREES


def _fetch(asked: argparse.Namespace) -> int:
    token = asked.token or os.environ.get("HF_TOKEN")
    made = bundle.fetch(asked.address, Path(asked.folder), token=token, public_key=asked.key)
    count = len(made.document["model"]["files"])
    _say(f"{made.folder}: {count} file{'s' if count != 1 else ''} of the model and all else, as signed by {made.key}.")
    _say(f"Now, also offline: grove-eval repeat {made.folder}")
    return AGREES


def _repeat(asked: argparse.Namespace) -> int:
    opened = bundle.open_bundle(Path(asked.folder), public_key=asked.key)
    model, suite = opened.document["model"], opened.document["suite"]
    _say(f"{model['repo']} at {model['commit'][:12]} on {suite['id']} {suite['version']}, signed by {opened.key}")
    found = repeating.repeat(opened, device=asked.device)
    _say(f"Run in the sandbox: {found.backend}")
    here = (
        "the same hardware class and libraries"
        if found.same_environment
        else "another hardware class or other libraries"
    )
    _say(f"Here: {here} as recorded")
    for one in (found.rows, *found.metrics):
        verdict = "agrees" if one.agrees else "DIFFERS"
        _say(
            f"{one.name:28} recorded {one.recorded:.10g}   repeated {one.repeated:.10g}   "
            f"difference {one.repeated - one.recorded:+.3g}   tolerance {one.tolerance:.3g}   {verdict}"
        )
    if not found.scored:
        _say(
            "The labels are the hub's: the metrics follow from rows that are answered as recorded, whose rightness it signed."
        )
    return AGREES if found.agrees else DIFFERS


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="grove-eval", description="Check a score without trusting the hub that shows it."
    )
    acts = parser.add_subparsers(required=True)
    verify = acts.add_parser(
        "verify", help="is a result document, or an edition of a leaderboard, as its hub signed it?"
    )
    verify.add_argument(
        "document", help="the file from /api/evaluations/ID/result or /api/leaderboards/SUITE/editions/DAY"
    )
    verify.set_defaults(act=_verify)
    fetch = acts.add_parser("fetch", help="download all that repeats a run")
    fetch.add_argument("address", help="of the run's page")
    fetch.add_argument("folder", help="to be made")
    fetch.add_argument("--token", help="of somebody who may read the model; else HF_TOKEN")
    fetch.set_defaults(act=_fetch)
    repeat = acts.add_parser("repeat", help="run it again from such a folder, offline, and compare")
    repeat.add_argument("folder")
    repeat.add_argument("--device", type=_device, default="cpu", help="cpu, cuda or cuda:0")
    repeat.set_defaults(act=_repeat)
    for each in (verify, fetch, repeat):
        each.add_argument("--key", help="the public key to trust, in hex: from the hub's /api/evaluations/key")
    return parser


def _device(text: str) -> str:
    if re.fullmatch(r"cpu|cuda(:\d{1,2})?", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not cpu, cuda or cuda:0")
    return text


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
