"""The network beside the decoders: batches filled across pictures, several at once on processors."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from agestat.model.precision import FLOAT
from agestat.scanning.examine import Examined
from agestat.scanning.store import Row

if TYPE_CHECKING:
    from agestat.images.walk import Found
    from agestat.model.predict import Model

WAITING = 2  # batches under way beyond those being computed
MOST_FILES = 1000  # waiting for a batch to fill: pictures without faces must not pile up

Prediction = tuple[bytes, float | None]  # packed probabilities and novelty


class Batcher:
    """Collects decoders' answers, predicts their crops in batches and hands back rows in the same order.

    Every batch has the same shape, the last one padded: a face's numbers do not depend on the pictures beside
    it, so that a resumed scan ends with the rows of an unbroken one. On a processor each batch runs on one
    core and as many run at once as there are cores: the decoders keep the cores busy too, and threads of one
    batch that wait for each other would wait for them. ``load`` is called in a thread by `prepare`, or when
    the first crop is there; ``batch_size`` None chooses.
    """

    def __init__(self, load: Callable[[], "Model"], batch_size: int | None, cores: int) -> None:
        self._load = load
        self._batch_size = batch_size
        self._cores = cores
        self._loader = ThreadPoolExecutor(1)
        self._loading: Future[Model] | None = None
        self._model: Model | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._threads_before: int | None = None
        self._files: deque[tuple[Found, Examined, int]] = deque()  # with their number of crops
        self._crops: list[np.ndarray] = []
        self._under_way: deque[Future[list[Prediction]]] = deque()
        self._done: deque[Prediction] = deque()

    def __enter__(self) -> "Batcher":
        return self

    def __exit__(self, *_: object) -> None:
        self._loader.shutdown()
        if self._pool:
            self._pool.shutdown(cancel_futures=True)
        if self._threads_before:
            import torch

            torch.set_num_threads(self._threads_before)

    def prepare(self) -> None:
        """Load the model, while decoders start."""
        self._loading = self._loading or self._loader.submit(self._load)

    def add(self, file: "Found", answer: Examined) -> Iterator[Row]:
        """Take an answer; yields the rows that are complete by now."""
        self._files.append((file, answer, len(answer.crops)))
        self._crops += list(answer.crops)
        answer.crops = answer.crops[:0].copy()  # rows wait to be saved; their pixels need not
        while self._crops and (len(self._crops) >= self._size() or len(self._files) > MOST_FILES):
            self._submit()
        while self._under_way and (self._under_way[0].done() or len(self._under_way) > self._most()):
            self._done.extend(self._under_way.popleft().result())
        yield from self._complete()

    def flush(self) -> Iterator[Row]:
        """Predict what is left and yield all rows not yet handed back."""
        while self._crops:
            self._submit()
        while self._under_way:
            self._done.extend(self._under_way.popleft().result())
        yield from self._complete()

    def _complete(self) -> Iterator[Row]:
        while self._files and self._files[0][2] <= len(self._done):
            file, answer, crops = self._files.popleft()
            predictions = [self._done.popleft() for _ in range(crops)]
            yield Row(file, answer, [blob for blob, _ in predictions], [value for _, value in predictions])

    def _submit(self) -> None:
        size = self._size()
        crops, self._crops = self._crops[:size], self._crops[size:]
        assert self._pool
        self._under_way.append(self._pool.submit(_predict, self._ready(), crops, size))

    def _most(self) -> int:
        return WAITING + self._threads()

    def _threads(self) -> int:
        """Batches at once: a core for each, or on a graphics card one that is uploaded while one is
        computed."""
        assert self._model
        return {"cpu": self._cores, "cuda": 2}.get(self._model.device, 1)

    def _size(self) -> int:
        return self._ready().batch_size

    def _ready(self) -> "Model":
        if self._model is None:
            self.prepare()
            assert self._loading
            self._model = self._loading.result()
            on_processor = self._model.device == "cpu"
            if on_processor and self._model.precision is FLOAT:  # OpenVINO runs a call on one core anyway
                import torch

                self._threads_before = torch.get_num_threads()
                torch.set_num_threads(1)
            self._model.batch_size = self._batch_size or self._model.batch_size
            self._pool = ThreadPoolExecutor(self._threads())
        return self._model


def _predict(model: "Model", crops: list[np.ndarray], size: int) -> list[Prediction]:
    padding = [np.zeros_like(crops[0])] * (size - len(crops))
    predictions = model.predict(np.stack(crops + padding))
    blobs = model.space.pack(predictions.probabilities[: len(crops)])
    # Matrix products differ in their last bits with a face's place in the batch: those are not kept.
    novelty = (None if np.isnan(value) else round(float(value), 3) for value in predictions.novelty)
    return list(zip(blobs, novelty, strict=False))
