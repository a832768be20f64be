import json

import pytest

from evaluations.formats import Choice, NotEvaluableError, choose, understood, with_shards

ALL = ["safetensors", "onnx", "keras"]
INDEX = "model.safetensors.index.json"
SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["README.md", "model.safetensors", "model.onnx"], Choice("safetensors", "model.safetensors", "torch")),
        (["digits_cnn.safetensors", "config.json"], Choice("safetensors", "digits_cnn.safetensors", "torch")),
        (["a.safetensors", "model.safetensors"], Choice("safetensors", "model.safetensors", "torch")),
        (["sub/model.safetensors", "net.safetensors"], Choice("safetensors", "net.safetensors", "torch")),
        (["pytorch_model.bin", "model.safetensors"], Choice("safetensors", "model.safetensors", "torch")),
        (["net.keras", "model.onnx"], Choice("onnx", "model.onnx", "onnx")),
        (["net.keras", "config.json", "model.h5", "deep/a.keras"], Choice("keras", "net.keras", "keras")),
        ([INDEX, *SHARDS, "config.json"], Choice("safetensors", INDEX, "torch")),
        (["model.safetensors", INDEX, *SHARDS], Choice("safetensors", "model.safetensors", "torch")),
        (["onnx/model.onnx", "README.md"], Choice("onnx", "onnx/model.onnx", "onnx")),
        (
            ["model.onnx", "model.onnx.data", "model.onnx_data_1", "model.onnx2"],
            Choice("onnx", "model.onnx", "onnx", ("model.onnx.data", "model.onnx_data_1")),
        ),
    ],
)
def test_one_file_is_chosen_by_name(paths: list[str], expected: Choice):
    assert choose(paths, ALL) == expected


@pytest.mark.parametrize(
    "path",
    ["pytorch_model.bin", "w.pt", "w.PTH", "last.ckpt", "m.pkl", "m.joblib", "exported.pt2", "deep/er/model.pickle"],
)
def test_a_repository_with_nothing_but_pickles_is_refused_with_a_way_out(path: str):
    with pytest.raises(NotEvaluableError, match=r"can carry a program, so it is never opened.*safetensors") as caught:
        choose([path, "README.md", "config.json"], ALL)
    assert path in str(caught.value)


@pytest.mark.parametrize(
    ("paths", "accepted", "words"),
    [
        ([], ALL, "holds no safetensors"),
        (["README.md"], ALL, "holds no safetensors"),
        (["a.safetensors", "b.safetensors"], ALL, "name the one to evaluate model.safetensors"),
        (["a.onnx", "b.onnx"], ALL, "name the one to evaluate model.onnx"),
        (["a.keras", "b.keras"], ALL, "name the one to evaluate model.keras"),
        (["model.onnx"], ["safetensors"], "does not take onnx"),
        (["model.keras"], ["safetensors", "onnx"], "does not take keras files; it takes safetensors, onnx"),
        (SHARDS, ALL, "the index that names them, model.safetensors.index.json, is missing"),
    ],
)
def test_what_cannot_be_chosen_says_why(paths: list[str], accepted: list[str], words: str):
    with pytest.raises(NotEvaluableError, match=words):
        choose(paths, accepted)


CHOICE = Choice("safetensors", "model.safetensors", "torch")


def test_the_card_names_the_architecture_before_config_json_does():
    config = b'{"architecture": "lenet", "activation": "tanh", "layers": 3}'
    assert understood(CHOICE, [], {"architecture": "mlp"}, config) == (CHOICE, "mlp", {"activation": "tanh"})
    assert understood(CHOICE, [], {}, b'{"architecture": "lenet"}') == (CHOICE, "lenet", {})
    assert understood(CHOICE, [], {}, None) == (CHOICE, None, {})


def test_a_model_of_transformers_comes_with_the_files_that_describe_it():
    paths = ["config.json", "tokenizer.json", "tokenizer_config.json", "modeling_evil.py", "deep/config.json"]
    choice, name, options = understood(CHOICE, paths, {}, b'{"model_type": "bert", "pool": "max"}')
    assert choice == Choice("safetensors", "model.safetensors", "transformers", ("config.json", "tokenizer.json"))
    assert (name, options) == (None, {})
    named, name, _ = understood(CHOICE, paths, {"architecture": "mlp"}, b'{"model_type": "bert"}')
    assert (named, name) == (CHOICE, "mlp")


@pytest.mark.parametrize(
    ("card", "config", "words"),
    [
        ({}, b"not json", "not valid JSON"),
        ({}, b"[1]", "not a JSON object"),
        ({}, b"[" * 100_000, "not valid JSON"),
        ({"architecture": ["mlp"]}, None, "not a name"),
    ],
)
def test_what_a_repository_says_of_its_architecture_is_not_believed_blindly(
    card: dict[str, object], config: bytes | None, words: str
):
    with pytest.raises(NotEvaluableError, match=words):
        understood(CHOICE, [], card, config)


def test_an_index_brings_the_files_that_it_names_and_those_that_describe_the_model():
    index = json.dumps({"metadata": {}, "weight_map": {"a": SHARDS[0], "b": SHARDS[1], "c": SHARDS[0]}}).encode()
    paths = [f"deep/{name}" for name in (INDEX, *SHARDS, "config.json", "other.safetensors")]
    choice = with_shards(Choice("safetensors", f"deep/{INDEX}", "torch"), paths, index)
    assert choice.companions == tuple(f"deep/{name}" for name in SHARDS)
    choice, _, _ = understood(choice, paths, {}, b'{"model_type": "gpt2"}')
    assert choice.paths == tuple(f"deep/{name}" for name in (INDEX, *SHARDS, "config.json"))


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"a": "../other/model.safetensors"}, "no safetensors file beside it"),
        ({"a": "/etc/passwd.safetensors"}, "no safetensors file beside it"),
        ({"a": ".."}, "no safetensors file beside it"),
        ({"a": "sub/m.safetensors"}, "no safetensors file beside it"),
        ({"a": "pytorch_model.bin"}, "no safetensors file beside it"),
        ({"a": "gone.safetensors"}, "which is not there"),
        ({str(number): f"{number}.safetensors" for number in range(501)}, "at most 500"),
        ({"a": 7}, "no weight_map"),
        ({}, "no weight_map"),
        ([], "no weight_map"),
    ],
)
def test_an_index_names_nothing_but_safetensors_files_beside_it(weights: object, words: str):
    paths = [INDEX, "pytorch_model.bin", "sub/m.safetensors"]
    with pytest.raises(NotEvaluableError, match=words):
        with_shards(Choice("safetensors", INDEX, "torch"), paths, json.dumps({"weight_map": weights}).encode())


@pytest.mark.parametrize("index", [b"", b"\xff", b"[" * 100_000, b"[]", b"{}"])
def test_an_index_that_is_none_is_refused(index: bytes):
    with pytest.raises(NotEvaluableError, match="The index of the weights"):
        with_shards(Choice("safetensors", INDEX, "torch"), [INDEX], index)
