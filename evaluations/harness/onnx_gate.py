"""What an ONNX file must be before a session is made of it: known operators only, and no bytes from elsewhere.

The protocol buffer is read without its external data. Refused: operators and imports outside ALLOWED_DOMAINS, those
that carry a program for some accelerator or call out, functions, and external data that is not a regular file inside
the model's folder.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import onnx
from google.protobuf.message import DecodeError

from evaluations.harness.messages import ModelRefusedError

ALLOWED_DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
REFUSED_OPERATORS = frozenset({"EPContext", "PythonOp", "ATen"})
MAX_DEPTH = 32


def check(path: Path) -> onnx.ModelProto:
    """The model, without external data. Raises ModelRefusedError."""
    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError as error:
        raise ModelRefusedError("corrupt", f"{path.name} is no ONNX file that can be read.") from error
    if not model.HasField("graph") or not model.graph.node:
        raise ModelRefusedError("corrupt", f"{path.name} holds no graph.")
    for imported in model.opset_import:
        _check_domain(imported.domain, "It imports operators")
    if model.functions:
        raise ModelRefusedError("unsupported", "It defines functions of its own; export it with them inlined.")
    for graph in _graphs(model.graph, depth=0):
        for node in graph.node:
            _check_domain(node.domain, f"Operator {node.op_type} is")
            if node.op_type in REFUSED_OPERATORS:
                raise ModelRefusedError("unsupported", f"Operator {node.op_type} is not run here.")
        for tensor in _tensors(graph):
            _check_place(tensor, path.parent)
    return model


def _check_domain(domain: str, what: str) -> None:
    if domain not in ALLOWED_DOMAINS:
        raise ModelRefusedError(
            "unsupported", f"{what} of the domain {domain!r}; only ai.onnx, ai.onnx.ml and com.microsoft are run."
        )


def _graphs(graph: onnx.GraphProto, depth: int) -> Iterator[onnx.GraphProto]:
    """The graph and all that lie within its nodes (If, Loop, Scan)."""
    if depth > MAX_DEPTH:
        raise ModelRefusedError("unsupported", f"Its graphs lie more than {MAX_DEPTH} deep in one another.")
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g, *attribute.graphs] if attribute.HasField("g") else attribute.graphs:
                yield from _graphs(inner, depth + 1)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)


def _check_place(tensor: onnx.TensorProto, folder: Path) -> None:
    if not tensor.external_data and tensor.data_location != onnx.TensorProto.EXTERNAL:
        return
    location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    parts = PurePosixPath(location).parts
    inside = bool(parts) and not location.startswith("/") and ".." not in parts and "\\" not in location
    if not inside or not _is_regular_file_under(folder, parts):
        raise ModelRefusedError(
            "unsupported", f"Tensor {tensor.name!r} takes its data from {location!r}, no file beside the model."
        )


def _is_regular_file_under(folder: Path, parts: tuple[str, ...]) -> bool:
    """Whether the file is there and no step of the way is a link."""
    place = folder
    for part in parts:
        place = place / part
        if place.is_symlink():
            return False
    return place.is_file()
