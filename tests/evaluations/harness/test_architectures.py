"""Each architecture of the registry gives what torch's own layers give with the same weights."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from evaluations import suite_files
from tests.evaluations.running import array, failure, predict

SUITES = {suite.path.stem: suite for suite in suite_files.read_all()}
SEQUENCES = SUITES["digits-sequence-classification"]


class Sequences(nn.Module):
    """As an author would write it: the last hidden state as torch hands it out, and a linear layer."""

    def __init__(self, cell: str, **options: Any) -> None:
        super().__init__()
        layers = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[cell](8, 12, batch_first=True, **options)
        self.cell, self.directions = cell, 2 if options.get("bidirectional") else 1
        setattr(self, cell, layers)
        self.fc = nn.Linear(12 * self.directions, 10)

    def forward(self, x: Tensor) -> Tensor:
        _, hidden = getattr(self, self.cell)(x)
        hidden = hidden[0] if self.cell == "lstm" else hidden
        return self.fc(torch.cat(list(hidden[-self.directions :]), dim=1))


class Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = self.downsample(x) if hasattr(self, "downsample") else x
        return functional.relu(self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x))))) + shortcut)


class SmallResNet(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 8, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.layer1 = nn.Sequential(Block(8, 8, 1), Block(8, 8, 1))
        self.layer2 = nn.Sequential(Block(8, 16, 2))
        self.layer3 = nn.Sequential(Block(16, 24, 2))
        self.fc = nn.Linear(24, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(functional.adaptive_avg_pool2d(x, 1).flatten(1))


class LeNet(nn.Module):
    def __init__(self, channels: int, padding: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 6, 5, padding=padding)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(torch.tanh(self.conv1(x)), 2)
        x = functional.max_pool2d(torch.tanh(self.conv2(x)), 2).flatten(1)
        return self.fc3(torch.tanh(self.fc2(torch.tanh(self.fc1(x)))))


def lived(network: nn.Module, inputs: np.ndarray) -> nn.Module:
    """With statistics in its batch norms that are not those of a new one."""
    with torch.no_grad():
        network.train()(torch.from_numpy(inputs[:64]))
    return network.eval()


CASES: dict[str, tuple[str, Callable[[], nn.Module], dict[str, Any]]] = {
    "rnn": ("digits-sequence-classification", lambda: Sequences("rnn"), {}),
    "rnn with relu": (
        "digits-sequence-classification",
        lambda: Sequences("rnn", nonlinearity="relu"),
        {"activation": "relu"},
    ),
    "lstm of two layers": ("digits-sequence-classification", lambda: Sequences("lstm", num_layers=2), {}),
    "lstm both ways": ("digits-sequence-classification", lambda: Sequences("lstm", bidirectional=True), {}),
    "gru without bias": ("digits-sequence-classification", lambda: Sequences("gru", bias=False), {}),
    "resnet in colour": ("digits-32x32-rgb-image-classification", lambda: SmallResNet(3), {}),
    "resnet in grey": ("digits-28x28-image-classification", lambda: SmallResNet(1), {}),
    "lenet of 32×32": ("digits-32x32-image-classification", lambda: LeNet(1, 0), {}),
    "lenet in colour": ("digits-32x32-rgb-image-classification", lambda: LeNet(3, 0), {}),
    "lenet with padding": ("digits-28x28-image-classification", lambda: LeNet(1, 2), {"padding": 2}),
}


@pytest.mark.parametrize(("suite", "network", "options"), CASES.values(), ids=CASES.keys())
def test_a_network_is_recognised_and_computes_what_torch_computes(
    suite: str, network: Callable[[], nn.Module], options: dict[str, Any], tmp_path: Path
):
    inputs = array(SUITES[suite], "inputs")
    torch.manual_seed(0)
    reference = lived(network(), inputs)
    files = {"model.safetensors": save(reference.state_dict())}
    predictions, _ = predict(tmp_path, files, suite=SUITES[suite], options=options)
    with torch.inference_mode():
        expected = reference(torch.from_numpy(inputs)).numpy()
    np.testing.assert_allclose(predictions, expected, atol=1e-5)


def test_a_recurrent_net_may_read_the_mean_of_its_states(tmp_path: Path):
    torch.manual_seed(0)
    network = Sequences("gru").eval()
    inputs = array(SEQUENCES, "inputs")
    predictions, _ = predict(
        tmp_path, {"model.safetensors": save(network.state_dict())}, suite=SEQUENCES, options={"readout": "mean"}
    )
    with torch.inference_mode():
        expected = network.fc(network.gru(torch.from_numpy(inputs))[0].mean(dim=1)).numpy()
    np.testing.assert_allclose(predictions, expected, atol=1e-5)


REFUSED: dict[str, tuple[str, Callable[[], dict[str, Tensor]], dict[str, Any], str]] = {
    "a sequence net on images": ("digits-image-classification", Sequences("gru").state_dict, {}, "are no sequences"),
    "an image net on sequences": ("digits-sequence-classification", SmallResNet(1).state_dict, {}, "are no images"),
    "gates that do not fit": (
        "digits-sequence-classification",
        lambda: {**Sequences("lstm").state_dict(), "lstm.weight_hh_l0": torch.zeros(36, 12)},
        {},
        "4 times as many rows",
    ),
    "a padding beyond the kernel": (
        "digits-28x28-image-classification",
        LeNet(1, 2).state_dict,
        {"padding": 9},
        "below 5",
    ),
    "a readout that is none": (
        "digits-sequence-classification",
        Sequences("gru").state_dict,
        {"readout": "max"},
        "known are",
    ),
}


@pytest.mark.parametrize(("suite", "state", "options", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_fit_is_refused_in_words(
    suite: str, state: Callable[[], dict[str, Tensor]], options: dict[str, Any], words: str, tmp_path: Path
):
    files = {"model.safetensors": save({name: tensor.contiguous() for name, tensor in state().items()})}
    assert words in str(failure(tmp_path, files, suite=SUITES[suite], options=options))
