"""Which word was left out of a passage, by a masked language model, whatever its tokenizer makes of words."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from tokenizers import Encoding, Tokenizer

from evaluations.harness.messages import ModelRefusedError
from evaluations.harness.tokenizing import for_encoder

MASKS = ("[MASK]", "<mask>")  # as BERT and RoBERTa call it, and all that follow them


def predictor(
    network: Any,
    tokenizer: Tokenizer,
    most: int,
    settings: dict[str, Any],
    candidates: Sequence[str],
    device: torch.device,
    at_once: int,
) -> Callable[[Sequence[Mapping[str, str]]], np.ndarray]:
    """From rows {before, after} to (rows, candidates): the natural logarithm of each candidate's probability between the two.

    A candidate is put into the passage, and each of its tokens is masked; its log-probability is the sum of theirs, all foretold
    at once (Salazar et al., 2020, "Masked language model scoring", score one token at a time instead). So words are compared, not
    tokens, and candidates of as many tokens share one look of the model. most: tokens that the model holds; of a longer passage,
    what is nearest to the word. at_once: passages in one look. Raises ModelRefusedError.
    """
    mask = next((token for name in MASKS if (token := tokenizer.token_to_id(name)) is not None), None)
    if mask is None:
        raise ModelRefusedError(
            "unsupported", f"tokenizer.json has no token {' or '.join(MASKS)} to leave a word out by."
        )

    def predict(batch: Sequence[Mapping[str, str]]) -> np.ndarray:
        found = np.empty((len(batch), len(candidates)), np.float32)
        # {the masked passage: [(row, candidate, {place: token})]}
        asked: dict[tuple[int, ...], list[tuple[int, int, dict[int, int]]]] = defaultdict(list)
        for row, passage in enumerate(batch):
            before, after = passage["before"], passage["after"]
            encoded = tokenizer.encode_batch([before + word + after for word in candidates])
            for column, (word, one) in enumerate(zip(candidates, encoded, strict=True)):
                ids, hidden = _around(one, _tokens_of(one, len(before), len(before) + len(word)), most)
                masked = tuple(mask if place in hidden else token for place, token in enumerate(ids))
                asked[masked].append((row, column, hidden))
        passages = list(asked)
        for start in range(0, len(passages), at_once):
            part = passages[start : start + at_once]
            arguments = for_encoder(part, [[0] * len(one) for one in part], settings, device)
            with torch.inference_mode():
                logits = network(**arguments).logits
            for values, passage_ids in zip(logits, part, strict=True):
                places = [place for place, token in enumerate(passage_ids) if token == mask]
                logs = values[places].double().log_softmax(-1).cpu().numpy()
                at = {place: line for line, place in enumerate(places)}
                for row, column, hidden in asked[passage_ids]:
                    found[row, column] = sum(logs[at[place], token] for place, token in hidden.items())
        return found

    return predict


def _tokens_of(encoded: Encoding, start: int, end: int) -> list[int]:
    """The places of the tokens that hold any of the text from start to end."""
    return [
        place
        for place, (first, last) in enumerate(encoded.offsets)
        if first < end and last > start and not encoded.special_tokens_mask[place]
    ]


def _around(encoded: Encoding, places: Sequence[int], most: int) -> tuple[list[int], dict[int, int]]:
    """The tokens that are nearest to these places, special ones at both ends kept; and {place among them: token}."""
    if not places:
        raise ModelRefusedError("unsupported", "tokenizer.json makes no token of a word.")
    ids, special = list(encoded.ids), encoded.special_tokens_mask
    head = list(_run(range(len(ids)), special))
    tail = sorted(_run(reversed(range(len(ids))), special))
    room = max(most - len(head) - len(tail), len(places))
    first, last = len(head), len(ids) - len(tail)
    if last - first > room:
        middle = (places[0] + places[-1] + 1) // 2
        first = min(max(first, middle - room // 2), last - room)
        last = first + room
    kept = [*head, *range(first, last), *tail]
    inside = {place: new for new, place in enumerate(kept)}
    return [ids[place] for place in kept], {inside[place]: ids[place] for place in places if place in inside}


def _run(places: Any, special: Sequence[int]) -> Iterator[int]:
    for place in places:
        if not special[place]:
            return
        yield place
