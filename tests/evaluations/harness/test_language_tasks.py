"""Words left out, sentences that follow, and embeddings: as transformers computes them, whatever the tokenizer makes of words."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForPreTraining,
    BertModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertModel,
    ElectraConfig,
    ElectraForMaskedLM,
    ElectraModel,
    GPT2Config,
    GPT2LMHeadModel,
    MPNetConfig,
    MPNetModel,
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaModel,
    XLMRobertaConfig,
    XLMRobertaForMaskedLM,
)

from evaluations import sandbox, suite_files
from evaluations.child import Report
from evaluations.harness import __main__ as harness
from evaluations.harness import continuations, embeddings, masked_words, transformers_model
from evaluations.harness.job import Job, Port
from evaluations.harness.messages import ModelRefusedError
from evaluations.harness.tokenizing import most_tokens
from tests.evaluations import running
from tests.evaluations.running import array, scored

MASKED, CLOZE, HALVES, TOPICS = (
    suite_files.read(suite_files.FOLDER / f"{name}.yaml")
    for name in (
        "python-topics-masked-tokens",
        "python-topics-cloze",
        "half-docstring-retrieval",
        "python-topics-bits-per-byte",
    )
)
CPU = torch.device("cpu")
VOCABULARY = 400
SMALL = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 32}
Files = dict[str, bytes]


def predict(folder: Path, files: Files, *, suite: suite_files.SuiteFile, **change: Any) -> tuple[np.ndarray, Report]:
    """In the sandbox if there is one. By one thread: models this small have no work for a second."""
    alone = {"run": suite.definition["run"] | {"threads": 1}}
    backend = sandbox.Backend.BWRAP if sandbox.bwrap_works() else sandbox.Backend.NONE
    return running.predict(folder, files, suite=suite, change=alone | change, backend=backend)


def rows(suite: suite_files.SuiteFile) -> list[Any]:
    content = suite.data_content(suite.definition["data"][0]["inputs"]).decode()
    return [json.loads(line) for line in content.rstrip("\n").split("\n")]


@pytest.fixture(scope="module")
def pieces() -> Tokenizer:
    """As BERT's: lower case, words and ##pieces, [CLS] and [SEP] around."""
    made = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    made.train_from_iterator(
        [row["before"] + row["after"] for row in rows(MASKED)],
        trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=special),
    )
    made.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return made


@pytest.fixture(scope="module")
def byte_pairs() -> Tokenizer:
    """As RoBERTa's: bytes and their pairs, the space before a word its own."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    made.train_from_iterator([row["before"] + row["after"] for row in rows(MASKED)], trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return made


def repository(network: Any, folder: Path, tokenizer: Tokenizer, **more: Any) -> Files:
    network.save_pretrained(folder)
    files = {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}
    extra = {name.replace("__", "/"): json.dumps(content).encode() for name, content in more.items()}
    return files | {"tokenizer.json": tokenizer.to_str().encode()} | extra


def opened(task: str, files: Files, folder: Path) -> transformers_model.Model:
    """A model of transformers from its files, in this process."""
    for name, content in files.items():
        place = folder / "opened" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return transformers_model.open_model(job_of(task, folder))


def job_of(task: str, folder: Path) -> Job:
    port = Port("x", "float32", (1,))
    return Job(
        engine="native", lm_eval={}, loader="transformers", task=task, labels=[], architecture=None, options={},
        model=folder / "opened" / "model.safetensors", inputs=folder, predictions=folder, input=port, output=port,
        device="cpu", dtype="float32", seed=0, batch_size=1, deterministic=True, threads=1, max_output_bytes=0,
        memory_bytes=10**9, perf=None,
    )  # fmt: skip


ENCODER = {"vocab_size": VOCABULARY, "max_position_embeddings": 130, **SMALL}
AFTER_PADDING = {**ENCODER, "max_position_embeddings": 132, "pad_token_id": 1}
DISTIL = {
    "vocab_size": VOCABULARY,
    "dim": 16,
    "n_layers": 2,
    "n_heads": 2,
    "hidden_dim": 32,
    "max_position_embeddings": 130,
}
MASKED_MODELS: dict[str, Callable[[], Any]] = {
    "bert": lambda: BertForMaskedLM(BertConfig(**ENCODER)),
    "distilbert": lambda: DistilBertForMaskedLM(DistilBertConfig(**DISTIL)),
    "electra": lambda: ElectraForMaskedLM(ElectraConfig(embedding_size=8, **ENCODER)),
    "roberta": lambda: RobertaForMaskedLM(RobertaConfig(**AFTER_PADDING)),
    "xlm-roberta": lambda: XLMRobertaForMaskedLM(XLMRobertaConfig(**AFTER_PADDING)),
}


def log_probability(network: Any, tokenizer: Tokenizer, before: str, word: str, after: str) -> float:
    """By the definition, one word at a time: its tokens masked, and the sum of their log-probabilities."""
    left = tokenizer.encode(before.rstrip(), add_special_tokens=False).ids
    space = before[len(before.rstrip()) :]
    inside = tokenizer.encode(space + word, add_special_tokens=False).ids
    right = tokenizer.encode(after, add_special_tokens=False).ids
    start, end = tokenizer.encode("").ids
    mask = next(token for name in masked_words.MASKS if (token := tokenizer.token_to_id(name)) is not None)
    with torch.inference_mode():
        logits = network(torch.tensor([[start, *left, *[mask] * len(inside), *right, end]])).logits[0]
    first = 1 + len(left)
    logs = logits[first : first + len(inside)].double().log_softmax(-1)
    return float(sum(line[token] for line, token in zip(logs, inside, strict=True)))


@pytest.mark.parametrize("name", MASKED_MODELS)
def test_a_word_is_as_likely_as_its_tokens_in_as_many_masks(name: str, request: pytest.FixtureRequest, tmp_path: Path):
    tokenizer = request.getfixturevalue("byte_pairs" if "roberta" in name else "pieces")
    torch.manual_seed(0)
    network = MASKED_MODELS[name]().eval()
    model = opened("fill-mask", repository(network, tmp_path / "saved", tokenizer), tmp_path)
    assert model.facts["architecture"] == name
    words = ["class", "then", "subscription", "evaluates"]  # of one token and of several
    assert len({len(tokenizer.encode(f" {word}", add_special_tokens=False).ids) for word in words}) > 1
    short = sorted(rows(MASKED), key=lambda row: len(row["before"] + row["after"]))[:3]
    most = most_tokens(model.configuration)
    assert most == 130
    predictor = masked_words.predictor(model.network, tokenizer, most, model.settings, words, CPU, at_once=2)
    expected = [
        [log_probability(network, tokenizer, row["before"], word, row["after"]) for word in words] for row in short
    ]
    np.testing.assert_allclose(predictor(short), expected, rtol=1e-5)


def test_of_a_passage_that_is_too_long_what_is_nearest_to_the_word_counts(pieces: Tokenizer, tmp_path: Path):
    torch.manual_seed(0)
    network = MASKED_MODELS["bert"]().eval()
    seen: list[list[int]] = []

    def watched(input_ids: torch.Tensor, **arguments: Any) -> Any:
        seen.extend(input_ids.tolist())
        return network(input_ids=input_ids, **arguments)

    longest = max(rows(MASKED), key=lambda row: len(row["before"]) * len(row["after"]))
    found = masked_words.predictor(watched, pieces, 20, {"model_type": "bert"}, ["class", "slice"], CPU, 8)([longest])
    assert np.isfinite(found).all()
    for ids in seen:
        assert len(ids) == 20
        assert (ids[0], ids[-1], ids.count(pieces.token_to_id("[MASK]")) > 0) == (2, 3, True)
        assert abs(ids.index(pieces.token_to_id("[MASK]")) - 10) <= 2


def test_masked_words_are_scored_in_the_sandbox(pieces: Tokenizer, tmp_path: Path):
    torch.manual_seed(0)
    network = BertForPreTraining(
        BertConfig(**ENCODER)
    ).eval()  # with parts that this work has no use for, as files often have
    words = MASKED.definition["io"]["output"]["labels"][:5]
    io = MASKED.definition["io"]
    fewer = {"io": {**io, "output": {**io["output"], "labels": words, "shape": ["N", len(words)]}}}
    predictions, report = predict(tmp_path, repository(network, tmp_path / "saved", pieces), suite=MASKED, **fewer)
    row = min(rows(MASKED), key=lambda row: len(row["before"] + row["after"]))
    at = rows(MASKED).index(row)
    expected = [
        log_probability(lambda ids: _Logits(network(ids).prediction_logits), pieces, row["before"], word, row["after"])
        for word in words
    ]
    np.testing.assert_allclose(predictions[at], expected, rtol=1e-5)
    assert report.model["architecture"] == "bert"
    least = np.full((len(predictions), 95), predictions.min() - 1)  # the words that were not asked for
    first, fifth = scored(np.hstack([predictions, least]), MASKED).measurements
    assert 0 <= first.value <= fifth.value < 0.1


class _Logits:
    def __init__(self, logits: torch.Tensor) -> None:
        self.logits = logits


def test_a_tokenizer_without_a_mask_leaves_no_word_out(tmp_path: Path):
    with pytest.raises(ModelRefusedError, match="no token"):
        masked_words.predictor(None, Tokenizer(models.BPE()), 20, {}, ["a"], CPU, 8)


LANGUAGE = GPT2Config(
    vocab_size=VOCABULARY, n_positions=64, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=2
)


@pytest.fixture(scope="module")
def writer(byte_pairs: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Files]:
    torch.manual_seed(0)
    network = GPT2LMHeadModel(LANGUAGE).eval()
    return network, repository(network, tmp_path_factory.mktemp("writer"), byte_pairs)


@pytest.fixture(scope="module")
def followed(writer: tuple[Any, Files], tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    """What the native engine finds on the cloze suite."""
    return predict(tmp_path_factory.mktemp("cloze"), writer[1], suite=CLOZE)[0]


def test_a_sentence_follows_by_its_likelihood_for_each_byte(
    writer: tuple[Any, Files], followed: np.ndarray, byte_pairs: Tokenizer
):
    network, _ = writer
    for row, found in list(zip(rows(CLOZE), followed, strict=True))[:5]:
        for choice, value in zip(row["choices"], found, strict=True):
            context = byte_pairs.encode(row["context"], add_special_tokens=False).ids
            targets = byte_pairs.encode(" " + choice, add_special_tokens=False).ids
            read, targets = [0, *context, *targets][-65:-1], targets[-64:]
            with torch.inference_mode():
                logs = network(torch.tensor([read])).logits[0, -len(targets) :].double().log_softmax(-1)
            total = float(sum(line[token] for line, token in zip(logs, targets, strict=True)))
            assert value == pytest.approx(total / len(choice.encode()), rel=1e-5)
    (measured,) = scored(followed, CLOZE).measurements
    assert measured.n == len(followed) == 126
    assert measured.value == np.mean(followed.argmax(axis=1) == array(CLOZE, "labels"))


def test_a_context_and_what_follows_are_cut_as_one_text(byte_pairs: Tokenizer):
    context, targets = continuations.pair(byte_pairs, "The class", " statement", 7)
    assert context[0] == 7
    assert [*context[1:], *targets] == byte_pairs.encode("The class statement", add_special_tokens=False).ids
    assert byte_pairs.decode(targets) == " statement"


ROLLING = {"output_type": "loglikelihood_rolling", "doc_to_text": "", "doc_to_target": "text"}
MULTIPLE = {
    "output_type": "multiple_choice",
    "doc_to_text": "{{context}}",
    "doc_to_choice": "choices",
    "doc_to_target": 0,
}
need_lm_eval = pytest.mark.skipif(find_spec("lm_eval") is None, reason="the optional engine lm_eval is not installed")


@need_lm_eval
def test_both_engines_agree_on_bits_per_byte(writer: tuple[Any, Files], tmp_path: Path):
    native, _ = predict(tmp_path, writer[1], suite=TOPICS)
    other, report = predict(tmp_path, writer[1], suite=TOPICS, engine="lm_eval", lm_eval=ROLLING)
    np.testing.assert_allclose(other, native, rtol=1e-6)
    assert report.environment["packages"]["lm_eval"]
    first, second = (scored(one, TOPICS).measurements[0] for one in (native, other))
    assert second.value == pytest.approx(first.value, rel=1e-6)


@need_lm_eval
def test_both_engines_agree_on_which_sentence_follows(writer: tuple[Any, Files], followed: np.ndarray, tmp_path: Path):
    at_once = CLOZE.definition["run"] | {"batch_size": 64, "threads": 1}
    other, _ = predict(tmp_path, writer[1], suite=CLOZE, engine="lm_eval", lm_eval=MULTIPLE, run=at_once)
    np.testing.assert_allclose(other, followed, rtol=1e-5)
    assert scored(other, CLOZE).measurements == scored(followed, CLOZE).measurements


def test_a_worker_without_the_extra_says_so(byte_pairs: Tokenizer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    monkeypatch.delitem(sys.modules, "evaluations.harness.lm_eval_model", raising=False)
    job = job_of("text-generation", tmp_path)
    with pytest.raises(ModelRefusedError, match="lacks the optional engine lm_eval") as refused:
        harness._engine(replace(job, engine="lm_eval"))
    assert refused.value.kind == "device"  # the worker's fault: another one may have it


@need_lm_eval
def test_lm_eval_is_given_language_models_alone(tmp_path: Path):
    failed = running.failure(
        tmp_path,
        {"model.safetensors": save({"conv1.weight": torch.zeros(1)})},
        architecture="mlp",
        suite=TOPICS,
        change={"engine": "lm_eval", "lm_eval": ROLLING},
    )
    assert (failed.code, "lm_eval runs language models" in str(failed)) == ("unsupported", True)


ENCODERS: dict[str, Callable[[], Any]] = {
    "bert": lambda: BertModel(BertConfig(**ENCODER)),
    "distilbert": lambda: DistilBertModel(DistilBertConfig(**DISTIL)),
    "electra": lambda: ElectraModel(ElectraConfig(embedding_size=8, **ENCODER)),
    "mpnet": lambda: MPNetModel(MPNetConfig(**AFTER_PADDING)),
    "roberta": lambda: RobertaModel(RobertaConfig(**AFTER_PADDING)),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_a_text_is_the_mean_of_its_tokens(name: str, request: pytest.FixtureRequest, tmp_path: Path):
    tokenizer = request.getfixturevalue("byte_pairs" if name == "roberta" else "pieces")
    torch.manual_seed(0)
    network = ENCODERS[name]().eval()
    model = opened("sentence-similarity", repository(network, tmp_path / "saved", tokenizer), tmp_path)
    layout = embeddings.read_layout(model.folder)
    some = rows(HALVES)[:4]
    most = most_tokens(model.configuration)
    predictor = embeddings.predictor(model.network, tokenizer, most, model.settings, layout, 24, CPU)
    found = predictor(some)
    tokenizer.no_truncation()
    assert found.shape == (4, 2, 24)
    assert not found[..., 16:].any()
    for row, vectors in zip(some, found, strict=True):
        for text, vector in zip((row["query"], row["passage"]), vectors, strict=True):
            ids = tokenizer.encode(text).ids
            ids = ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]
            with torch.inference_mode():
                expected = network(torch.tensor([ids])).last_hidden_state[0].mean(dim=0)
            np.testing.assert_allclose(vector[:16], expected, atol=1e-5)


def modules(*names: str) -> list[dict[str, Any]]:
    return [{"idx": index, "type": f"sentence_transformers.models.{name}"} for index, name in enumerate(names)]


def test_a_sentence_transformer_finds_halves_in_the_sandbox(pieces: Tokenizer, tmp_path: Path):
    """In its own layout: [CLS] alone, of the first 12 tokens, saved as part of a model with a head."""
    torch.manual_seed(0)
    network = MASKED_MODELS["bert"]().eval()
    files = repository(
        network,
        tmp_path / "saved",
        pieces,
        **{
            "modules.json": modules("Transformer", "Pooling", "Normalize"),
            "1_Pooling__config.json": {"word_embedding_dimension": 16, "pooling_mode_cls_token": True},
            "sentence_bert_config.json": {"max_seq_length": 12, "do_lower_case": True},
        },
    )
    predictions, _ = predict(tmp_path, files, suite=HALVES)
    assert predictions.shape == (300, 2, 2048)
    for row, vectors in list(zip(rows(HALVES), predictions, strict=True))[:4]:
        for text, vector in zip((row["query"], row["passage"]), vectors, strict=True):
            ids = pieces.encode(text.lower()).ids
            with torch.inference_mode():
                expected = network.bert(torch.tensor([[*ids[:11], ids[-1]]])).last_hidden_state[0, 0]
            np.testing.assert_allclose(vector[:16], expected, atol=1e-5)
    at_1, at_10, mrr = scored(predictions, HALVES).measurements
    assert 0 < at_1.value < mrr.value < at_10.value < 1


def test_padding_is_no_part_of_a_text():
    tokens = torch.tensor([[[1.0, -4.0], [3.0, -2.0], [99.0, 99.0]]])
    mask = torch.tensor([[1, 1, 0]])
    expected = {"mean": [2.0, -3.0], "max": [3.0, -2.0], "cls": [1.0, -4.0]}
    assert {name: embeddings.pooled(tokens, mask, name)[0].tolist() for name in embeddings.POOLINGS} == expected


POOLING = {"1_Pooling/config.json": {"pooling_mode_mean_tokens": True}}
LAYOUTS: dict[str, tuple[dict[str, Any], embeddings.Layout | str]] = {
    "nothing": ({}, embeddings.Layout("mean", None, False)),
    "the newer key": ({"1_Pooling/config.json": {"pooling_mode": "cls"}}, embeddings.Layout("cls", None, False)),
    "other keys": (POOLING | {"sentence_bert_config.json": {"auto_map": {"x": "evil.Model"}}}, embeddings.Layout()),
    "a layer more": ({"modules.json": modules("Transformer", "Pooling", "Dense")}, "lists a 'Dense'"),
    "a class of its own": ({"modules.json": [{"type": "evil.Run"}]}, "lists a 'Run'"),
    "no pooling": ({"modules.json": modules("Transformer", "Pooling")}, "1_Pooling/config.json is missing"),
    "two poolings": (
        {"1_Pooling/config.json": {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}}, "must choose one of",
    ),
    "another pooling": ({"1_Pooling/config.json": {"pooling_mode_lasttoken": True}}, "must choose one of"),
    "no length": ({"sentence_bert_config.json": {"max_seq_length": "all"}}, "max_seq_length"),
    "no list": ({"modules.json": {}}, "modules.json is not a list"),
    "no object": ({"1_Pooling/config.json": []}, "config.json is not a JSON object"),
}  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_layout_is_read_by_known_keys_alone(files: dict[str, Any], expected: embeddings.Layout | str, tmp_path: Path):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(json.dumps(content))
    if isinstance(expected, embeddings.Layout):
        assert embeddings.read_layout(tmp_path) == expected
    else:
        with pytest.raises(ModelRefusedError, match=expected):
            embeddings.read_layout(tmp_path)


def test_embeddings_that_are_too_wide_are_refused(pieces: Tokenizer, tmp_path: Path):
    network = ENCODERS["bert"]()
    with pytest.raises(ModelRefusedError, match="16 wide; this suite takes 8"):
        embeddings.predictor(network, pieces, 20, {}, embeddings.Layout(), 8, CPU)


def test_a_tensor_that_belongs_to_nothing_is_still_refused(pieces: Tokenizer, tmp_path: Path):
    files = repository(MASKED_MODELS["bert"](), tmp_path / "saved", pieces)
    planted = save(load(files["model.safetensors"]) | {"more": torch.zeros(2)})
    for task in ("fill-mask", "sentence-similarity"):
        with pytest.raises(ModelRefusedError, match="no tensor 'more'"):
            opened(task, files | {"model.safetensors": planted}, tmp_path)
