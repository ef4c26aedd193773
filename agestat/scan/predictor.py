"""The network beside the workers: batches filled across pictures, several at once on processors."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np

from agestat.scan.examine import Examined
from agestat.scan.store import Row

if TYPE_CHECKING:
    from agestat.images.walk import Found
    from agestat.model.predict import Model

PROCESSOR_BATCH = 32  # crops; larger ones are no faster on one core and delay the store
MOST_FILES = 1000  # in one batch: pictures without faces must not pile up
WAITING = 2  # batches under way beyond those being computed


class Predictor:
    """Collects workers' answers into batches and hands back rows, in order of their batches.

    On a processor each batch runs on one core and as many run at once as there are cores: the workers keep
    the cores busy too, and threads of one batch that wait for each other would wait for them. ``load`` is
    called once, when the first crop is there; ``batch_size`` None chooses.
    """

    def __init__(self, load: Callable[[], "Model"], batch_size: int | None, cores: int) -> None:
        self._load = load
        self._batch_size = batch_size
        self._cores = cores
        self._model: Model | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._threads_before: int | None = None
        self._files: list[tuple[Found, Examined]] = []
        self._crops = 0
        self._under_way: deque[Future[list[Row]]] = deque()

    def __enter__(self) -> "Predictor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        if self._threads_before:
            import torch

            torch.set_num_threads(self._threads_before)

    def add(self, file: "Found", answer: Examined) -> Iterator[list[Row]]:
        """Take an answer; yields the rows of batches that are done by now."""
        self._files.append((file, answer))
        self._crops += len(answer.crops)
        if self._crops and self._crops >= self._size():
            yield from self._submit()
        elif len(self._files) >= MOST_FILES:
            yield from self._submit() if self._crops else [self._rows(self._take(), None)]
        while self._under_way and self._under_way[0].done():
            yield self._under_way.popleft().result()

    def flush(self) -> Iterator[list[Row]]:
        """Predict what is left and yield all rows not yet handed back."""
        if self._crops:
            yield from self._submit()
        while self._under_way:
            yield self._under_way.popleft().result()
        yield self._rows(self._take(), None)

    def _submit(self) -> Iterator[list[Row]]:
        model = self._ready()
        assert self._pool
        self._under_way.append(self._pool.submit(self._rows, self._take(), model))
        limit = WAITING + (self._cores if model.device.type == "cpu" else 1)
        while len(self._under_way) > limit:
            yield self._under_way.popleft().result()

    def _take(self) -> list[tuple["Found", Examined]]:
        files, self._files, self._crops = self._files, [], 0
        return files

    def _size(self) -> int:
        if self._batch_size:
            return self._batch_size
        model = self._ready()
        return PROCESSOR_BATCH if model.device.type == "cpu" else model.batch_size

    def _ready(self) -> "Model":
        if self._model is None:
            import torch

            self._model = self._load()
            on_processor = self._model.device.type == "cpu"
            if on_processor:
                self._threads_before = torch.get_num_threads()
                torch.set_num_threads(1)
            if self._batch_size:
                self._model.batch_size = self._batch_size
            self._pool = ThreadPoolExecutor(self._cores if on_processor else 1)
        return self._model

    @staticmethod
    def _rows(files: list[tuple["Found", Examined]], model: "Model | None") -> list[Row]:
        with_crops = [answer.crops for _, answer in files if len(answer.crops)]
        if model is None or not with_crops:
            return [Row(file, answer) for file, answer in files]
        predictions = model.predict(np.concatenate(with_crops))
        blobs = model.space.pack(predictions.probabilities)
        novelty = [None if np.isnan(value) else float(value) for value in predictions.novelty]
        rows, start = [], 0
        for file, answer in files:
            end = start + len(answer.crops)
            answer.crops = answer.crops[:0].copy()  # rows wait to be saved; their pixels need not
            rows.append(Row(file, answer, blobs[start:end], novelty[start:end]))
            start = end
        return rows
