"""Models of transformers: as its own classes compute them, and deaf to what a config.json could make them do."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn import functional
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    GPT2Config,
    GPT2LMHeadModel,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    ResNetConfig,
    ResNetForImageClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
    ViTConfig,
    ViTForImageClassification,
)

from evaluations import performance, sandbox, suite_files
from evaluations.harness import performance as measuring
from evaluations.harness.continuations import Documents, windows
from evaluations.harness.messages import ModelRefusedError
from tests.evaluations.running import array, failure, need_bwrap, predict, scored

FOLDER = suite_files.FOLDER
MOVIES, TOPICS, DIGITS = (
    suite_files.read(FOLDER / f"{name}.yaml")
    for name in ("movie-text-classification", "python-topics-bits-per-byte", "digits-32x32-rgb-image-classification")
)
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
VOCABULARY = 400
Files = dict[str, bytes]


def texts(suite: suite_files.SuiteFile) -> list[str]:
    content = suite.data_content(suite.definition["data"][0]["inputs"]).decode()
    return [json.loads(line) for line in content.rstrip("\n").split("\n")]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """Bytes and their most frequent pairs, learnt from the suites' own texts."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=["<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    made.train_from_iterator([*texts(MOVIES), *texts(TOPICS)], trainer)
    return made


def repository(network: Any, folder: Path, tokenizer: Tokenizer | None = None, **config: Any) -> Files:
    """The files that `save_pretrained` makes, with changes to the configuration."""
    network.save_pretrained(folder)
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "generation_config.json"}
    files["config.json"] = json.dumps(json.loads(files["config.json"]) | config).encode()
    return files | ({"tokenizer.json": tokenizer.to_str().encode()} if tokenizer else {})


CLASSIFIERS: dict[str, Callable[[], Any]] = {
    "bert": lambda: BertForSequenceClassification(
        BertConfig(vocab_size=VOCABULARY, max_position_embeddings=64, **SMALL)
    ),
    "roberta": lambda: RobertaForSequenceClassification(
        RobertaConfig(vocab_size=VOCABULARY, max_position_embeddings=66, pad_token_id=1, **SMALL)
    ),
    "distilbert": lambda: DistilBertForSequenceClassification(
        DistilBertConfig(
            vocab_size=VOCABULARY, dim=16, n_layers=2, n_heads=2, hidden_dim=32, max_position_embeddings=64
        )
    ),
}


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_sentences_are_classified_as_transformers_does(name: str, tokenizer: Tokenizer, tmp_path: Path):
    torch.manual_seed(0)
    network = CLASSIFIERS[name]().eval()
    predictions, report = predict(tmp_path, repository(network, tmp_path / "saved", tokenizer), suite=MOVIES)
    with torch.inference_mode():
        expected = [
            network(torch.tensor([tokenizer.encode(text).ids[:64]])).logits[0].tolist() for text in texts(MOVIES)
        ]
    np.testing.assert_allclose(predictions, expected, atol=1e-5)
    assert report.model["architecture"] == name
    assert 0.3 < scored(predictions, MOVIES).measurements[0].value < 0.7


def test_classes_are_put_into_the_suites_order_by_their_names(tokenizer: Tokenizer, tmp_path: Path):
    torch.manual_seed(0)
    network = CLASSIFIERS["bert"]().eval()
    plain, _ = predict(tmp_path, repository(network, tmp_path / "saved", tokenizer), suite=MOVIES)
    named = repository(network, tmp_path / "saved", tokenizer, id2label={"0": "POSITIVE", "1": "NEGATIVE"})
    turned, _ = predict(tmp_path, named, suite=MOVIES)
    np.testing.assert_array_equal(turned, plain[:, ::-1])


LANGUAGE: dict[str, Callable[[], Any]] = {
    "gpt2": lambda: GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY, n_positions=64, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=1
        )
    ),
    "llama": lambda: LlamaForCausalLM(
        LlamaConfig(vocab_size=VOCABULARY, max_position_embeddings=64, num_key_value_heads=1, bos_token_id=0, **SMALL)
    ),
    "gpt_neox": lambda: GPTNeoXForCausalLM(
        GPTNeoXConfig(vocab_size=VOCABULARY, max_position_embeddings=64, bos_token_id=0, **SMALL)
    ),
}


def test_a_model_in_several_files_is_the_model_that_it_is_in_one(tokenizer: Tokenizer, tmp_path: Path):
    torch.manual_seed(0)
    network = LANGUAGE["gpt2"]().eval()
    whole, _ = predict(tmp_path, repository(network, tmp_path / "whole", tokenizer), suite=TOPICS)
    network.save_pretrained(tmp_path / "divided", max_shard_size="20KB")
    files = {path.name: path.read_bytes() for path in (tmp_path / "divided").iterdir()}
    assert len([name for name in files if name.endswith(".safetensors")]) > 1
    divided, report = predict(tmp_path, files | {"tokenizer.json": tokenizer.to_str().encode()}, suite=TOPICS)
    np.testing.assert_array_equal(divided, whole)
    assert report.model["architecture"] == "gpt2"


@pytest.mark.parametrize("name", LANGUAGE)
def test_a_language_model_writes_as_transformers_does_and_is_measured_by_it(name: str, tokenizer: Tokenizer):
    torch.manual_seed(0)
    network = LANGUAGE[name]().eval()
    model = Documents(network, tokenizer, most=64, first=0, device=torch.device("cpu"))
    state = model.prefill(model.prompt(2, 8, 5))
    expected = network.generate(
        torch.zeros(2, 8, dtype=torch.long), max_new_tokens=5, do_sample=False, pad_token_id=1, eos_token_id=-1
    )
    assert state[1].tolist() == expected[:, 8:9].tolist()
    assert model.decode(state, 4).tolist() == expected[:, -1:].tolist()
    plan = {
        "scenarios": ["generation", "offline"],
        "generation": {"prompt_tokens": 40, "new_tokens": 4},
        "batch_sizes": [1, 4],
        "warmup_s": 0,
        "min_s": 0.01,
        "max_s": 60,
    }
    found = measuring.measure(plan, model, [], memory_limit=10**12, alive=lambda: None)
    written, offline = performance.speeds(plan, found)
    assert written.values["prefill_tokens_per_second"] > written.values["decode_tokens_per_second"] > 0
    assert offline.values["tokens_per_second"] > 0
    with pytest.raises(ModelRefusedError, match="has 64 positions; its speed is measured over 68"):
        model.prompt(1, 64, 4)


@pytest.mark.parametrize("name", LANGUAGE)
def test_documents_are_foretold_as_transformers_does(name: str, tokenizer: Tokenizer, tmp_path: Path):
    torch.manual_seed(0)
    network = LANGUAGE[name]().eval()
    predictions, _ = predict(tmp_path, repository(network, tmp_path / "saved", tokenizer), suite=TOPICS)
    for text, (found,) in list(zip(texts(TOPICS), predictions, strict=True))[:4]:
        tokens, total = tokenizer.encode(text, add_special_tokens=False).ids, 0.0
        for start in range(0, len(tokens), 64):  # each window reads as much before it as fits
            targets = tokens[start : start + 64]
            read = [0, *tokens[: start + len(targets) - 1]][-64:]
            with torch.inference_mode():
                logits = network(torch.tensor([read])).logits[0, -len(targets) :]
            total += float(functional.cross_entropy(logits, torch.tensor(targets), reduction="sum"))
        assert found == pytest.approx(total, rel=1e-5)
    (measured,) = scored(predictions, TOPICS).measurements
    size = sum(len(text.encode()) for text in texts(TOPICS))
    assert measured.value == pytest.approx(float(predictions.astype(float).sum()) / math.log(2) / size)
    assert measured.low < measured.value < measured.high < 8


def test_every_token_is_foretold_once_and_none_from_more_than_fits():
    for count in range(20):
        tokens = list(range(100, 100 + count))
        parts = list(windows(tokens, 0, 5))
        assert [token for _, targets in parts for token in targets] == tokens
        assert all(len(targets) <= len(context) <= 5 for context, targets in parts)
        for context, targets in parts:
            joined = [0, *tokens]
            end = joined.index(targets[-1])
            assert joined[end - len(context) : end] == context


IMAGES: dict[str, Callable[[], Any]] = {
    "vit": lambda: ViTForImageClassification(ViTConfig(image_size=32, patch_size=8, num_labels=10, **SMALL)),
    "resnet": lambda: ResNetForImageClassification(
        ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", num_labels=10)
    ),
}


@pytest.mark.parametrize("name", IMAGES)
def test_images_are_classified_as_transformers_does(name: str, tmp_path: Path):
    torch.manual_seed(0)
    network = IMAGES[name]().eval()
    predictions, _ = predict(tmp_path, repository(network, tmp_path / "saved"), suite=DIGITS)
    with torch.inference_mode():
        expected = network(torch.from_numpy(array(DIGITS, "inputs"))).logits.numpy()
    np.testing.assert_allclose(predictions, expected, atol=1e-5)


def without(files: Files, name: str) -> Files:
    return {path: content for path, content in files.items() if path != name}


def weights(files: Files, change: Callable[[dict[str, torch.Tensor]], object]) -> Files:
    tensors = load(files["model.safetensors"])
    change(tensors)
    return files | {"model.safetensors": save(tensors)}


def config(files: Files, **changes: Any) -> Files:
    return files | {"config.json": json.dumps(json.loads(files["config.json"]) | changes).encode()}


def tokenizer_file(files: Files, **changes: Any) -> Files:
    return files | {"tokenizer.json": json.dumps(json.loads(files["tokenizer.json"]) | changes).encode()}


REFUSED: dict[str, tuple[Callable[[Files], Files], str]] = {
    "another type": (lambda f: config(f, model_type="mamba"), "'mamba' is not run here"),
    "no tokenizer": (lambda f: without(f, "tokenizer.json"), "tokenizer.json"),
    "a tokenizer with a class of its own": (
        lambda f: tokenizer_file(f, auto_map={"AutoTokenizer": ["evil.T", "evil.T"]}, trust_remote_code=True),
        "tokenizer.json cannot be read",
    ),
    "a tensor too few": (
        lambda f: weights(f, lambda w: w.pop("classifier.bias")),
        "lacks the tensor 'classifier.bias'",
    ),
    "a tensor too many": (lambda f: weights(f, lambda w: w.update(more=torch.zeros(2))), "has no tensor 'more'"),
    "three classes": (
        lambda f: weights(f, lambda w: w.update({"classifier.weight": torch.zeros(3, 16)})),
        "classifier.weight is [3, 16] in the file; by config.json and the suite it is [2, 16]",
    ),
    "a size that is none": (lambda f: config(f, hidden_size=-1), "hidden_size is no size"),
    "a million layers": (lambda f: config(f, num_hidden_layers=1_000_000), "num_hidden_layers is no size"),
    "heads that do not divide": (lambda f: config(f, num_attention_heads=3), ""),
    "an activation of its own": (lambda f: config(f, hidden_act="__import__('os')"), "hidden_act is"),
    "a token beyond the vocabulary": (lambda f: config(f, vocab_size=8), "word_embeddings.weight is [400, 16]"),
}


@pytest.mark.parametrize(("change", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_fit_is_refused_in_words(
    change: Callable[[Files], Files], words: str, tokenizer: Tokenizer, tmp_path: Path
):
    files = change(repository(CLASSIFIERS["bert"](), tmp_path / "saved", tokenizer))
    failed = failure(tmp_path, files, suite=MOVIES)
    assert words in str(failed)
    assert failed.code in {"unsupported", "corrupt", "shape_mismatch", "crashed"}


def test_a_configuration_chooses_sizes_and_nothing_else(tokenizer: Tokenizer, tmp_path: Path):
    """Each of these has made some loader fetch, import or run something."""
    need_bwrap()
    torch.manual_seed(0)
    network = CLASSIFIERS["bert"]().eval()
    files = repository(network, tmp_path / "saved", tokenizer)
    plain, _ = predict(tmp_path, files, suite=MOVIES, backend=sandbox.Backend.BWRAP)
    hostile = config(
        files,
        auto_map={"AutoModelForSequenceClassification": "evil.Model", "AutoConfig": "evil.Config"},
        attn_implementation="kernels-community/evil",
        _attn_implementation="kernels-community/evil",
        _attn_implementation_internal="evil",
        quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True},
        custom_pipelines={"evil": {"impl": "evil.Pipeline"}},
        dtype="evil",
        torch_dtype="evil",
        trust_remote_code=True,
        _name_or_path="/etc/passwd",
        tokenizer_class="EvilTokenizer",
    )
    mark = tmp_path / "planted"
    planted = f"open({str(mark)!r}, 'w').write('x')\nraise SystemExit('planted')\n".encode()
    hostile |= {"evil.py": planted, "modeling_evil.py": planted, "tokenizer_config.json": b'{"auto_map": {}}'}
    # Without walls: whatever ran would leave its mark.
    found, report = predict(tmp_path, hostile, suite=MOVIES, backend=sandbox.Backend.NONE)
    np.testing.assert_array_equal(found, plain)
    assert "planted" not in report.log
    assert not mark.exists()
