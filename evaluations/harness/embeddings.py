"""One vector for a text, from an encoder's vectors of its tokens, as sentence-transformers' files say or by their mean."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from evaluations.harness.messages import ModelRefusedError
from evaluations.harness.tokenizing import for_encoder

# What a modules.json may list, by the last word of its type. A cosine is the same after Normalize.
MODULES = {"Transformer", "Pooling", "Normalize"}
POOLINGS = {"cls": "pooling_mode_cls_token", "max": "pooling_mode_max_tokens", "mean": "pooling_mode_mean_tokens"}
MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Layout:
    """pooling: one of POOLINGS. most: tokens of a text that count, None for as many as the model holds."""

    pooling: str = "mean"
    most: int | None = None
    lower_case: bool = False


def read_layout(folder: Path) -> Layout:
    """What sentence-transformers' files say, each read by the keys that are known here. Raises ModelRefusedError.

    Without them the mean is taken.
    """
    names = [_last_word(module) for module in _listed(folder)]
    for name in names:
        if name not in MODULES:
            raise ModelRefusedError(
                "unsupported", f"modules.json lists a {name[:60]!r}; run here are {', '.join(sorted(MODULES))}."
            )
    pooling = _pooling(_object(folder / "1_Pooling" / "config.json"), named="Pooling" in names)
    settings = _object(folder / "sentence_bert_config.json") or {}
    most = settings.get("max_seq_length")
    if most is not None and (type(most) is not int or most < 2):
        raise ModelRefusedError("unsupported", "max_seq_length in sentence_bert_config.json is no number of tokens.")
    return Layout(pooling, most, settings.get("do_lower_case") is True)


def predictor(
    network: Any,
    tokenizer: Tokenizer,
    most: int,
    settings: dict[str, Any],
    layout: Layout,
    width: int,
    device: torch.device,
) -> Callable[[Sequence[Mapping[str, str]]], np.ndarray]:
    """From rows {query, passage} to (rows, 2, width): the embedding of each text.

    A narrower embedding is filled up with zeros, which changes no cosine. Raises ModelRefusedError if it is wider.
    """
    size = int(network.config.hidden_size)
    if size > width:
        raise ModelRefusedError("shape_mismatch", f"The model's embeddings are {size} wide; this suite takes {width}.")
    tokenizer.enable_truncation(min(most, layout.most or most))

    def predict(batch: Sequence[Mapping[str, str]]) -> np.ndarray:
        texts = [text for row in batch for text in (row["query"], row["passage"])]
        encoded = tokenizer.encode_batch([text.lower() if layout.lower_case else text for text in texts])
        arguments = for_encoder([one.ids for one in encoded], [one.type_ids for one in encoded], settings, device)
        with torch.inference_mode():
            tokens = network(**arguments).last_hidden_state.float()
            vectors = pooled(tokens, arguments["attention_mask"], layout.pooling)
        found = np.zeros((len(batch), 2, width), np.float32)
        found[..., :size] = vectors.cpu().numpy().reshape(len(batch), 2, size)
        return found

    return predict


def pooled(tokens: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """(rows, size). tokens: (rows, longest, size) vectors. mask: (rows, longest), 1 where there is a token.

    Source: Reimers and Gurevych, 2019, "Sentence-BERT", section 3.
    """
    counts = mask[..., None].to(tokens.dtype)
    match pooling:
        case "cls":
            return tokens[:, 0]
        case "max":
            return tokens.masked_fill(counts == 0, -torch.inf).amax(dim=1)
        case _:
            return (tokens * counts).sum(dim=1) / counts.sum(dim=1).clamp(min=1)


def _pooling(settings: dict[str, Any] | None, *, named: bool) -> str:
    if settings is None:
        if named:
            raise ModelRefusedError(
                "unsupported", "modules.json lists a Pooling, and 1_Pooling/config.json is missing."
            )
        return "mean"
    chosen = {key for key, value in settings.items() if key.startswith("pooling_mode_") and value is True}
    known = [name for name, key in POOLINGS.items() if key in chosen or settings.get("pooling_mode") == name]
    if len(known) != 1 or len(chosen) > 1:
        raise ModelRefusedError(
            "unsupported", f"1_Pooling/config.json must choose one of {', '.join(POOLINGS)}, and nothing besides."
        )
    return known[0]


def _listed(folder: Path) -> list[Any]:
    listed = _json(folder / "modules.json")
    if listed is None:
        return []
    if not isinstance(listed, list):
        raise ModelRefusedError("corrupt", "modules.json is not a list.")
    return listed


def _last_word(module: Any) -> str:
    kind = module.get("type") if isinstance(module, dict) else None
    return str(kind).rpartition(".")[2]


def _object(place: Path) -> dict[str, Any] | None:
    found = _json(place)
    if found is not None and not isinstance(found, dict):
        raise ModelRefusedError("corrupt", f"{place.name} is not a JSON object.")
    return found


def _json(place: Path) -> Any:
    """None if there is no such file. Raises ModelRefusedError."""
    if not place.is_file():
        return None
    if place.stat().st_size > MAX_BYTES:
        raise ModelRefusedError("unsupported", f"{place.name} has over {MAX_BYTES} bytes.")
    try:
        return json.loads(place.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelRefusedError("corrupt", f"{place.name} is not valid JSON.") from error
