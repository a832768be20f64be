"""The architectures that a safetensors checkpoint may have, each a name and an arrangement of layers.

A repository names its architecture in the front matter of its card,

    ---
    architecture: digits-cnn
    ---

or in `config.json`, which may also set the options listed below: `{"architecture": "mlp", "activation": "tanh"}`.
Where neither names one, it is recognised if the tensors' names fit exactly one architecture.

The name fixes the arrangement; the shapes in the file's header fix the sizes (channels, hidden units, classes), so
there is no second place where they could be written wrong. A network is first built on the meta device, where it costs
nothing, and must agree with the header tensor by tensor before a byte of weights is read: no missing and no unexpected
tensor, every shape equal. No code of the repository takes part.

    digits-cnn   c1 c2 f1 f2        two convolutions (padded to keep the size, pool 2 after each), two linear layers
    lenet        conv1 conv2 fc1 fc2 fc3    LeCun et al. 1998: as above, without padding, three linear layers
    resnet       conv1 bn1 layer1.0.conv1 … fc      He et al. 2016 for small images: a 3×3 stem, stages of basic blocks
    mlp          layers.0 … layers.N        linear layers over the flattened input
    rnn, lstm, gru    rnn.weight_ih_l0 … fc (lstm.… , gru.…)    torch's layers of that name over the rows of the input, and a
                 linear layer over the last state; several layers and both directions as the tensors' names say

    options: activation: relu | tanh | sigmoid | gelu (default relu; tanh for lenet; rnn: tanh | relu, default tanh);
    pool: max | average (lenet); padding: of the first convolution of a lenet, 2 for the 28×28 of the paper's figures;
    readout: last | mean (rnn, lstm, gru): the last state of each direction, or the mean over all steps
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from evaluations.harness.messages import ModelRefusedError

Shapes = Mapping[str, tuple[int, ...]]
Activation = Callable[[Tensor], Tensor]

ACTIVATIONS: dict[str, Activation] = {
    "relu": functional.relu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "gelu": functional.gelu,
}
POOLS: dict[str, Callable[[Tensor, int], Tensor]] = {"max": functional.max_pool2d, "average": functional.avg_pool2d}


class DigitsCnn(nn.Module):
    """Convolve, pool, convolve, pool, two linear layers. x: (rows, channels, height, width); gives (rows, classes)."""

    def __init__(self, shapes: Shapes, input_shape: tuple[int, ...], options: Mapping[str, Any]) -> None:
        super().__init__()
        channels, height, width = _image(input_shape)
        first, second = _convolution(shapes, "c1"), _convolution(shapes, "c2")
        hidden, classes = _linear_outputs(shapes, "f1"), _linear_outputs(shapes, "f2")
        self.c1 = nn.Conv2d(channels, first.outputs, first.kernel, padding=first.kernel // 2)
        self.c2 = nn.Conv2d(first.outputs, second.outputs, second.kernel, padding=second.kernel // 2)
        self.f1 = nn.Linear(second.outputs * (height // 4) * (width // 4), hidden)
        self.f2 = nn.Linear(hidden, classes)
        self._activation = _choice(options, "activation", ACTIVATIONS, "relu")

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(self._activation(self.c1(x)), 2)
        x = functional.max_pool2d(self._activation(self.c2(x)), 2)
        return self.f2(self._activation(self.f1(x.flatten(1))))


class LeNet(nn.Module):
    """LeNet-5 with sizes from the file. x: (rows, channels, height, width); gives (rows, classes).

    Source: LeCun et al., 1998, "Gradient-based learning applied to document recognition".
    """

    def __init__(self, shapes: Shapes, input_shape: tuple[int, ...], options: Mapping[str, Any]) -> None:
        super().__init__()
        channels, height, width = _image(input_shape)
        first, second = _convolution(shapes, "conv1"), _convolution(shapes, "conv2")
        hidden = [_linear_outputs(shapes, name) for name in ("fc1", "fc2")]
        padding = _padding(options, first.kernel)
        sides = [((side + 2 * padding - first.kernel + 1) // 2 - second.kernel + 1) // 2 for side in (height, width)]
        if min(sides) < 1:
            raise ModelRefusedError("shape_mismatch", f"Inputs of {height}×{width} are too small for this lenet.")
        self.conv1 = nn.Conv2d(channels, first.outputs, first.kernel, padding=padding)
        self.conv2 = nn.Conv2d(first.outputs, second.outputs, second.kernel)
        self.fc1 = nn.Linear(second.outputs * sides[0] * sides[1], hidden[0])
        self.fc2 = nn.Linear(hidden[0], hidden[1])
        self.fc3 = nn.Linear(hidden[1], _linear_outputs(shapes, "fc3"))
        self._activation = _choice(options, "activation", ACTIVATIONS, "tanh")
        self._pool = _choice(options, "pool", POOLS, "max")

    def forward(self, x: Tensor) -> Tensor:
        x = self._pool(self._activation(self.conv1(x)), 2)
        x = self._pool(self._activation(self.conv2(x)), 2)
        x = self._activation(self.fc1(x.flatten(1)))
        return self.fc3(self._activation(self.fc2(x)))


class Mlp(nn.Module):
    """Linear layers with an activation between each two. x: (rows, …), flattened; gives (rows, classes)."""

    def __init__(self, shapes: Shapes, input_shape: tuple[int, ...], options: Mapping[str, Any]) -> None:
        super().__init__()
        count = sum(re.fullmatch(r"layers\.\d+\.weight", name) is not None for name in shapes)
        if count == 0:
            raise ModelRefusedError("shape_mismatch", "The file has no layers.0.weight, which an mlp needs.")
        outputs = [_linear_outputs(shapes, f"layers.{index}") for index in range(count)]
        inputs = [torch.Size(input_shape).numel(), *outputs]
        self.layers = nn.ModuleList(nn.Linear(inputs[index], outputs[index]) for index in range(count))
        self._activation = _choice(options, "activation", ACTIVATIONS, "relu")

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = self._activation(layer(x))
        return self.layers[-1](x)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut, projected where the size changes. x: (rows, inputs, height, width)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.relu(self.bn1(self.conv1(x)))
        return functional.relu(self.bn2(self.conv2(inner)) + self.downsample(x))


class ResNet(nn.Module):
    """A residual net for small images, its stages and widths from the file; each stage but the first halves the sides.

    x: (rows, channels, height, width); gives (rows, classes). The names are torchvision's; the stem is one convolution that
    keeps the size. Source: He et al., 2016, "Deep residual learning for image recognition", section 4.2.
    """

    def __init__(self, shapes: Shapes, input_shape: tuple[int, ...], options: Mapping[str, Any]) -> None:
        super().__init__()
        del options
        channels, _, _ = _image(input_shape)
        stem = _convolution(shapes, "conv1")
        self.conv1 = nn.Conv2d(channels, stem.outputs, stem.kernel, padding=stem.kernel // 2, bias=False)
        self.bn1 = nn.BatchNorm2d(stem.outputs)
        width = stem.outputs
        self._stages: list[str] = []
        while f"layer{len(self._stages) + 1}.0.conv1.weight" in shapes:
            stage = f"layer{len(self._stages) + 1}"
            blocks: list[nn.Module] = []
            while f"{stage}.{len(blocks)}.conv1.weight" in shapes:
                outputs = _convolution(shapes, f"{stage}.{len(blocks)}.conv1").outputs
                blocks.append(BasicBlock(width, outputs, stride=2 if self._stages and not blocks else 1))
                width = outputs
            setattr(self, stage, nn.Sequential(*blocks))
            self._stages.append(stage)
        if not self._stages:
            raise ModelRefusedError("shape_mismatch", "The file has no layer1.0.conv1.weight, which a resnet needs.")
        self.fc = nn.Linear(width, _linear_outputs(shapes, "fc"))

    def forward(self, x: Tensor) -> Tensor:
        x = functional.relu(self.bn1(self.conv1(x)))
        for stage in self._stages:
            x = getattr(self, stage)(x)
        return self.fc(x.mean(dim=(2, 3)))


class Recurrent(nn.Module):
    """torch's RNN, LSTM or GRU over a sequence, and a linear layer. x: (rows, steps, features); gives (rows, classes)."""

    cell = "rnn"
    gates = 1

    def __init__(self, shapes: Shapes, input_shape: tuple[int, ...], options: Mapping[str, Any]) -> None:
        super().__init__()
        if len(input_shape) != len(("steps", "features")):
            raise ModelRefusedError("shape_mismatch", f"This suite's inputs, {list(input_shape)}, are no sequences.")
        hidden = shapes.get(f"{self.cell}.weight_hh_l0", ())
        if len(hidden) != 2 or hidden[0] != self.gates * hidden[1] or 0 in hidden:
            raise ModelRefusedError(
                "shape_mismatch",
                f"{self.cell}.weight_hh_l0 is {list(hidden)}; it needs {self.gates} times as many rows as columns.",
            )
        layers = sum(re.fullmatch(rf"{self.cell}\.weight_hh_l\d+", name) is not None for name in shapes)
        directions = 2 if f"{self.cell}.weight_hh_l0_reverse" in shapes else 1
        recurrent = self._layers(
            input_shape[1],
            hidden[1],
            options,
            num_layers=layers,
            bidirectional=directions > 1,
            bias=f"{self.cell}.bias_hh_l0" in shapes,
            batch_first=True,
        )
        setattr(self, self.cell, recurrent)
        self.fc = nn.Linear(directions * hidden[1], _linear_outputs(shapes, "fc"))
        self._readout = _choice(options, "readout", {"last": self._last, "mean": self._mean}, "last")

    def _layers(self, features: int, hidden: int, options: Mapping[str, Any], **settings: Any) -> nn.RNNBase:
        activation = _choice(options, "activation", {"tanh": "tanh", "relu": "relu"}, "tanh")
        return nn.RNN(features, hidden, nonlinearity=activation, **settings)

    def forward(self, x: Tensor) -> Tensor:
        states, _ = getattr(self, self.cell)(x)
        return self.fc(self._readout(states))

    def _last(self, states: Tensor) -> Tensor:
        """The state after the whole sequence, which the backward direction reaches at its first step."""
        hidden = states.shape[2] // (2 if getattr(self, self.cell).bidirectional else 1)
        return torch.cat([states[:, -1, :hidden], states[:, 0, hidden:]], dim=1)

    @staticmethod
    def _mean(states: Tensor) -> Tensor:
        return states.mean(dim=1)


class Lstm(Recurrent):
    cell = "lstm"
    gates = 4

    def _layers(self, features: int, hidden: int, options: Mapping[str, Any], **settings: Any) -> nn.RNNBase:
        del options
        return nn.LSTM(features, hidden, **settings)


class Gru(Recurrent):
    cell = "gru"
    gates = 3

    def _layers(self, features: int, hidden: int, options: Mapping[str, Any], **settings: Any) -> nn.RNNBase:
        del options
        return nn.GRU(features, hidden, **settings)


@dataclass(frozen=True, slots=True)
class Architecture:
    """`names` matches each name of a tensor; `marks` are names that every such checkpoint has."""

    network: type[nn.Module]
    names: re.Pattern[str]
    marks: frozenset[str]
    options: frozenset[str]


def _recurrent(network: type[Recurrent], *options: str) -> Architecture:
    names = rf"fc\.(weight|bias)|{network.cell}\.(weight|bias)_(ih|hh)_l\d+(_reverse)?"
    marks = {f"{network.cell}.weight_hh_l0", "fc.weight"}
    return Architecture(network, re.compile(names), frozenset(marks), frozenset(options))


ARCHITECTURES = {
    "digits-cnn": Architecture(
        DigitsCnn,
        re.compile(r"(c1|c2|f1|f2)\.(weight|bias)"),
        frozenset({"c1.weight", "c2.weight", "f1.weight", "f2.weight"}),
        frozenset({"activation"}),
    ),
    "lenet": Architecture(
        LeNet,
        re.compile(r"(conv1|conv2|fc1|fc2|fc3)\.(weight|bias)"),
        frozenset({"conv1.weight", "conv2.weight", "fc1.weight", "fc2.weight", "fc3.weight"}),
        frozenset({"activation", "pool", "padding"}),
    ),
    "resnet": Architecture(
        ResNet,
        re.compile(
            r"(conv1|fc|layer\d+\.\d+\.(conv[12]|downsample\.0))\.(weight|bias)"
            r"|(bn1|layer\d+\.\d+\.(bn[12]|downsample\.1))\.(weight|bias|running_mean|running_var|num_batches_tracked)"
        ),
        frozenset({"conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "fc.weight"}),
        frozenset(),
    ),
    "mlp": Architecture(
        Mlp, re.compile(r"layers\.\d+\.(weight|bias)"), frozenset({"layers.0.weight"}), frozenset({"activation"})
    ),
    "rnn": _recurrent(Recurrent, "activation", "readout"),
    "lstm": _recurrent(Lstm, "readout"),
    "gru": _recurrent(Gru, "readout"),
}


def recognise(shapes: Shapes) -> str:
    """The one architecture whose names these tensors have. Raises ModelRefusedError if none or several fit."""
    fitting = [
        name
        for name, architecture in ARCHITECTURES.items()
        if architecture.marks <= shapes.keys() and all(architecture.names.fullmatch(tensor) for tensor in shapes)
    ]
    if len(fitting) != 1:
        raise ModelRefusedError(
            "unsupported",
            "The repository names no architecture and its tensors fit none that is known. Name one of "
            f"{', '.join(ARCHITECTURES)} as `architecture:` in the front matter of README.md or in config.json.",
        )
    return fitting[0]


def build(name: str, shapes: Shapes, input_shape: tuple[int, ...], options: Mapping[str, Any]) -> nn.Module:
    """The network on the meta device, agreeing with the header in every name and shape.

    shapes: what the header says. input_shape: of one row. Raises ModelRefusedError.
    """
    architecture = ARCHITECTURES.get(name)
    if architecture is None:
        raise ModelRefusedError(
            "unsupported", f"Architecture {name!r} is not known here. Known are {', '.join(ARCHITECTURES)}."
        )
    unknown = sorted(options.keys() - architecture.options)
    if unknown:
        raise ModelRefusedError("unsupported", f"Architecture {name} has no option {unknown[0]!r}.")
    with torch.device("meta"):
        network = architecture.network(shapes, input_shape, options)
    wanted = {key: tuple(value.shape) for key, value in network.state_dict().items()}
    for tensor in sorted(wanted.keys() | shapes.keys()):
        if tensor not in shapes:
            raise ModelRefusedError("shape_mismatch", f"The file lacks the tensor {tensor!r} of architecture {name}.")
        if tensor not in wanted:
            raise ModelRefusedError("shape_mismatch", f"Architecture {name} has no tensor {tensor!r}.")
        if wanted[tensor] != shapes[tensor]:
            raise ModelRefusedError(
                "shape_mismatch",
                f"{tensor} is {list(shapes[tensor])} in the file; for inputs of {list(input_shape)}, architecture "
                f"{name} needs {list(wanted[tensor])}.",
            )
    return network


@dataclass(frozen=True, slots=True)
class _Convolution:
    outputs: int
    kernel: int


def _image(input_shape: tuple[int, ...]) -> tuple[int, int, int]:
    if len(input_shape) != len(("channels", "height", "width")):
        raise ModelRefusedError("shape_mismatch", f"This suite's inputs, {list(input_shape)}, are no images.")
    channels, height, width = input_shape
    return channels, height, width


def _convolution(shapes: Shapes, layer: str) -> _Convolution:
    shape = _weight(shapes, layer, rank=4)
    if shape[2] != shape[3]:
        raise ModelRefusedError("shape_mismatch", f"{layer}.weight is {list(shape)}; its kernel is not square.")
    return _Convolution(shape[0], shape[2])


def _linear_outputs(shapes: Shapes, layer: str) -> int:
    return _weight(shapes, layer, rank=2)[0]


def _weight(shapes: Shapes, layer: str, rank: int) -> tuple[int, ...]:
    shape = shapes.get(f"{layer}.weight")
    if shape is None:
        raise ModelRefusedError("shape_mismatch", f"The file lacks the tensor '{layer}.weight'.")
    if len(shape) != rank or 0 in shape:
        raise ModelRefusedError("shape_mismatch", f"{layer}.weight is {list(shape)}; it needs {rank} sizes, none 0.")
    return shape


def _choice(options: Mapping[str, Any], option: str, values: Mapping[str, Any], default: str) -> Any:
    value = options.get(option, default)
    if not isinstance(value, str) or value not in values:
        raise ModelRefusedError("unsupported", f"{option} is {value!r}; known are {', '.join(values)}.")
    return values[value]


def _padding(options: Mapping[str, Any], kernel: int) -> int:
    padding = options.get("padding", 0)
    if not isinstance(padding, int) or isinstance(padding, bool) or not 0 <= padding < kernel:
        raise ModelRefusedError("unsupported", f"padding is {padding!r}; it is a whole number below {kernel}.")
    return padding
