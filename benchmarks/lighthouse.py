"""Lighthouse's four scores of the main pages of a running hub: `python -m benchmarks.lighthouse ADDRESS [PATH …]`.

Needs npx and Chromium; the hub is one of `make run` with its demo. Exits with 1 when a score is under WANTED.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LIGHTHOUSE = "lighthouse@12.8.2"
WANTED = 95
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
# What `make run` shows to a visitor.
PATHS = (
    "/",
    "/models",
    "/datasets",
    "/ada/digits-cnn",
    "/ada/digits-cnn/tree/main",
    "/ada/digits-cnn/evaluations",
    "/leaderboards",
    "/leaderboards/digits-image-classification",
    "/search?q=digits",
    "/docs",
)


def scores(address: str, form: str) -> dict[str, int]:
    """The four scores, 0 to 100, of a page as a telephone over slow 4G ("mobile") or a "desktop" sees it."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        subprocess.run(
            [
                *("npx", "--yes", LIGHTHOUSE, address, "--quiet", "--output=json", f"--output-path={report}"),
                f"--only-categories={','.join(CATEGORIES)}",
                "--chrome-flags=--headless=new --no-sandbox",
                *(["--preset=desktop"] if form == "desktop" else []),
            ],
            check=True,
            env=os.environ | {"CHROME_PATH": shutil.which("chromium") or ""},
        )
        found = json.loads(report.read_text())
    for audit in found["audits"].values():
        if audit["score"] is not None and audit["score"] < 0.9 and audit["scoreDisplayMode"] != "informative":
            print(f"  {form} {address}: {audit['id']} {audit.get('displayValue', '')}", file=sys.stderr)
    return {name: round(found["categories"][name]["score"] * 100) for name in CATEGORIES}


def main(hub: str, paths: tuple[str, ...]) -> int:
    worst = 100
    print("| page | form | " + " | ".join(CATEGORIES) + " |\n|---|---|" + "---|" * len(CATEGORIES))
    for path in paths:
        for form in ("mobile", "desktop"):
            found = scores(hub.rstrip("/") + path, form)
            worst = min(worst, *found.values())
            print(f"| `{path}` | {form} | " + " | ".join(str(found[name]) for name in CATEGORIES) + " |", flush=True)
    return int(worst < WANTED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], tuple(sys.argv[2:]) or PATHS))
