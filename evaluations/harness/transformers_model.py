"""A safetensors checkpoint of an allow-listed transformers model, with a tokenizer of the Rust library where it reads text."""

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional
from transformers.conversion_mapping import get_model_conversion_mapping
from transformers.core_model_loading import WeightRenaming, rename_source_key
from transformers.initialization import no_init_weights

from evaluations.harness import checkpoint, placing, transformers_config
from evaluations.harness.job import Job
from evaluations.harness.messages import ModelRefusedError
from evaluations.harness.torch_model import DTYPES, make_repeatable, placed

# What older versions saved, and the model makes anew from its sizes.
MADE_ANEW = (
    ".position_ids",
    ".attn.bias",
    ".attn.masked_bias",
    ".attention.bias",
    ".attention.masked_bias",
    ".inv_freq",
)
MOST_TOKENS = 4096  # of one row: the model's own limit counts where it is smaller

Predict = Callable[[Any], np.ndarray]


def load(job: Job) -> tuple[Predict, dict[str, object]]:
    """A function from a batch (texts, or arrays of (rows, *input.shape)) to its outputs, and facts about the model.

    text-classification, image-classification: (rows, classes). text-generation: (rows, 1), the negative log-likelihood of
    the whole text in nats. Raises ModelRefusedError.
    """
    make_repeatable(job)
    dtype = DTYPES[job.dtype]
    folder = job.model.parent
    settings = transformers_config.read(folder)
    labels = None if job.task == "text-generation" else job.output.shape[0]
    make, configuration = transformers_config.build(job.task, settings, labels)
    network, device = _with_weights(job, make, dtype)
    order = _order_of_labels(settings, job.labels)
    facts = {
        "architecture": str(settings["model_type"]),
        "parameters": sum(one.numel() for one in network.parameters()),
    }
    if job.task == "image-classification":
        return _of_images(network, device, dtype), facts
    tokenizer = _tokenizer(folder)
    if job.task == "text-generation":
        first = _first_token(settings, tokenizer)
        return Documents(network, tokenizer, _most_tokens(configuration), first, device), facts
    return _of_texts(network, tokenizer, _most_tokens(configuration), settings, order, device), facts


def _with_weights(job: Job, make: Callable[[], Any], dtype: torch.dtype) -> tuple[Any, torch.device]:
    """The model with the file's weights, which must be all of its own, and no others; and where its inputs go."""
    with torch.device("meta"):
        outline = make()
    wanted = {name: tuple(value.shape) for name, value in outline.state_dict().items()}
    tied = set(outline.all_tied_weights_keys)
    # Files keep the names that a model was first saved under.
    renamings = [one for one in get_model_conversion_mapping(outline) if isinstance(one, WeightRenaming)]
    with checkpoint.opened(job.model) as weights:
        names = {rename_source_key(name, renamings, [])[0]: name for name in weights.shapes}
        names = {name: saved for name, saved in names.items() if name in wanted or not name.endswith(MADE_ANEW)}
        for name, saved in names.items():
            if name not in wanted:
                raise ModelRefusedError(
                    "shape_mismatch", f"A model of this configuration has no tensor {saved[:200]!r}."
                )
            shape = weights.shapes[saved]
            if shape != wanted[name]:
                raise ModelRefusedError(
                    "shape_mismatch",
                    f"{saved} is {list(shape)} in the file; by config.json and the suite it is {list(wanted[name])}.",
                )
        for name in sorted(wanted.keys() - names.keys() - tied):
            raise ModelRefusedError("shape_mismatch", f"The file lacks the tensor {name!r}.")
        placement = placing.place(outline, job.device, dtype)
        with no_init_weights():
            network = make()
        state = placed(names, weights, placement, dtype)
    network.load_state_dict(state, strict=False, assign=True)
    network.tie_weights()
    return placement.finish(network.to(dtype)).eval(), placement.inputs


def _tokenizer(folder: Path) -> Tokenizer:
    place = folder / "tokenizer.json"
    if not place.is_file():
        raise ModelRefusedError(
            "unsupported", "Text is read by a tokenizer.json; tokenizers of other kinds are not run."
        )
    try:
        tokenizer = Tokenizer.from_file(str(place))
    except Exception as error:
        raise ModelRefusedError("corrupt", f"tokenizer.json cannot be read: {str(error)[:300]}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _most_tokens(configuration: Any) -> int:
    """As many as the model has positions for; RoBERTa's first two stand for padding."""
    positions = int(getattr(configuration, "max_position_embeddings", 0) or MOST_TOKENS)
    if configuration.model_type == "roberta":
        positions -= int(configuration.pad_token_id) + 1
    return max(2, min(positions, MOST_TOKENS))


def _first_token(settings: dict[str, Any], tokenizer: Tokenizer) -> int:
    """What stands before a text, so that its first token, too, is foretold from something."""
    size = tokenizer.get_vocab_size()
    for name in ("bos_token_id", "eos_token_id"):
        token = settings.get(name)
        if type(token) is int and 0 <= token < size:
            return token
    raise ModelRefusedError("unsupported", "config.json names no bos_token_id or eos_token_id to begin a text with.")


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
    pad = settings.get("pad_token_id")
    pad = pad if type(pad) is int and pad >= 0 else 0
    tokenizer.enable_truncation(most)
    takes_types = "type_vocab_size" in settings and settings.get("model_type") in {"bert", "electra"}

    def predict(batch: Sequence[str]) -> np.ndarray:
        encoded = tokenizer.encode_batch(list(batch))
        longest = max(1, *(len(one.ids) for one in encoded))
        ids = torch.full((len(encoded), longest), pad)
        mask = torch.zeros_like(ids)
        types = torch.zeros_like(ids)
        for row, one in enumerate(encoded):
            length = len(one.ids)
            ids[row, :length] = torch.tensor(one.ids)
            types[row, :length] = torch.tensor(one.type_ids)
            mask[row, :length] = 1
        arguments = {"input_ids": ids.to(device), "attention_mask": mask.to(device)}
        if takes_types:
            arguments["token_type_ids"] = types.to(device)
        with torch.inference_mode():
            outputs = network(**arguments).logits.to(device="cpu", dtype=torch.float32).numpy()
        return outputs if order is None else outputs[:, order]

    return predict


class Documents:
    """How well a language model foretells texts; and it writes, for `performance`, which measures how fast.

    first: the token that stands before a text. most: how many the model reads at once.
    """

    def __init__(self, network: Any, tokenizer: Tokenizer, most: int, first: int, device: torch.device) -> None:
        self._network = network
        self._tokenizer = tokenizer
        self._most = most
        self._first = first
        self._device = device

    def __call__(self, batch: Sequence[str]) -> np.ndarray:
        return np.array([[self._loss(text)] for text in batch], np.float32)

    def _loss(self, text: str) -> float:
        tokens = self._tokenizer.encode(text, add_special_tokens=False).ids
        total = 0.0
        for context, targets in windows(tokens, self._first, self._most):
            ids = torch.tensor([context], device=self._device)
            with torch.inference_mode():
                logits = self._network(input_ids=ids, use_cache=False).logits[0, -len(targets) :].double()
                aims = torch.tensor(targets, device=logits.device)
                total += float(functional.cross_entropy(logits, aims, reduction="sum"))
        return total if math.isfinite(total) else math.inf

    def prompt(self, rows: int, tokens: int, new: int) -> torch.Tensor:
        """(rows, tokens) of token numbers, all the same: how fast a model reads does not depend on which they are."""
        if tokens + new > self._most:
            raise ModelRefusedError(
                "unsupported", f"The model has {self._most} positions; its speed is measured over {tokens + new}."
            )
        return torch.full((rows, tokens), self._first, device=self._device)

    def prefill(self, prompt: torch.Tensor) -> tuple[Any, torch.Tensor]:
        """The cache of keys and values, and (rows, 1) the most likely next tokens."""
        return self._step(prompt, None)

    def decode(self, state: tuple[Any, torch.Tensor], tokens: int) -> torch.Tensor:
        """(rows, 1) the last of them."""
        cache, ids = state
        for _ in range(tokens):
            cache, ids = self._step(ids, cache)
        return ids

    def _step(self, ids: torch.Tensor, cache: Any) -> tuple[Any, torch.Tensor]:
        with torch.inference_mode():
            outputs = self._network(input_ids=ids, past_key_values=cache, use_cache=True, logits_to_keep=1)
            return outputs.past_key_values, outputs.logits[:, -1:].argmax(dim=-1).to(self._device)


def windows(tokens: Sequence[int], first: int, most: int) -> Iterator[tuple[list[int], list[int]]]:
    """What the model reads and what it is to foretell of it, so that every token is foretold once.

    The first window begins with the token `first`; each later one reads as much before its targets as fits. Source:
    lm-evaluation-harness, `utils.get_rolling_token_windows` with a context of one token.
    """
    predicted = min(most, len(tokens))
    if predicted:
        yield [first, *tokens[: predicted - 1]], list(tokens[:predicted])
    while predicted < len(tokens):
        count = min(len(tokens) - predicted, most)
        end = predicted + count
        yield list(tokens[end - most - 1 if end > most else 0 : end - 1])[-most:], list(tokens[end - count : end])
        predicted = end
