"""Which files git-lfs would take, and which ones git would ignore, by a repository's own rules."""

import io

from dulwich.attrs import GitAttributes, compile_gitattributes_patterns, parse_git_attributes
from dulwich.ignore import IgnoreFilter, read_ignore_patterns

_LFS_PATTERNS = """
    *.7z *.arrow *.bin *.bz2 *.ckpt *.ftz *.gguf *.gz *.h5 *.joblib *.keras *.lfs.* *.mlmodel *.model *.msgpack *.npy
    *.npz *.onnx *.ot *.parquet *.pb *.pickle *.pkl *.pt *.pt2 *.pth *.rar *.safetensors saved_model/**/* *.tar.*
    *.tar *.tflite *.tgz *.wasm *.xz *.zip *.zst *tfevents*
""".split()

DEFAULT = "".join(f"{pattern} filter=lfs diff=lfs merge=lfs -text\n" for pattern in _LFS_PATTERNS)


class LfsRules:
    """The `filter=lfs` rules of a .gitattributes file."""

    def __init__(self, text: bytes):
        # The last line that matches wins. Lines git itself would not understand are passed over, as git does.
        patterns = compile_gitattributes_patterns(parse_git_attributes(io.BytesIO(text)))
        self._attributes = GitAttributes(list(patterns))

    def takes(self, path: str) -> bool:
        return self._attributes.match_path(path.encode()).get(b"filter") == b"lfs"


class IgnoreRules:
    """The rules of a .gitignore file."""

    def __init__(self, text: bytes):
        self._filter = IgnoreFilter(read_ignore_patterns(io.BytesIO(text)))

    def ignores(self, path: str) -> bool:
        return bool(self._filter.is_ignored(path))
