"""How likely a causal language model finds a text, or how a text goes on."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from evaluations.harness.messages import ModelRefusedError

DELIMITER = " "  # between a context and what follows it


class Documents:
    """From texts to (rows, 1): the negative log-likelihood of each whole text in nats; and it writes, for `performance`.

    most: tokens that the model reads at once. first: the token that stands before every text.
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
        parts = windows(tokens, self._first, self._most)
        return sum(nats(self._network, context, targets, self._device) for context, targets in parts)

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


def choices(
    network: Any, tokenizer: Tokenizer, most: int, first: int, device: torch.device
) -> Callable[[Sequence[Mapping[str, Any]]], np.ndarray]:
    """From rows {context, choices} to (rows, choices): the log-likelihood of each choice after the context, in nats per byte.

    Divided by the choice's bytes, because a longer text is always less likely; and by bytes rather than tokens, so that
    tokenizers don't matter.
    """

    def likelihood(context: str, choice: str) -> float:
        read, targets = pair(tokenizer, context, DELIMITER + choice, first)
        whole = [*read, *targets][-(most + 1) :]
        targets = targets[-most:]
        return -nats(network, whole[:-1], targets, device) / len(choice.encode())

    return lambda batch: np.array(
        [[likelihood(row["context"], choice) for choice in row["choices"]] for row in batch], np.float32
    )


def pair(tokenizer: Tokenizer, context: str, continuation: str, first: int) -> tuple[list[int], list[int]]:
    """The tokens of a context, after `first`, and of what follows it, cut as the tokenizer cuts both together.

    Source: lm-evaluation-harness, `TemplateLM._encode_pair`.
    """
    whole = tokenizer.encode(context + continuation, add_special_tokens=False).ids
    alone = tokenizer.encode(context, add_special_tokens=False).ids
    return [first, *alone], list(whole[len(alone) :])


def nats(network: Any, context: Sequence[int], targets: Sequence[int], device: torch.device) -> float:
    """The negative log-likelihood of the targets, which are what follows each of the context's last tokens; inf if it is none."""
    if not targets:  # the tokenizer has drawn all of them into the context
        return 0.0
    with torch.inference_mode():
        logits = network(input_ids=torch.tensor([context], device=device), use_cache=False).logits[0, -len(targets) :]
        total = functional.cross_entropy(logits.double(), torch.tensor(targets, device=logits.device), reduction="sum")
    return float(total) if math.isfinite(total) else math.inf


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
