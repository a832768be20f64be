"""Files of every kind that pages show, as small as they can be, and hostile ones of each."""

import base64
import gzip
import io
import json
import struct
import tarfile
import wave
import zipfile
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.models_registry.formats.gguf_bytes import gguf

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#17734a"/></svg>'
)
EVIL_SVG = SVG.replace("<rect", "<script>alert(1)</script><rect onload='alert(2)'")


def notebook(*cells: dict[str, Any], **fields: Any) -> str:
    metadata = {"kernelspec": {"display_name": "Python 3 (ipykernel)"}, "language_info": {"name": "python"}}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells), **fields})


def code(source: str, *outputs: dict[str, Any], count: int = 1) -> dict[str, Any]:
    return {"cell_type": "code", "execution_count": count, "source": source, "outputs": list(outputs), "metadata": {}}


def words(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source.splitlines(keepends=True), "metadata": {}}


def data(**by_type: Any) -> dict[str, Any]:
    """`data(text__html="<b>")`"""
    return {"output_type": "display_data", "data": {key.replace("__", "/"): value for key, value in by_type.items()}}


def png(content: bytes) -> dict[str, Any]:
    return data(image__png=base64.b64encode(content).decode(), text__plain="<Figure>")


def safetensors(tensors: dict[str, list[int]], **metadata: str) -> bytes:
    header: dict[str, Any] = {"__metadata__": metadata} if metadata else {}
    offset = 0
    for name, shape in tensors.items():
        size = 2
        for length in shape:
            size *= length
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(offset)


def layers(count: int) -> dict[str, list[int]]:
    named = {"model.embed_tokens.weight": [100, 8]}
    for layer in range(count):
        named |= {
            f"model.layers.{layer}.self_attn.q_proj.weight": [8, 8],
            f"model.layers.{layer}.mlp.up.weight": [32, 8],
        }
    return named


def small_gguf() -> bytes:
    metadata = {
        "general.architecture": "llama", "llama.context_length": ("u32", 4096),
        "tokenizer.chat_template": "{% for m in messages %}<script>" + "x" * 400, "tokenizer.ggml.tokens": ["a", "b"],
    }  # fmt: skip
    return gguf(metadata, {"blk.0.attn_q.weight": ([256, 2], 12), "output.weight": ([32, 4], 8)})


def small_onnx() -> bytes:
    from onnx import TensorProto, helper

    weights = helper.make_tensor("fc.weight", TensorProto.FLOAT, [2, 3], [0.0] * 6)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["pixels", "fc.weight"], ["logits"])], "g",
        [helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 2])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 3])],
        [weights],
    )  # fmt: skip
    made: bytes = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString()
    return made


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"word": ["lichen", "<b>moss</b>"], "count": [3, 5]}), out)
    return out.getvalue()


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def tarred(*names: str, packed: bool = False) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 2000
            archive.addfile(member, io.BytesIO(bytes(2000)))
    return gzip.compress(out.getvalue()) if packed else out.getvalue()


def sound() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(b"".join(struct.pack("<h", (n * 700) % 9000) for n in range(4000)))
    return out.getvalue()


def pdf(text: str = "Lichen") -> bytes:
    """One page that says so, with its table of offsets."""
    drawn = f"BT /F 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn), b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]  # fmt: skip
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(out))
        out += b"%d 0 obj%s\nendobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(places) + 1, b"".join(places))
    return out + table + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(places) + 1, len(out))
