"""A run from the request to the result, by the real supervisor, child and storage."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from django.utils import timezone
from safetensors.numpy import load, save
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from transformers import BertConfig, BertModel

from evaluations import sandbox, signing
from evaluations.child import KERNEL, WATCHED
from evaluations.models import FailureKind, Result, Run, State, SuiteVersion
from evaluations.services import executing, fetching, results
from evaluations.suite_files import canonical_json
from models_registry import storage
from tests.evaluations import building, rows
from tests.evaluations.running import need_bwrap, reference

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("digits_cnn.safetensors", "digits_cnn.safetensors"),
        ("digits_cnn.onnx", "model.onnx"),
        ("digits_cnn.int8-dynamic.onnx", "model.onnx"),
        ("digits_cnn.int8-static.onnx", "model.onnx"),
        ("digits_cnn.keras", "digits_cnn.keras"),
    ],
)
def test_a_reference_model_in_a_repository_scores_533_of_540(name: str, path: str, digits: SuiteVersion):
    run = building.execute(building.request(building.model(files={path: reference(name)}), digits))
    assert (run.state, run.attempt, run.failure_reason) == (State.SCORED, 1, "")
    assert run.parameters
    assert run.parameters > 30_000
    accuracy = run.scores.get(name="accuracy")
    assert accuracy.value == 533 / 540
    assert (round(accuracy.low, 4), round(accuracy.high, 4)) == (0.9735, 0.9937)
    assert run.scores.get(name="f1_macro").value == pytest.approx(0.987075, abs=1e-6)
    assert int(np.unpackbits(np.frombuffer(run.result.outcomes, np.uint8)).sum()) == 533


def test_weights_in_several_files_score_as_in_one_and_all_are_named(digits: SuiteVersion):
    tensors = load(reference("digits_cnn.safetensors"))
    names = sorted(tensors)
    shards = {f"model-0000{part + 1}-of-00002.safetensors": names[part::2] for part in range(2)}
    index = {"weight_map": {tensor: shard for shard, held in shards.items() for tensor in held}}
    files = {shard: save({tensor: tensors[tensor] for tensor in held}) for shard, held in shards.items()}
    files["model.safetensors.index.json"] = json.dumps(index).encode()
    run = building.execute(building.request(building.model(files=dict(files)), digits))
    assert (run.state, run.failure_reason) == (State.SCORED, "")
    assert (run.scores.get(name="accuracy").value, run.parameters) == (533 / 540, 53002)
    assert run.path == "model.safetensors.index.json"
    described = json.loads(run.result.document)["model"]["files"]
    assert sorted(file["path"] for file in described) == sorted(files)
    whole = building.execute(building.request(building.model(), digits))
    assert run.tensor_digest == whole.tensor_digest


def test_an_index_that_its_files_do_not_bear_out_fails_with_its_reason(digits: SuiteVersion):
    shard = "model-00001-of-00001.safetensors"
    index = json.dumps({"weight_map": {"c1.weight": shard, "made up": shard}}).encode()
    files = {shard: reference("digits_cnn.safetensors"), "model.safetensors.index.json": index}
    run = building.execute(building.request(building.model(files=files), digits))
    assert (run.state, run.failure_code) == (State.FAILED, "corrupt")
    assert "Index and files do not agree" in run.failure_reason


def test_an_encoder_finds_the_halves_of_docstrings(digits: SuiteVersion, tmp_path: Path):
    """By the files of sentence-transformers, one of them in a folder of its own."""
    words = "the model data of a is in to and for features class function sample samples estimator scikit".split()
    tokenizer = Tokenizer(WordLevel({word: index for index, word in enumerate(["[UNK]", *words])}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=32,
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=8,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(tmp_path)
    files = {name: (tmp_path / name).read_bytes() for name in ("config.json", "model.safetensors")}
    files["tokenizer.json"] = tokenizer.to_str().encode()
    files["modules.json"] = (
        b'[{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling"}]'
    )
    files["1_Pooling/config.json"] = b'{"pooling_mode_mean_tokens": true}'
    suite = rows.suite("half-docstring-retrieval")
    run = building.execute(building.request(building.model(files=files), suite))
    assert (run.state, run.failure_reason) == (State.SCORED, "")
    document = json.loads(run.result.document)
    assert {file["path"] for file in document["model"]["files"]} == set(files)
    values = {score.name: score.value for score in run.scores.all()}
    assert 0 <= values["recall_at_1"] <= values["mrr_at_10"] < values["recall_at_10"] < 1
    right = int(np.unpackbits(np.frombuffer(run.result.outcomes, np.uint8), bitorder="little").sum())
    assert right == round(values["recall_at_1"] * 300)


def test_a_regression_keeps_how_far_each_row_is_off(digits: SuiteVersion):
    suite = rows.suite("diabetes-regression")
    run = building.execute(
        building.request(building.model(files={"model.onnx": reference("diabetes_ridge.onnx")}), suite)
    )
    assert (run.state, run.failure_reason) == (State.SCORED, "")
    assert {score.name: round(score.value, 2) for score in run.scores.all()} == {"r2": 0.4, "mae": 44.3, "mse": 3050.01}
    losses = np.frombuffer(run.result.losses, "<f4")
    assert (len(losses), bytes(run.result.outcomes)) == (133, b"")
    assert losses.mean() == pytest.approx(3050.01, abs=0.01)
    samples = pq.read_table(io.BytesIO(storage.get(run.result.samples_key)))
    assert samples.column_names == ["row", "predicted", "loss"]
    document = json.loads(run.result.document)
    assert [metric["name"] for metric in document["metrics"] if metric["primary"]] == ["r2"]


def test_the_result_says_everything_that_made_it_and_is_signed(digits: SuiteVersion):
    need_bwrap()
    repository = building.model(name="digits")
    run = building.execute(building.request(repository, digits))
    result = Result.objects.get(run=run)
    document = json.loads(result.document)
    assert canonical_json(document).decode() == result.document
    assert hashlib.sha256(result.document.encode()).hexdigest() == result.sha256
    weights = reference("digits_cnn.safetensors")
    assert document["model"] == {
        "repo": repository.full_name,
        "commit": run.commit,
        "files": [{"path": "model.safetensors", "size": len(weights), "sha256": hashlib.sha256(weights).hexdigest()}],
        "format": "safetensors",
        "architecture": "digits-cnn",
        "params": 53002,
        "tensor_digest": run.tensor_digest,
    }
    assert document["suite"]["data"][0]["sha256"].startswith("8a53b25f")
    assert document["suite"]["sha256"] == digits.digest
    assert document["config"] == {
        "seed": 0, "dtype": "float32", "batch_size": 64, "device": "cpu", "deterministic": True, "tf32": False,
        "threads": 2,
    }  # fmt: skip
    assert document["env"]["packages"]["torch"].startswith("2.13.0")
    assert document["sandbox"]["backend"] == "bwrap"
    assert document["sandbox"]["network"] is False
    assert document["timing"].keys() >= {"fetch", "verify", "load", "quality", "wall"}
    assert [metric["name"] for metric in document["metrics"]] == ["accuracy", "f1_macro"]
    samples = storage.get(result.samples_key)
    assert hashlib.sha256(samples).hexdigest() == document["samples"]["sha256"]
    table = pq.read_table(io.BytesIO(samples))
    assert table.column_names == ["row", "predicted", "correct"]
    assert sum(table["correct"].to_pylist()) == 533
    signed = results.signed_document(result)
    assert signing.is_genuine(signed, result.public_key)
    signed["metrics"][0]["value"] = 1.0
    assert not signing.is_genuine(signed, result.public_key)


def test_the_same_weights_have_one_digest_however_their_file_is_laid_out(digits: SuiteVersion):
    weights = load(reference("digits_cnn.safetensors"))
    again = save({name: weights[name] for name in reversed(weights)}, metadata={"made": "later"})
    first = building.execute(building.request(building.model(), digits))
    second = building.execute(building.request(building.model(files={"model.safetensors": again}), digits))
    assert first.tensor_digest == second.tensor_digest
    assert first.scores.get(name="accuracy").value == second.scores.get(name="accuracy").value


def test_the_card_names_the_architecture(digits: SuiteVersion):
    files = {"model.safetensors": reference("digits_cnn.safetensors"), "README.md": "---\narchitecture: lenet\n---\n"}
    run = building.execute(building.request(building.model(files=files), digits))
    assert (run.state, run.failure_code) == (State.FAILED, "shape_mismatch")
    assert "lacks the tensor 'conv1.weight'" in run.failure_reason


def broken_header() -> bytes:
    return (10**6).to_bytes(8, "little") + reference("digits_cnn.safetensors")[8:]


def not_a_number() -> bytes:
    weights = load(reference("digits_cnn.safetensors"))
    weights["c1.bias"][0] = np.nan
    return save(weights)


UNFIT = {
    "nothing but a pickle": ({"pytorch_model.bin": b"\x80\x04K\x01."}, "unsupported", "never opened"),
    "no model": ({"README.md": "# nothing"}, "unsupported", "holds no safetensors"),
    "a damaged header": ({"model.safetensors": broken_header()}, "corrupt", "The header claims 1000000 bytes"),
    "an empty file": ({"model.safetensors": b""}, "corrupt", "fewer than the 8"),
    "NaN among its weights": ({"model.safetensors": not_a_number()}, "not_finite", "c1.bias holds NaN"),
    "a card that cannot be read": (
        {"model.safetensors": reference("digits_cnn.safetensors"), "README.md": "---\n: [\n---\n"},
        "unsupported",
        "not valid YAML",
    ),
    "an onnx file that is none": ({"model.onnx": b"onnx" * 9}, "corrupt", "no ONNX file"),
}


@pytest.mark.parametrize(("files", "code", "words"), UNFIT.values(), ids=UNFIT.keys())
def test_an_unfit_model_fails_at_once_with_its_reason_and_no_score(
    files: dict[str, bytes | str], code: str, words: str, digits: SuiteVersion
):
    run = building.execute(building.request(building.model(files=files), digits))
    assert (run.state, run.failure_kind, run.failure_code) == (State.FAILED, FailureKind.MODEL, code)
    assert words in run.failure_reason
    assert run.attempt == 1
    assert run.finished_at is not None
    assert not run.scores.exists()
    assert not Result.objects.filter(run=run).exists()


def test_a_model_larger_than_the_suite_takes_is_not_fetched(digits: SuiteVersion):
    digits.definition["accepts"]["max_bytes"] = 1000
    digits.save()
    run = building.execute(building.request(building.model(), digits))
    assert run.failure_code == "too_large"
    digits.definition["accepts"] |= {"max_bytes": 10**9, "max_params": 53001}
    digits.save()
    run = building.execute(building.request(building.model(), digits))
    assert "53002 parameters; this suite takes 53001" in run.failure_reason


def test_a_message_that_comes_twice_makes_one_result(digits: SuiteVersion):
    run = building.execute(building.request(building.model(), digits))
    executing.execute(str(run.pk))
    run.refresh_from_db()
    assert run.attempt == 1
    assert Result.objects.filter(run=run).count() == 1


def test_a_cancellation_counts_until_the_last_moment(digits: SuiteVersion, monkeypatch: pytest.MonkeyPatch):
    run = building.request(building.model(), digits)
    sign = signing.sign

    def asked_meanwhile(document: bytes) -> signing.Signature:
        Run.objects.filter(pk=run.pk).update(cancel_requested=True)
        return sign(document)

    monkeypatch.setattr(signing, "sign", asked_meanwhile)
    run = building.execute(run)
    assert run.state == State.CANCELLED
    assert not run.scores.exists()
    assert not Result.objects.filter(run=run).exists()


def test_a_commit_is_fetched_as_it_was_asked_for(digits: SuiteVersion):
    from tests import make

    repository = building.model()
    run = building.request(repository, digits)
    make.commit(repository, {"model.safetensors": b"something else by now"})
    assert building.execute(run).state == State.SCORED


def test_without_a_sandbox_a_strangers_model_does_not_run(digits: SuiteVersion, monkeypatch: pytest.MonkeyPatch):
    from tests import make

    monkeypatch.setattr(sandbox, "bwrap_works", lambda: False)
    run = building.execute(building.request(building.model(make.user()), digits))
    assert (run.state, run.attempt) == (State.QUEUED, 1)
    assert "Install bubblewrap" in run.log_tail
    trusted = building.execute(building.request(building.model(), digits))
    assert trusted.state == State.SCORED
    protected = json.loads(trusted.result.document)["sandbox"]
    # Who holds it to its memory depends on the machine, not on the sandbox.
    assert protected["limits"].pop("memory") in {KERNEL, WATCHED}
    assert protected == {"backend": "none", "network": True, "limits": digits.definition["limits"]}


def test_weights_that_went_bad_in_the_cache_are_fetched_again_and_not_scored(digits: SuiteVersion):
    repository = building.model()
    building.execute(building.request(repository, digits))
    files = fetching.cache().folder.glob("??/*.blob")
    (cached,) = [file for file in files if file.read_bytes() == reference(building.CNN)]
    content = bytearray(cached.read_bytes())
    content[-1] ^= 1
    cached.chmod(0o644)
    cached.write_bytes(content)
    run = building.execute(building.request(repository, digits))
    assert (run.state, run.attempt, run.failure_kind) == (State.QUEUED, 1, "")
    Run.objects.filter(pk=run.pk).update(run_after=timezone.now())
    run = building.execute(run)
    assert run.state == State.SCORED
    (file,) = json.loads(run.result.document)["model"]["files"]
    assert file["sha256"] == hashlib.sha256(reference(building.CNN)).hexdigest()


def test_without_a_sandbox_one_commit_of_somebody_else_is_enough_to_refuse(
    digits: SuiteVersion, monkeypatch: pytest.MonkeyPatch
):
    from accounts.models import Actor
    from tests import make

    monkeypatch.setattr(sandbox, "bwrap_works", lambda: False)
    staff, member = building.operator(), make.user()
    lab = make.organization(admin=staff, write=member)
    repository = building.model(staff, namespace=lab.namespace.name)
    assert building.execute(building.request(repository, digits)).state == State.SCORED
    make.commit(repository, {"model.safetensors": reference(building.CNN) + b" "}, actor=Actor(user=member))
    make.commit(repository, {"README.md": "# Reviewed"})
    run = building.execute(building.request(repository, digits))
    assert (run.state, run.attempt) == (State.QUEUED, 1)
    assert "Install bubblewrap" in run.log_tail
