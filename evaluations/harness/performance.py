"""How fast the model is on this machine, after MLPerf Inference, shortened: what was measured, as it was measured.

    single       one row at a time: the latency of each query
    offline      more rows at a time, from the suite's list of batch sizes, until that gains little or memory would end
    generation   of a language model: seconds to the first new token and for the others, at fixed lengths

Each is warmed up, then measured REPEATS times for the suite's `min_s`; the whole ends after its `max_s`. Medians, spreads
and whether a number is fit to be shown are the supervisor's to say. Source: Reddi et al., 2020, "MLPerf Inference Benchmark".
"""

import gc
import resource
import sys
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evaluations.harness import energy
from evaluations.harness.messages import ModelRefusedError

REPEATS = 3
GAIN = 1.03  # of a larger batch over the best before it, to go on
MOST_QUERIES = 50_000
MEMORY_SHARE = 0.8  # of what the supervisor allows: it ends a child that takes more
SHARED_BYTES = 2 * 1024**3  # on the GPU and not ours: more than a context and the libraries take

Batch = Any  # (rows, *input.shape), or so many texts
Query = Callable[[], object]


@runtime_checkable
class Generator(Protocol):
    """A loaded language model that can also write."""

    def prompt(self, rows: int, tokens: int, new: int) -> Any:
        """Prompts of that length on the device. Raises ModelRefusedError if the model has too few positions."""

    def prefill(self, prompt: Any) -> Any:
        """Read the prompts and choose one new token for each; what `decode` goes on from."""

    def decode(self, state: Any, tokens: int) -> object:
        """Write so many more, for each prompt."""


class _TimeIsUpError(Exception):
    """The suite's `max_s` ended before all was measured."""


def measure(
    plan: dict[str, Any],
    predict: Callable[[Batch], np.ndarray],
    inputs: np.ndarray | Sequence[str],
    *,
    memory_limit: int,
    alive: Callable[[], None],
) -> dict[str, Any]:
    """What was measured, in seconds: the content of the message "perf".

    plan: the suite's `perf`. memory_limit: bytes that the process may take. alive: called before each repeat, so that the
    supervisor does not take the process for stuck. Raises ModelRefusedError.
    """
    measuring = _Measuring(plan, predict, inputs, memory_limit, alive)
    gc.collect()
    try:
        for scenario in plan["scenarios"]:
            getattr(measuring, scenario)()
    except _TimeIsUpError:
        measuring.found["stopped"] = "time"
    measuring.found["gpu_shared"] = _gpu_is_shared()
    return measuring.found


class _Measuring:
    def __init__(
        self,
        plan: dict[str, Any],
        predict: Callable[[Batch], np.ndarray],
        inputs: np.ndarray | Sequence[str],
        memory_limit: int,
        alive: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._predict = predict
        self._inputs = inputs
        self._memory_limit = memory_limit
        self._alive = alive
        self._deadline = time.perf_counter() + plan["max_s"]
        self.found: dict[str, Any] = {
            "single": [], "sweep": [], "offline": [], "generation": [], "energy": [], "stopped": "end",
        }  # fmt: skip
        self._joules = energy.counter(_torch_on_gpu())

    def single(self) -> None:
        query = self._query(1)
        self._warm_up(query)
        before = self._joules_now()
        for _ in range(REPEATS):
            seconds = self._timed(query)
            p50, p90, p99 = np.percentile(seconds, [50, 90, 99])
            self.found["single"].append(
                {"queries": len(seconds), "p50": float(p50), "p90": float(p90), "p99": float(p99)}
            )
        self._note_energy("single", before, sum(repeat["queries"] for repeat in self.found["single"]))

    def offline(self) -> None:
        best = 0.0
        best_size = self._plan["batch_sizes"][0]
        base = _resident_peak()
        for size in self._plan["batch_sizes"]:
            if self.found["sweep"] and not self._fits(base, self.found["sweep"][-1]["batch_size"], size):
                self.found["stopped"] = "memory"
                break
            try:
                part = self._rate(size, self._warm_up)
            except Exception as error:
                if not self.found["sweep"] or not _is_out_of_memory(error):
                    raise
                self.found["stopped"] = "memory"
                break
            self.found["sweep"].append(part)
            rate = part["items"] / part["seconds"]
            enough = best > 0 and rate < GAIN * best
            if rate > best:
                best, best_size = rate, size
            if enough:
                self.found["stopped"] = "gain"
                break
        before = self._joules_now()
        for _ in range(REPEATS):
            self.found["offline"].append(self._rate(best_size))
        self._note_energy("offline", before, sum(repeat["items"] for repeat in self.found["offline"]))

    def generation(self) -> None:
        lengths = self._plan["generation"]
        writer = self._writer()
        prompt = writer.prompt(1, lengths["prompt_tokens"], lengths["new_tokens"])

        def write() -> tuple[float, float]:
            started = time.perf_counter()
            state = writer.prefill(prompt)
            _synchronize()
            first = time.perf_counter()
            writer.decode(state, lengths["new_tokens"] - 1)
            _synchronize()
            return first - started, time.perf_counter() - first

        self._warm_up(write)
        before = self._joules_now()
        for _ in range(REPEATS):
            self._begin()
            parts = [write()]
            while sum(map(sum, parts)) < self._plan["min_s"] and len(parts) < MOST_QUERIES:
                parts.append(write())
            first, rest = np.median(parts, axis=0)
            self.found["generation"].append({"queries": len(parts), "first_token": float(first), "decode": float(rest)})
        written = sum(repeat["queries"] for repeat in self.found["generation"]) * lengths["new_tokens"]
        self._note_energy("generation", before, written)

    def _joules_now(self) -> float | None:
        return self._joules() if self._joules else None

    def _note_energy(self, scenario: str, before: float | None, items: int) -> None:
        """Of the repeats of a scenario. items: rows, or tokens written."""
        now = self._joules_now()
        if before is not None and now is not None and now > before:
            self.found["energy"].append({"scenario": scenario, "joules": now - before, "items": items})

    def _rate(self, size: int, warm_up: Callable[[Query], None] | None = None) -> dict[str, Any]:
        query = self._query(size)
        if warm_up:
            warm_up(query)
        seconds = self._timed(query)
        return {"batch_size": size, "items": len(seconds) * size * self._items_per_row(), "seconds": sum(seconds)}

    def _query(self, size: int) -> Query:
        """One query of so many rows: whichever come next of the suite's inputs, or a text to be written."""
        if isinstance(self._predict, Generator) and "generation" in self._plan:
            return self._writing(self._predict, size)
        rows = len(self._inputs)
        if size > rows:
            batches = [_repeated(self._inputs, size)]
        else:
            batches = [self._inputs[start : start + size] for start in range(0, rows - size + 1, size)]
        coming = cycle(batches)

        def query() -> None:
            self._predict(next(coming))
            _synchronize()

        return query

    def _writing(self, writer: Generator, rows: int) -> Query:
        lengths = self._plan["generation"]
        prompt = writer.prompt(rows, lengths["prompt_tokens"], lengths["new_tokens"])

        def query() -> None:
            writer.decode(writer.prefill(prompt), lengths["new_tokens"] - 1)
            _synchronize()

        return query

    def _writer(self) -> Generator:
        if not isinstance(self._predict, Generator):
            raise ModelRefusedError("unsupported", "Only language models are measured by what they write.")
        return self._predict

    def _items_per_row(self) -> int:
        """Samples, or tokens of a language model."""
        is_writing = isinstance(self._predict, Generator) and "generation" in self._plan
        return int(self._plan["generation"]["new_tokens"]) if is_writing else 1

    def _warm_up(self, query: Query) -> None:
        self._begin()
        ends = time.perf_counter() + self._plan["warmup_s"]
        query()
        while time.perf_counter() < ends:
            query()

    def _timed(self, query: Query) -> list[float]:
        """The seconds of each query, for `min_s` and at least one."""
        self._begin()
        seconds: list[float] = []
        begun = before = time.perf_counter()
        while not seconds or (before - begun < self._plan["min_s"] and len(seconds) < MOST_QUERIES):
            query()
            now = time.perf_counter()
            seconds.append(now - before)
            before = now
        return seconds

    def _begin(self) -> None:
        self._alive()
        if time.perf_counter() > self._deadline:
            raise _TimeIsUpError

    def _fits(self, base: int, size: int, larger: int) -> bool:
        """Whether a larger batch likely fits, if memory grows as it has since the sweep began."""
        peak = _resident_peak()
        return peak + (peak - base) * (larger / size - 1) < MEMORY_SHARE * self._memory_limit


def peak_memory() -> dict[str, int | None]:
    """Bytes: process_peak as the system counts it; allocated_peak on all GPUs together, None where torch used none."""
    torch = _torch_on_gpu()
    allocated = None
    if torch is not None:
        allocated = sum(torch.cuda.max_memory_allocated(index) for index in range(torch.cuda.device_count()))
    return {"process_peak": _resident_peak(), "allocated_peak": allocated}


def _repeated(inputs: np.ndarray | Sequence[str], size: int) -> Batch:
    if isinstance(inputs, np.ndarray):
        return np.resize(inputs, (size, *inputs.shape[1:]))
    return [inputs[index % len(inputs)] for index in range(size)]


def _resident_peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _torch_on_gpu() -> Any:
    """torch, if this job uses it and it has a GPU in use. Never imported here: a job for onnxruntime does without it."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and torch.cuda.is_initialized() else None


def _synchronize() -> None:
    """Wait for what a GPU still has to do: calls return before."""
    torch = _torch_on_gpu()
    if torch is not None:
        for index in range(torch.cuda.device_count()):
            torch.cuda.synchronize(index)


def _gpu_is_shared() -> bool:
    """Whether somebody else holds memory on a GPU that this job uses."""
    torch = _torch_on_gpu()
    if torch is None:
        return False
    for index in range(torch.cuda.device_count()):
        reserved = torch.cuda.memory_reserved(index)
        free, total = torch.cuda.mem_get_info(index)
        if reserved and total - free - reserved > SHARED_BYTES:
            return True
    return False


def _is_out_of_memory(error: Exception) -> bool:
    """torch, the interpreter and onnxruntime each say it in another way."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, ModelRefusedError | RuntimeError) and "allocat" in str(error).lower())
    )
