import pytest

from evaluations.formats import Choice, NotEvaluableError, choose, understood

ALL = ["safetensors", "onnx", "keras"]


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
