"""Where the parts of a model go: planned without a GPU; done with one where there is one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel

from evaluations.harness import placing
from evaluations.harness.messages import ModelRefusedError
from tests.evaluations.running import correct, failure, predict, reference

CUDA = torch.cuda.device_count() if torch.cuda.is_available() else 0
GPT2 = GPT2Config(vocab_size=100, n_positions=64, n_embd=32, n_layer=6, n_head=2)


def outline() -> GPT2LMHeadModel:
    with torch.device("meta"):
        return GPT2LMHeadModel(GPT2)


def size() -> int:
    return sum(parameter.numel() for parameter in outline().parameters()) * 4


def test_a_model_that_one_gpu_is_too_small_for_is_spread_block_by_block():
    placement = placing.spread(outline(), {0: int(0.6 * size()), 1: size()}, torch.float32)
    assert placement.inputs == torch.device("cuda", 0)
    assert set(placement.parts.values()) == {torch.device("cuda", 0), torch.device("cuda", 1)}
    blocks = [placement.of(f"transformer.h.{number}.mlp.c_fc.weight") for number in range(6)]
    assert blocks == sorted(blocks, key=lambda device: device.index)
    assert placement.of("transformer.h.0.ln_1.bias") == blocks[0]  # a block stays together
    assert placement.of("lm_head.weight") == placement.of("transformer.wte.weight")  # the same tensor


def test_a_model_that_all_gpus_are_too_small_for_is_refused_with_the_sizes():
    with pytest.raises(
        ModelRefusedError, match=r"needs 0\.000\d+ GB in torch.float32; this worker's GPUs have"
    ) as caught:
        placing.spread(outline(), {0: size() // 4, 1: size() // 4}, torch.float32)
    assert caught.value.kind == "out_of_memory"


def test_on_the_cpu_there_is_one_place_for_all():
    placement = placing.place(outline(), "cpu", torch.float32)
    assert placement.of("transformer.wte.weight") == placement.inputs == torch.device("cpu")


@pytest.mark.parametrize("path", ["model.safetensors", "model.onnx"])
def test_a_gpu_that_is_not_there_is_a_fault_of_the_worker(path: str, tmp_path: Path):
    name = "digits_cnn" + Path(path).suffix
    assert failure(tmp_path, {path: reference(name)}, device="cuda:15").code == "device"


@pytest.mark.gpu
@pytest.mark.skipif(not CUDA, reason="needs a GPU that torch can use")
@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_a_gpu_predicts_as_the_cpu_does_and_its_speed_is_measured(device: str, tmp_path: Path):
    plan = {"scenarios": ["single", "offline"], "batch_sizes": [1, 64], "warmup_s": 0.1, "min_s": 0.1, "max_s": 20}
    files = {"model.safetensors": reference("digits_cnn.safetensors")}
    expected, _ = predict(tmp_path, files)
    found, report = predict(tmp_path, files, device=device, measure=True, change={"perf": plan})
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert correct(found) == 533
    assert report.environment["gpu"]["count"] == 1
    assert report.environment["hardware_class"].startswith("gpu-")
    assert report.bytes_of("allocated_peak")
    assert report.perf
    assert len(report.perf["single"]) == 3


@pytest.mark.gpu
@pytest.mark.skipif(CUDA < 2, reason="needs two GPUs that torch can use")
def test_a_model_over_two_gpus_gives_what_it_gives_on_one():
    torch.manual_seed(0)
    network = GPT2LMHeadModel(GPT2).eval()
    ids = torch.arange(20).unsqueeze(0)
    with torch.inference_mode():
        expected = network(input_ids=ids).logits
        spread = placing.spread(outline(), {0: int(0.6 * size()), 1: size()}, torch.float32).finish(network)
        found = spread(input_ids=ids.to("cuda:0")).logits.cpu()
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)
