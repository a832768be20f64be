"""Fetch the front-end libraries of our pages, at pinned versions, into `static/vendor/`; draw `static/icons.svg`.

Run by hand (`make vendor`) when a version or the list of icons changes, and committed: whoever runs the hub needs
neither npm nor the network. `static/vendor/manifest.json` records where each file comes from and what its SHA-256 is.
"""

import hashlib
import json
import logging
import re
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

STATIC = Path(__file__).resolve().parent.parent / "static"
VENDOR = STATIC / "vendor"
SPRITE = STATIC / "icons.svg"

POINTER_TO_MAP = re.compile(rb"\s*(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Library:
    """One npm package, and which of its files we keep: {path in the package: name in `static/vendor/`}."""

    name: str
    version: str
    licence: str
    files: dict[str, str]


LIBRARIES = [
    Library(
        "bootstrap",
        "5.3.9",
        "MIT",
        {"dist/css/bootstrap.min.css": "bootstrap.min.css", "LICENSE": "bootstrap.LICENCE.txt"},
    ),
    # Drawn by hub/previews.py into the pictures that other sites show of a link; no page loads them.
    Library(
        "@fontsource/noto-sans",
        "5.3.0",
        "OFL-1.1",
        {
            "files/noto-sans-latin-400-normal.woff2": "noto-sans-400.woff2",
            "files/noto-sans-latin-700-normal.woff2": "noto-sans-700.woff2",
            "LICENSE": "noto-sans.LICENCE.txt",
        },
    ),
    # Major 4 fetches with fetch(), keeps its own style in a constructed sheet and evaluates nothing unless asked to:
    # it runs under our Content-Security-Policy as it is. It swaps error answers unless told otherwise (base.html).
    Library("htmx.org", "4.0.1", "0BSD", {"dist/htmx.min.js": "htmx.min.js", "LICENSE": "htmx.LICENCE.txt"}),
    # Hashes as they stream by, which the browser's own crypto.subtle cannot; in WebAssembly, 2.3 times as fast as @noble/hashes.
    Library(
        "hash-wasm",
        "4.12.0",
        "MIT",
        {
            "dist/sha256.umd.min.js": "hash-wasm.sha256.min.js",
            "dist/sha1.umd.min.js": "hash-wasm.sha1.min.js",
            "LICENSE": "hash-wasm.LICENCE.txt",
        },
    ),
]
ICON_LIBRARY = Library("bootstrap-icons", "1.13.2", "MIT", {"LICENSE": "bootstrap-icons.LICENCE.txt"})
ICONS = """
    arrow-repeat bar-chart-steps box box-arrow-in-right box-arrow-right building c-circle chat-left-text
    check-lg check2-all chevron-down chevron-left chevron-right circle-half clock-history copy database download
    exclamation-triangle eye file-earmark-binary file-earmark-code file-earmark-image file-earmark-text
    file-text folder-fill folder2 gear git heart image info-circle key layout-three-columns link-45deg list lock
    moon patch-check-fill pencil people person play plus-lg search shield-check shield-exclamation sliders
    soundwave stop-circle sun table tag trash trophy upload x x-circle
    bell bell-slash emoji-smile eye-slash flag pin-angle quote sign-merge-right three-dots unlock
    file-earmark-music file-earmark-play file-earmark-zip arrow-down arrow-up at bookmark-plus
    caret-up-fill collection graph-up heart-fill dash pause
""".split()
LOGO = STATIC / "logo.svg"


def fetch(library: Library, into: Path) -> Path:
    """Download one package and unpack it; returns the folder that holds its files."""
    packed = subprocess.run(  # noqa: S603 - fixed arguments, run by a developer
        ["npm", "pack", "--silent", f"{library.name}@{library.version}"],  # noqa: S607 - npm is wherever the developer has it
        cwd=into,
        check=True,
        capture_output=True,
        text=True,
    )
    folder = into / f"{library.name.replace('/', '-')}-{library.version}"
    with tarfile.open(into / packed.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def keep(library: Library, package: Path) -> list[dict[str, str]]:
    """Copy the wanted files of one package; returns their lines of the manifest.

    The pointer to a source map is cut off: the map is not vendored, and a pointer to nothing stops `collectstatic`.
    """
    lines = []
    for source, name in library.files.items():
        content = re.sub(
            rb"\s*(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$", b"\n", (package / source).read_bytes()
        )
        (VENDOR / name).write_bytes(content)
        lines.append(
            {
                "file": name,
                "package": library.name,
                "version": library.version,
                "licence": library.licence,
                "path_in_package": source,
                "sha256": hashlib.sha256(content).hexdigest(),
            }
        )
    return lines


def inner_of(drawing: Path) -> str:
    """What stands between <svg …> and </svg>, in one line and without comments."""
    text = re.sub(r"<!--.*?-->", "", drawing.read_text(), flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "", text[text.index(">") + 1 : text.rindex("</svg>")])


def draw_sprite(package: Path) -> None:
    """One SVG file with a <symbol> for each icon in use, so that a page fetches its icons once."""
    symbols = [f'<symbol id="grove" viewBox="0 0 24 24">{inner_of(LOGO)}</symbol>']
    symbols += [
        f'<symbol id="{name}" viewBox="0 0 16 16">{inner_of(package / "icons" / f"{name}.svg")}</symbol>'
        for name in ICONS
    ]
    note = (
        f"<!-- Bootstrap Icons {ICON_LIBRARY.version} (MIT), only those in use, and our mark; by hub/vendoring.py -->"
    )
    SPRITE.write_text("\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', note, *symbols, "</svg>", ""]))


def main() -> None:
    VENDOR.mkdir(parents=True, exist_ok=True)
    manifest = []
    with tempfile.TemporaryDirectory() as folder:
        for library in [*LIBRARIES, ICON_LIBRARY]:
            package = fetch(library, Path(folder))
            manifest += keep(library, package)
            logger.info("%s %s", library.name, library.version)
        draw_sprite(package)
    (VENDOR / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    main()
