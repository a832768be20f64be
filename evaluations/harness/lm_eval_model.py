"""The optional engine `lm_eval`: EleutherAI's lm-evaluation-harness asks, a model that was opened here answers.

A suite's member `lm_eval` is the task as that harness knows tasks: how a row becomes a text and its choices. It comes from the
hub's operator with the suite's file, and nothing else does: the harness's own tasks are left out, it looks nothing up and loads
no data set, model or tokenizer of its own. It is told no answers, either. What it finds is each row's log-likelihoods, in the
shape of the native engine's, and the supervisor makes the score of them. Source: https://github.com/EleutherAI/lm-evaluation-harness
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from lm_eval import utils
from lm_eval.api.model import TemplateLM
from lm_eval.evaluator import evaluate
from lm_eval.tasks import TaskManager
from tokenizers import Tokenizer

from evaluations.harness.job import Job
from evaluations.harness.messages import ModelRefusedError
from evaluations.harness.tokenizing import first_token, most_tokens, read_tokenizer
from evaluations.harness.torch_model import make_repeatable
from evaluations.harness.transformers_model import open_model

NAME = "suite"
# What it is to compute for itself: something of the output type that no number can make fail.
METRICS = {"loglikelihood_rolling": "bits_per_byte", "multiple_choice": "acc"}

Predict = Callable[[Sequence[Any]], np.ndarray]


def load(job: Job) -> tuple[Predict, dict[str, object]]:
    """From rows, texts or objects, to (rows, 1) negative log-likelihoods in nats (`loglikelihood_rolling`), or to (rows, choices)
    log-likelihoods in nats per byte of the choice (`multiple_choice`). Raises ModelRefusedError."""
    if job.loader != "transformers":
        raise ModelRefusedError(
            "unsupported", "lm_eval runs language models of transformers: safetensors beside their config.json."
        )
    make_repeatable(job)
    model = open_model(job)
    tokenizer = read_tokenizer(model.folder)
    first, most = first_token(model.settings, tokenizer), most_tokens(model.configuration)
    answerer = Answerer(model.network, tokenizer, most, first, model.device)
    manager = TaskManager(include_defaults=False)
    settings = job.lm_eval
    rolling = settings["output_type"] == "loglikelihood_rolling"

    def predict(batch: Sequence[Any]) -> np.ndarray:
        rows = [row if isinstance(row, dict) else {"text": row} for row in batch]
        task = {
            **settings,
            "task": NAME,
            "custom_dataset": lambda **_: {"test": Dataset.from_list(rows)},
            "test_split": "test",
            "num_fewshot": 0,
            "metric_list": [{"metric": METRICS[settings["output_type"]]}],
        }
        answers = evaluate(answerer, manager.load([task]), log_samples=True, bootstrap_iters=0)
        samples = sorted(answers["samples"][NAME], key=lambda sample: int(sample["doc_id"]))
        found = [_nats(sample) if rolling else _nats_per_byte(sample, settings) for sample in samples]
        return np.array(found, np.float32)

    return predict, model.facts


def _nats(sample: dict[str, Any]) -> list[float]:
    (((found,),),) = (sample["resps"],)
    return [-float(found)]


def _nats_per_byte(sample: dict[str, Any], settings: dict[str, Any]) -> list[float]:
    delimiter = settings.get("target_delimiter", " ")
    choices = [choice.removeprefix(delimiter) for _, choice in sample["arguments"]]
    found = [float(likelihood) for ((likelihood, _),) in sample["resps"]]
    return [likelihood / len(choice.encode()) for likelihood, choice in zip(found, choices, strict=True)]


class Answerer(TemplateLM):  # type: ignore[misc,unused-ignore]
    """A model as lm_eval speaks to it: how it cuts and windows texts is lm_eval's, one text at a time goes through the model.

    most: tokens that the model holds. first: the token before every text.
    """

    def __init__(self, network: Any, tokenizer: Tokenizer, most: int, first: int, device: torch.device) -> None:
        super().__init__()
        self._network, self._tokenizer, self._most, self._first = network, tokenizer, most, first
        self._device = device

    @property
    def eot_token_id(self) -> int:
        return self._first

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **_: Any) -> list[int]:
        tokens = list(self._tokenizer.encode(string, add_special_tokens=False).ids)
        return tokens if add_special_tokens is False else [self._first, *tokens]

    def loglikelihood_rolling(self, requests: Any, disable_tqdm: bool = False) -> list[float]:
        return [self._whole(*request.args) for request in requests]

    def generate_until(self, requests: Any, disable_tqdm: bool = False) -> list[str]:
        raise ModelRefusedError("unsupported", "Only likelihoods are asked for here; nothing is generated.")

    def _whole(self, text: str) -> float:
        tokens = self.tok_encode(text, add_special_tokens=False)
        windows = utils.get_rolling_token_windows(tokens, self._first, max_seq_len=self._most, context_len=1)
        return sum(self._after(*utils.make_disjoint_window(window))[0] for window in windows)

    def _loglikelihood_tokens(self, requests: Any, **_: Any) -> list[tuple[float, bool]]:
        return [self._after(context, targets) for _, context, targets in requests]

    def _after(self, context: list[int], targets: list[int]) -> tuple[float, bool]:
        """The log-likelihood of the targets after the context, and whether each is the most likely one."""
        read = torch.tensor([[*context, *targets][-(self._most + 1) :][:-1]], device=self._device)
        wanted = torch.tensor(targets[-self._most :], device=self._device)
        with torch.inference_mode():
            logits = self._network(input_ids=read, use_cache=False).logits[0, read.shape[1] - len(wanted) :]
            logs = logits.double().log_softmax(-1)
        is_greedy = bool((logs.argmax(-1) == wanted).all())
        return float(logs.gather(1, wanted[:, None]).sum()), is_greedy
