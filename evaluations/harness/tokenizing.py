"""Text for a language model: its tokenizer.json, read by the Rust library alone, and what a model can hold of its tokens."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from evaluations.harness.messages import ModelRefusedError

MOST_TOKENS = 4096  # of one row: the model's own limit counts where it is smaller
POSITIONS_AFTER_PADDING = {"roberta", "xlm-roberta", "mpnet"}  # their first position is the one after pad_token_id's


def read_tokenizer(folder: Path) -> Tokenizer:
    """The repository's, without padding or truncation of its own. Raises ModelRefusedError."""
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


def most_tokens(configuration: Any) -> int:
    """As many as the model has positions for."""
    positions = int(getattr(configuration, "max_position_embeddings", 0) or MOST_TOKENS)
    if configuration.model_type in POSITIONS_AFTER_PADDING:
        positions -= int(configuration.pad_token_id) + 1
    return max(2, min(positions, MOST_TOKENS))


def first_token(settings: dict[str, Any], tokenizer: Tokenizer) -> int:
    """What stands before a text, so that its first token, too, is foretold from something. Raises ModelRefusedError."""
    size = tokenizer.get_vocab_size()
    for name in ("bos_token_id", "eos_token_id"):
        token = settings.get(name)
        if type(token) is int and 0 <= token < size:
            return token
    raise ModelRefusedError("unsupported", "config.json names no bos_token_id or eos_token_id to begin a text with.")


def padding_token(settings: dict[str, Any]) -> int:
    pad = settings.get("pad_token_id")
    return pad if type(pad) is int and pad >= 0 else 0


def padded(rows: Sequence[Sequence[int]], fill: int) -> torch.Tensor:
    """(rows, longest) whole numbers, each row filled up at its end."""
    longest = max(1, *(len(row) for row in rows))
    return torch.tensor([[*row, *[fill] * (longest - len(row))] for row in rows])


def for_encoder(
    rows: Sequence[Sequence[int]], types: Sequence[Sequence[int]], settings: dict[str, Any], device: torch.device
) -> dict[str, torch.Tensor]:
    """The arguments of an encoder: tokens, which of them count, and of which sentence each is where the model asks for that."""
    arguments = {
        "input_ids": padded(rows, padding_token(settings)),
        "attention_mask": padded([[1] * len(row) for row in rows], 0),
    }
    if "type_vocab_size" in settings and settings.get("model_type") in {"bert", "electra"}:
        arguments["token_type_ids"] = padded(types, 0)
    return {name: value.to(device) for name, value in arguments.items()}
