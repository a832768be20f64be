"""Which functions a file's pickles would import, found by reading their opcodes; nothing is ever unpickled.

picklescan knows the opcodes and which imports are dangerous. What it is given is bounded here: it reads whole values into
memory and whole archives, and files come from anyone. Zip archives (torch.save, npz, keras) are walked here for that
reason, with picklescan reading one member at a time.
"""

import logging
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO, Any, NoReturn

from picklescan.relaxed_zipfile import RelaxedZipFile
from picklescan.scanner import SafetyLevel, ScanResult, scan_numpy, scan_pickle_bytes, scan_pytorch
from picklescan.torch import InvalidMagicError

from models_registry.formats.read_through import ReadThrough

logging.getLogger("picklescan").setLevel(logging.CRITICAL)  # verdicts are rows, not lines

MOST_BYTES = 256 * 1024 * 1024  # read of one file, after unpacking
LARGEST_READ = 64 * 1024 * 1024  # one value
LARGEST_DIRECTORY = 8 * 1024 * 1024  # of an archive
MOST_READS = 2_000_000  # of one stream of opcodes, which picklescan keeps as a list: one read or two for each
MOST_MEMBERS = 20_000
MOST_IMPORTS = 1_000
LONGEST_NAME = 300

SAFE, SUSPICIOUS, DANGEROUS = "innocuous", "suspicious", "dangerous"

# Files that no reader in use takes for a pickle; all others are looked at.
_NEVER_PICKLES = (
    ".safetensors", ".gguf", ".onnx", ".json", ".jsonl", ".md", ".txt", ".csv", ".tsv", ".yaml", ".yml", ".toml", ".py",
    ".ipynb", ".parquet", ".arrow", ".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".wav", ".flac", ".mp3", ".mp4",
    ".html", ".css", ".js", ".ini", ".cfg", ".jinja", ".model", ".gitattributes", ".gitignore", ".bib", ".rst", ".xml",
    ".h5", ".hdf5", ".keras", ".tflite", ".pb", ".msgpack", ".tar", ".gz", ".bz2", ".xz", ".zst", ".pdf", ".ttf", ".sh",
)  # fmt: skip
_PICKLES = (
    ".pkl",
    ".pickle",
    ".joblib",
    ".dat",
    ".data",
    ".bin",
    ".pt",
    ".pth",
    ".ckpt",
    ".npy",
    ".p",
    ".dill",
    ".dump",
)
_TORCH = (".bin", ".pt", ".pth", ".ckpt")
_PICKLE_STARTS = tuple(bytes([0x80, protocol]) for protocol in range(6))
_ZIP_STARTS = (b"PK\3\4", b"PK\5\6")
_NUMPY_START = b"\x93NUMPY"
_SEVEN_ZIP_START = b"7z\xbc\xaf\x27\x1c"


class ScanError(ValueError):
    """The file could not be read to its end; the text says why, for people to read."""


@dataclass(frozen=True)
class Verdict:
    """`imports`: (module, name, safety), sorted. `problem`: why parts of the file could not be read, or ""."""

    imports: tuple[tuple[str, str, str], ...]
    problem: str = ""

    @property
    def worst(self) -> str:
        found = {safety for _module, _name, safety in self.imports}
        return DANGEROUS if DANGEROUS in found else SUSPICIOUS if SUSPICIOUS in found else SAFE


def may_hold_pickles(name: str) -> bool:
    lower = name.lower()
    return not lower.endswith(_NEVER_PICKLES) and lower not in {"license", "dockerfile", "makefile"}


def is_named_as_pickle(name: str) -> bool:
    """Whether readers take such a file for a pickle whatever its first bytes: those of the oldest protocol tell nothing."""
    return name.lower().endswith(_PICKLES)


class _Budget:
    """`problem`: why reading was refused. picklescan takes every error for the end of a pickle, so it is kept here too."""

    def __init__(self, size: int):
        self.left = size
        self.problem = ""

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            self.refuse(f"It holds more than {MOST_BYTES // 2**20} MiB to scan.")

    def refuse(self, problem: str) -> NoReturn:
        self.problem = problem
        raise ScanError(problem)


class _Bounded(ReadThrough):
    """Reads no value over `largest` bytes, and no more in all than is left of the budget and of the number of reads."""

    def __init__(self, file: IO[bytes], budget: _Budget, *, reads: int = MOST_READS, largest: int = LARGEST_READ):
        super().__init__(file)
        self.largest = largest
        self._budget, self._reads_left = budget, reads

    def read(self, size: int = -1, /) -> bytes:
        if size > self.largest:
            self._budget.refuse(f"It holds a value of more than {self.largest // 2**20} MiB.")
        found = self._counted(self._file.read(size if size >= 0 else self.largest + 1))
        if len(found) > self.largest:
            self._budget.refuse(f"It ends in a value of more than {self.largest // 2**20} MiB.")
        return found

    def readline(self, size: int | None = -1, /) -> bytes:
        return self._counted(self._file.readline(self.largest))

    def _counted(self, found: bytes) -> bytes:
        self._budget.spend(len(found))
        self._reads_left -= 1
        if self._reads_left < 0:
            self._budget.refuse("It holds a pickle of more values than the hub reads.")
        return found


def scan(file: IO[bytes], name: str) -> Verdict:
    """file: can be sought in. name: its ending tells what to expect where the first bytes do not."""
    results: list[ScanResult] = []
    budget = _Budget(MOST_BYTES)
    problem = ""
    try:
        _scan(file, PurePosixPath(name).suffix.lower(), budget, results)
    except ScanError as error:
        problem = str(error)
    except (
        zipfile.BadZipFile,
        zlib.error,
        ValueError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OverflowError,
    ) as error:
        problem = f"It cannot be read to its end: {type(error).__name__}."
    problem = problem or budget.problem
    if not problem and any(result.scan_err for result in results):
        problem = "A pickle in it breaks off."
    return Verdict(_imports(results), problem)


def _imports(results: Iterable[ScanResult]) -> tuple[tuple[str, str, str], ...]:
    levels = {SafetyLevel.Innocuous: SAFE, SafetyLevel.Suspicious: SUSPICIOUS, SafetyLevel.Dangerous: DANGEROUS}
    order = (DANGEROUS, SUSPICIOUS, SAFE)
    found = {
        (_plain(entry.module), _plain(entry.name), levels[entry.safety])
        for result in results
        for entry in result.globals
    }
    return tuple(sorted(found, key=lambda entry: (order.index(entry[2]), *entry))[:MOST_IMPORTS])


def _plain(name: Any) -> str:
    return str(name).encode("utf-8", "replace").decode().replace("\0", "\ufffd")[:LONGEST_NAME]


def _scan(file: IO[bytes], ending: str, budget: _Budget, results: list[ScanResult]) -> None:
    start = file.read(8)
    file.seek(0)
    bounded: Any = _Bounded(file, budget)
    if start.startswith(_ZIP_STARTS):
        _scan_zip(file, budget, results)
    elif start.startswith(_NUMPY_START):
        results.append(scan_numpy(bounded, ""))
    elif start.startswith(_SEVEN_ZIP_START):
        raise ScanError("The hub does not look into 7z archives.")
    elif ending in _TORCH or start.startswith(_PICKLE_STARTS):
        _scan_pytorch(file, bounded, results)
    elif ending in _PICKLES:
        results.append(scan_pickle_bytes(bounded, ""))


def _scan_pytorch(file: IO[bytes], bounded: Any, results: list[ScanResult]) -> None:
    """Old checkpoints: a few pickles, then the weights, which are no pickle."""
    try:
        results.append(scan_pytorch(bounded, ""))
    except InvalidMagicError:
        file.seek(0)
        results.append(scan_pickle_bytes(bounded, ""))


def _scan_zip(file: IO[bytes], budget: _Budget, results: list[ScanResult]) -> None:
    before_unpacking = _Budget(MOST_BYTES)
    packed: Any = _Bounded(file, before_unpacking, reads=10 * MOST_READS, largest=LARGEST_DIRECTORY)
    with RelaxedZipFile(packed, "r") as archive:
        packed.largest = LARGEST_READ
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise ScanError(f"The archive holds {len(members)} files; at most {MOST_MEMBERS} are looked at.")
        unread = 0
        for member in members:
            try:
                if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    unread += 1  # what these unpack to cannot be bounded
                else:
                    _scan_member(archive, member, budget, results)
                    if problem := budget.problem or before_unpacking.problem:
                        raise ScanError(problem)
            except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError):
                unread += 1  # encrypted, or damaged
        if unread:
            raise ScanError(f"{unread} files in the archive cannot be read.")


def _scan_member(archive: RelaxedZipFile, member: zipfile.ZipInfo, budget: _Budget, results: list[ScanResult]) -> None:
    with archive.open(member) as opened:
        start = opened.read(8)
    budget.spend(len(start))
    ending = PurePosixPath(member.filename).suffix.lower()
    if ending not in _PICKLES and not start.startswith((*_PICKLE_STARTS, _NUMPY_START)):
        return
    with archive.open(member) as opened:
        bounded: Any = _Bounded(opened, budget)
        if start.startswith(_NUMPY_START):
            results.append(scan_numpy(bounded, ""))
        else:
            results.append(scan_pickle_bytes(bounded, ""))
