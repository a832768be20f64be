"""Trains the demo's model, a small CNN on scikit-learn's digits: `python -m evaluations.harness.demo FOLDER`.

Writes model.safetensors and model.onnx (input `x`, output `logits`) into FOLDER, and says on standard output how far it
is, one line per step. It sees the training rows alone: the suite `digits-image-classification` holds the other 540.
"""

import sys
import warnings
from pathlib import Path

import torch
from safetensors.torch import save_file
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional

from evaluations.harness.architectures import DigitsCnn

SHAPES = {
    "c1.weight": (32, 1, 3, 3),
    "c2.weight": (64, 32, 3, 3),
    "f1.weight": (128, 256),
    "f2.weight": (10, 128),
}
INPUT_SHAPE = (1, 8, 8)
EPOCHS = 20
BATCH_SIZE = 32


def main() -> None:
    folder = Path(sys.argv[1])
    torch.manual_seed(0)
    torch.set_num_threads(1)  # the hub it is made for runs beside it
    network = DigitsCnn(SHAPES, INPUT_SHAPE, {})
    train(network, *training_rows())
    save_file(network.state_dict(), folder / "model.safetensors", metadata={"format": "pt"})
    export(network, folder / "model.onnx")
    say("exported to ONNX")


def training_rows() -> tuple[Tensor, Tensor]:
    """x: (1257, 1, 8, 8) float32 from 0 to 1. y: (1257,) int64."""
    digits = load_digits()
    images, _, labels, _ = train_test_split(
        digits.images, digits.target, test_size=0.3, random_state=0, stratify=digits.target
    )
    return torch.tensor(images / 16, dtype=torch.float32).unsqueeze(1), torch.tensor(labels, dtype=torch.int64)


def train(network: nn.Module, x: Tensor, y: Tensor) -> None:
    """Adam with a decaying rate; images shifted by up to a pixel, since writers do not centre theirs either."""
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    network.train()
    for epoch in range(1, EPOCHS + 1):
        total = 0.0
        for rows in torch.randperm(len(x)).split(BATCH_SIZE):
            loss = functional.cross_entropy(network(shifted(x[rows])), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        schedule.step()
        if epoch % 5 == 0:
            say(f"epoch {epoch} of {EPOCHS}, loss {total / len(x):.4f}")
    network.eval()


def shifted(images: Tensor) -> Tensor:
    """Each batch moved by -1, 0 or 1 pixel each way, zeros moving in. images: (rows, 1, 8, 8)."""
    down, right = torch.randint(0, 3, (2,)).tolist()
    padded = functional.pad(images, (1, 1, 1, 1))
    return padded[:, :, down : down + images.shape[2], right : right + images.shape[3]]


def export(network: nn.Module, path: Path) -> None:
    """Any number of rows at once, in one file of the standard op domain."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            network,
            (torch.zeros(2, *INPUT_SHAPE),),
            input_names=["x"],
            output_names=["logits"],
            dynamic_shapes=({0: torch.export.Dim("rows")},),
            external_data=False,
            verbose=False,
        )
    if program is None:
        raise RuntimeError("torch.onnx gave no program.")
    program.save(path)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
