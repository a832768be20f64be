"""A safetensors checkpoint of an allow-listed transformers model, with a tokenizer of the Rust library where it reads text."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from tokenizers import Tokenizer
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import WeightRenaming, rename_source_key
from transformers.initialization import no_init_weights

from evaluations.harness import continuations, embeddings, masked_words, transformers_config
from evaluations.harness.job import Job
from evaluations.harness.messages import ModelRefusedError
from evaluations.harness.tokenizing import first_token, for_encoder, most_tokens, read_tokenizer
from evaluations.harness.torch_model import DTYPES, checked_weight, make_repeatable, torch_device

# What older versions saved, and the model makes anew from its sizes.
MADE_ANEW = (
    ".position_ids",
    ".attn.bias",
    ".attn.masked_bias",
    ".attention.bias",
    ".attention.masked_bias",
    ".inv_freq",
)
# What a file holds besides for other work than the suite's: whole parts of a model, by the beginning of their names.
OTHER_PARTS = {
    "fill-mask": ("cls.seq_relationship.", "pooler.", "discriminator_predictions."),
    "sentence-similarity": (
        "cls.", "lm_head.", "pooler.", "classifier.", "pre_classifier.", "vocab_transform.", "vocab_layer_norm.",
        "vocab_projector.", "generator_predictions.", "generator_lm_head.", "discriminator_predictions.",
    ),
}  # fmt: skip

Predict = Callable[[Any], np.ndarray]


@dataclass(frozen=True, slots=True)
class Model:
    """A network with its weights, ready to be asked. settings: its config.json. configuration: what was made of that.

    facts: what the result says of it.
    """

    network: Any
    settings: dict[str, Any]
    configuration: Any
    folder: Path
    device: torch.device
    dtype: torch.dtype
    facts: dict[str, object]


def load(job: Job) -> tuple[Predict, dict[str, object]]:
    """A function from a batch (texts, objects, or arrays of (rows, *input.shape)) to its outputs, and facts about the model.

    text-classification, image-classification: (rows, classes). text-generation: (rows, 1), the negative log-likelihood of
    the whole text in nats. fill-mask: see masked_words; multiple-choice: continuations; sentence-similarity: embeddings.
    Raises ModelRefusedError.
    """
    make_repeatable(job)
    model = open_model(job)
    if job.task == "image-classification":
        return _of_images(model.network, model.device, model.dtype), model.facts
    return _of_text(job, model), model.facts


def open_model(job: Job) -> Model:
    """Raises ModelRefusedError."""
    device, dtype = torch_device(job.device), DTYPES[job.dtype]
    folder = job.model.parent
    settings = transformers_config.read(folder)
    labels = job.output.shape[0] if job.task in transformers_config.CLASSIFICATIONS else None
    make, configuration = transformers_config.build(job.task, settings, labels)
    network = _with_weights(job, make, dtype).to(device).eval()
    facts: dict[str, object] = {
        "architecture": str(settings["model_type"]),
        "parameters": sum(one.numel() for one in network.parameters()),
    }
    return Model(network, settings, configuration, folder, device, dtype, facts)


def _of_text(job: Job, model: Model) -> Predict:
    network, settings, device = model.network, model.settings, model.device
    tokenizer, most = read_tokenizer(model.folder), most_tokens(model.configuration)
    match job.task:
        case "text-generation":
            return continuations.documents(network, tokenizer, most, first_token(settings, tokenizer), device)
        case "multiple-choice":
            return continuations.choices(network, tokenizer, most, first_token(settings, tokenizer), device)
        case "fill-mask":
            return masked_words.predictor(network, tokenizer, most, settings, job.labels, device, job.batch_size)
        case "sentence-similarity":
            layout, width = embeddings.read_layout(model.folder), job.output.shape[-1]
            return embeddings.predictor(network, tokenizer, most, settings, layout, width, device)
        case _:
            order = _order_of_labels(settings, job.labels)
            return _of_texts(network, tokenizer, most, settings, order, device)


def _with_weights(job: Job, make: Callable[[], Any], dtype: torch.dtype) -> Any:
    """The model with the file's weights, which must be all of its own, and no others."""
    with torch.device("meta"):
        outline = make()
    wanted = {name: tuple(value.shape) for name, value in outline.state_dict().items()}
    tied = set(outline.all_tied_weights_keys)
    # Files keep the names that a model was first saved under.
    renamings = [one for one in get_model_conversion_mapping(outline) if isinstance(one, WeightRenaming)]
    with safe_open(job.model, framework="pt") as file:
        names = {rename_source_key(name, renamings, [])[0]: name for name in file.keys()}  # noqa: SIM118 - no mapping
        names = _of_this_work(names, wanted, outline.base_model_prefix, OTHER_PARTS.get(job.task, ()))
        for name, saved in names.items():
            if name not in wanted:
                raise ModelRefusedError(
                    "shape_mismatch", f"A model of this configuration has no tensor {saved[:200]!r}."
                )
            shape = tuple(file.get_slice(saved).get_shape())
            if shape != wanted[name]:
                raise ModelRefusedError(
                    "shape_mismatch",
                    f"{saved} is {list(shape)} in the file; by config.json and the suite it is {list(wanted[name])}.",
                )
        for name in sorted(wanted.keys() - names.keys() - tied):
            raise ModelRefusedError("shape_mismatch", f"The file lacks the tensor {name!r}.")
        with no_init_weights():
            network = make()
        weights = {name: checked_weight(name, file.get_tensor(saved), dtype) for name, saved in names.items()}
    network.load_state_dict(weights, strict=False, assign=True)
    network.tie_weights()
    return network.to(dtype)


def _of_this_work(
    names: Mapping[str, str], wanted: Collection[str], base: str, others: tuple[str, ...]
) -> dict[str, str]:
    """The tensors that the suite's work needs, by the names that the model knows them by, and whatever nobody knows.

    names: {name: its name in the file}. base: what a model with a head puts before the names of the one without. others: parts
    that are passed over.
    """
    found = {}
    for name, saved in names.items():
        bare = name.removeprefix(f"{base}.")
        if name in wanted:
            found[name] = saved
        elif bare in wanted:
            found[bare] = saved
        elif not (name.endswith(MADE_ANEW) or bare.startswith(others)):
            found[name] = saved
    return found


def _order_of_labels(settings: dict[str, Any], labels: Sequence[str]) -> list[int] | None:
    """The model's columns in the suite's order, where config.json names its classes as the suite does."""
    named = settings.get("id2label")
    if not labels or not isinstance(named, dict):
        return None
    position = {str(label).casefold(): int(key) for key, label in named.items() if str(key).isdigit()}
    order = [position.get(label.casefold()) for label in labels]
    return (
        [place for place in order if place is not None]
        if sorted(position.values()) == sorted(place for place in order if place is not None)
        else None
    )


def _of_images(network: Any, device: torch.device, dtype: torch.dtype) -> Predict:
    def predict(batch: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            outputs = network(pixel_values=torch.from_numpy(batch).to(device=device, dtype=dtype)).logits
            return outputs.to(device="cpu", dtype=torch.float32).numpy()

    return predict


def _of_texts(
    network: Any,
    tokenizer: Tokenizer,
    most: int,
    settings: dict[str, Any],
    order: list[int] | None,
    device: torch.device,
) -> Predict:
    tokenizer.enable_truncation(most)

    def predict(batch: Sequence[str]) -> np.ndarray:
        encoded = tokenizer.encode_batch(list(batch))
        arguments = for_encoder([one.ids for one in encoded], [one.type_ids for one in encoded], settings, device)
        with torch.inference_mode():
            outputs = network(**arguments).logits.to(device="cpu", dtype=torch.float32).numpy()
        return outputs if order is None else outputs[:, order]

    return predict
