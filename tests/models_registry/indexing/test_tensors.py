from pathlib import Path
from typing import Any

import pytest

from models_registry.models import TensorSummary
from models_registry.services.indexing import index_commit, reindex, tensors
from tests import make
from tests.kept import is_known
from tests.models_registry.formats.gguf_bytes import LLAMA, gguf
from tests.models_registry.indexing.weights import indexed, safetensors, shard_index

ONNX = (Path(__file__).parents[2] / "fixtures" / "reference_models" / "digits_logreg.onnx").read_bytes()


@pytest.mark.parametrize(
    ("files", "count"),
    [
        ({"model.safetensors": safetensors(a=[3])}, 3),
        ({"a.safetensors": safetensors(a=[3]), "b.safetensors": safetensors(b=[4])}, 7),
        ({"model.safetensors": safetensors(a=[3]), "model.fp16.safetensors": safetensors("F16", a=[3])}, 3),
        ({"model.safetensors": safetensors(a=[3]), "copy.safetensors": safetensors(a=[3])}, 3),
        (
            {
                "model-00001-of-00002.safetensors": safetensors(a=[3]),
                "model-00002-of-00002.safetensors": safetensors(b=[4]),
                "consolidated.safetensors": safetensors(a=[3], b=[4]),
                "model.safetensors.index.json": shard_index(
                    a="model-00001-of-00002.safetensors", b="model-00002-of-00002.safetensors"
                ),
            },
            7,
        ),
        (
            {
                "model.safetensors": safetensors(a=[3]),
                "checkpoint-1/model.safetensors": safetensors(a=[3]),
                "onnx/model.onnx": ONNX,
            },
            3,
        ),
        (
            {
                "model_index.json": "{}",
                "unet/diffusion_pytorch_model.safetensors": safetensors(a=[3]),
                "unet/diffusion_pytorch_model.fp16.safetensors": safetensors("F16", a=[3]),
                "vae/diffusion_pytorch_model.safetensors": safetensors(a=[5]),
            },
            8,
        ),
        ({"a/m.safetensors": safetensors(a=[3]), "b/m.safetensors": safetensors(a=[5])}, 5),
        ({"m-q4.gguf": LLAMA, "m-q8.gguf": LLAMA}, 352),
        ({"m-00001-of-00002.gguf": LLAMA, "m-00002-of-00002.gguf": LLAMA, "mmproj.gguf": gguf({}, {"a": ([2000], 0)})}, 704),
        ({"model.onnx": ONNX, "model_quantized.onnx": ONNX}, 650),
        ({"model.safetensors": b"x" * 30, "m.gguf": LLAMA}, 352),
        ({"model.safetensors": b"x" * 30}, None),
    ],
    ids=str,
)  # fmt: skip
def test_each_parameter_is_counted_once(files: dict[str, bytes | str], count: int | None) -> None:
    assert indexed(files).parameter_count == count


def test_what_hub_clients_read_of_safetensors_and_gguf() -> None:
    repository = indexed({"model.safetensors": safetensors(a=[3]), "m.gguf": LLAMA})
    assert repository.facts.safetensors == {"parameters": {"F32": 3}, "total": 3}
    assert repository.facts.gguf == {
        "total": 352,
        "totalFileSize": len(LLAMA),
        "architecture": "llama",
        "context_length": 4096,
        "quantization": "Q4_K_M",
        "chat_template": "{{ messages }}",
        "bos_token": "<s>",
        "eos_token": "</s>",
    }


@pytest.mark.parametrize("index", ["[]", "{", '{"weight_map": 7}', '{"weight_map": {"a": "../../x", "b": 7}}'])
def test_an_index_that_names_nothing_leaves_the_files_themselves(index: str) -> None:
    files = {"a.safetensors": safetensors(a=[3]), "model.safetensors.index.json": index}
    assert indexed(files).parameter_count == 3


@pytest.mark.parametrize("name", ["m.safetensors", "m.gguf", "m.onnx"])
@pytest.mark.parametrize(
    "content", [b"", b"\xff" * 200, b"GGUF" + b"\xff" * 200, bytes(200)], ids=["none", "ff", "gguf", "0"]
)
def test_a_damaged_header_is_a_problem_not_a_failure(name: str, content: bytes) -> None:
    repository = indexed({name: content, "README.md": "---\nlicense: mit\n---\n"})
    assert repository.licence == "mit"
    assert repository.parameter_count is None
    assert is_known(repository.tensor_summaries.get().problem)


def test_headers_that_did_not_change_are_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    repository = indexed({"model.safetensors": safetensors(a=[3]), "b.safetensors": safetensors(b=[4])})
    read: list[Any] = []
    monkeypatch.setattr(tensors, "reader_of", lambda _repository, entry: read.append(entry.path) or reader(entry))
    reader = lambda _entry: lambda start, end: safetensors(b=[9])[start:end]  # noqa: E731
    index_commit(repository.pk, make.commit(repository, {"b.safetensors": safetensors(b=[9])}).oid)
    assert read == ["b.safetensors"]
    assert TensorSummary.objects.get(path="model.safetensors").tensors == [["a", "F32", [3]]]
    reindex(repository)
    assert len(read) == 3


def test_files_beyond_the_limit_are_said_not_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, "MOST_WEIGHT_FILES", 2)
    repository = indexed({f"{n}.safetensors": safetensors(a=[1]) for n in range(3)})
    assert repository.facts.problems == ["Only the first 2 of 3 weight files are read."]
    assert is_known(repository.facts.problems[0])
