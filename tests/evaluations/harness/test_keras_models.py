"""Models of Keras, in the real child: those of the hub's reference, images however they are laid out, and what does not fit."""

from pathlib import Path

import numpy as np
import pytest

from evaluations import sandbox, suite_files
from evaluations.harness import image_layouts
from evaluations.harness.messages import ModelRefusedError
from tests.evaluations import keras_files
from tests.evaluations.running import EXPECTED, correct, failure, need_bwrap, predict, reference

ROWS = suite_files.read(suite_files.FOLDER / "digits-sequence-classification.yaml")


def test_a_recurrent_model_with_its_optimiser_scores_exactly_its_figure_in_the_sandbox(tmp_path: Path):
    need_bwrap()
    files = {"model.keras": reference("digits_gru.keras")}
    predictions, report = predict(tmp_path, files, suite=ROWS, backend=sandbox.Backend.BWRAP)
    assert correct(predictions, ROWS) == EXPECTED["digits_gru.keras"]["correct"] == 533
    assert report.model == {"architecture": "keras-functional", "parameters": 2826}
    assert report.environment["packages"]["keras"].startswith("3.")


def test_a_grey_image_may_be_taken_without_its_channel(tmp_path: Path):
    generator = np.random.default_rng(0)
    weights, bias = generator.normal(size=(64, 10)).astype("f4"), generator.normal(size=10).astype("f4")
    predictions, _ = predict(tmp_path, {"model.keras": keras_files.linear([8, 8], weights, bias)})
    inputs = np.load(tmp_path / "inputs.npy").reshape(540, 64)
    np.testing.assert_allclose(predictions, inputs @ weights + bias, rtol=1e-4, atol=1e-4)


IMAGES = np.arange(2 * 1 * 3 * 4).reshape(2, 1, 3, 4)
COLOURS = np.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4)


@pytest.mark.parametrize(
    ("declared", "batch", "expected"),
    [
        ((1, 3, 4), IMAGES, IMAGES),
        ((3, 4, 1), IMAGES, IMAGES.reshape(2, 3, 4, 1)),
        ((3, 4), IMAGES, IMAGES.reshape(2, 3, 4)),
        ((4, 4, 3), COLOURS, COLOURS.transpose(0, 2, 3, 1)),
        ((None, None, 3), COLOURS, COLOURS.transpose(0, 2, 3, 1)),
        ((None, None, None), COLOURS, COLOURS.transpose(0, 2, 3, 1)),
        ((3, None, None), COLOURS, COLOURS),
        ((None, 4), IMAGES[:, 0], IMAGES[:, 0]),
    ],
)
def test_the_shape_that_a_model_declares_decides_how_images_are_laid_out(
    declared: tuple[int | None, ...], batch: np.ndarray, expected: np.ndarray
):
    arranged = image_layouts.arrangement(declared, batch.shape[1:])(batch)
    np.testing.assert_array_equal(arranged, expected)


@pytest.mark.parametrize("declared", [(4, 3, 1), (3, 4, 3), (12,), (4, 4), (1, 3, 4, 1), ()])
def test_a_model_for_images_of_another_shape_is_told_what_the_suite_gives(declared: tuple[int, ...]):
    with pytest.raises(ModelRefusedError, match=r"the suite gives \['N', 1, 3, 4\] or \['N', 3, 4, 1\]"):
        image_layouts.arrangement(declared, (1, 3, 4))


def test_layers_that_need_other_weights_than_the_file_holds_are_refused_before_they_take_memory(tmp_path: Path):
    linear = keras_files.linear([1, 8, 8], np.zeros((64, 10), "f4"), np.zeros(10, "f4"), units=10**12)
    failed = failure(tmp_path, {"model.keras": linear})
    assert (failed.code, str(failed)) == (
        "shape_mismatch",
        "The layers of config.json need 65000000000000 weights; the file holds 650.",
    )
