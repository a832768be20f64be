"""Runs the benchmarks named as arguments, or all, and prints their tables for benchmarks/README.md."""

import argparse
import os
import platform
from collections.abc import Callable

from benchmarks import boards, commit, content, dispatch, fetch, git, listing, resolve, run_overhead, transfer

BENCHMARKS: dict[str, Callable[[], str]] = {
    "resolve": resolve.measure,
    "listing": listing.measure,
    "boards": boards.measure,
    "transfer": transfer.measure,
    "commit": commit.measure,
    "git": git.measure,
    "content": content.measure,
    "fetch": fetch.measure,
    "dispatch": dispatch.measure,
    "run_overhead": run_overhead.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help=f"of {', '.join(BENCHMARKS)}")
    names = parser.parse_args().names or list(BENCHMARKS)
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, {platform.system()}")
    for name in names:
        print(f"\n## {name}\n\n{BENCHMARKS[name]()}")


if __name__ == "__main__":
    main()
