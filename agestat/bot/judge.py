"""Pictures of many users to judged faces: decoders that may die, and one network that takes what waits.

Pictures are bytes in memory and are written nowhere.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from agestat.scanning.decoder import Limits
from agestat.scanning.decoder_pool import Decoder, cores
from agestat.scanning.examine import Examined, Settings

if TYPE_CHECKING:
    from agestat.model.predict import Model, Predictions

WAITING = 64  # pictures under way; one more gets an honest answer instead of a long wait
MOST_CROPS = 64  # in a batch; beyond, a processor gains nothing
LIMITS = Limits(seconds=20.0)


class BusyError(Exception):
    """So many pictures wait that another one would wait too long."""


@dataclass(frozen=True)
class Judged:
    """A picture's answer, the heads' ``probabilities (N, L)`` of its faces and their ``novelty (N,)``."""

    answer: Examined
    probabilities: np.ndarray
    novelty: np.ndarray


class Judge:
    """One model for all users, loaded by ``load``, and its ``calibration.npz``. Use it in an ``async with``
    statement, inside one event loop."""

    def __init__(
        self, load: Callable[[], "Model"], settings: Settings, calibration: bytes, waiting: int = WAITING
    ) -> None:
        self.settings, self.calibration = settings, calibration
        self._load = load
        self._model: Model | None = None
        self._waiting = waiting
        self._under_way = 0
        self._batch: list[tuple[np.ndarray, asyncio.Future[Predictions]]] = []
        self._network = ThreadPoolExecutor(1)
        self._decoding = ThreadPoolExecutor(cores())
        self._decoders: asyncio.Queue[Decoder] = asyncio.Queue()
        self._predicting: asyncio.Task[None] | None = None

    async def __aenter__(self) -> "Judge":
        loop = asyncio.get_running_loop()
        decoders = [Decoder(self.settings, LIMITS) for _ in range(cores())]
        starting = [loop.run_in_executor(self._decoding, decoder.start) for decoder in decoders]
        for decoder in decoders:
            self._decoders.put_nowait(decoder)
        self._model = await loop.run_in_executor(self._network, self._load)
        await asyncio.gather(*starting)
        return self

    async def __aexit__(self, *_: object) -> None:
        while not self._decoders.empty():
            self._decoders.get_nowait().close()
        self._decoding.shutdown(cancel_futures=True)
        self._network.shutdown(cancel_futures=True)

    @property
    def model(self) -> "Model":
        """The network and what belongs to it."""
        assert self._model is not None
        return self._model

    @property
    def is_busy(self) -> bool:
        """Whether the next picture would be refused."""
        return self._under_way >= self._waiting

    async def judge(self, picture: bytes) -> Judged:
        """Decode a picture, find faces and judge them. Raises `BusyError` when too many others wait."""
        if self.is_busy:
            raise BusyError
        self._under_way += 1
        try:
            answer = await self._examine(picture)
            if not len(answer.crops):
                return Judged(answer, np.empty((0, self.model.space.width), np.float32), np.empty(0))
            predictions = await self._predict(answer.crops)
            return Judged(answer, predictions.probabilities, predictions.novelty)
        finally:
            self._under_way -= 1

    async def _examine(self, picture: bytes) -> Examined:
        decoder = await self._decoders.get()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._decoding, decoder.examine, picture)
        finally:
            self._decoders.put_nowait(decoder)

    async def _predict(self, crops: np.ndarray) -> "Predictions":
        mine: asyncio.Future[Predictions] = asyncio.get_running_loop().create_future()
        self._batch.append((crops, mine))
        if self._predicting is None or self._predicting.done():
            self._predicting = asyncio.create_task(self._empty_batch())
        return await mine

    async def _empty_batch(self) -> None:
        """Judge all that waits and fits, until nothing waits: a batch fills while the last one runs."""
        while self._batch:
            taken = [self._batch.pop(0)]
            while self._batch and sum(len(crops) for crops, _ in (*taken, self._batch[0])) <= MOST_CROPS:
                taken.append(self._batch.pop(0))
            together = np.concatenate([crops for crops, _ in taken])
            try:
                found = await asyncio.get_running_loop().run_in_executor(
                    self._network, self.model.predict, together
                )
            except Exception as error:
                for _, future in taken:
                    if not future.done():
                        future.set_exception(error)
                continue
            _hand_out(found, taken)


def _hand_out(found: "Predictions", taken: list[tuple[np.ndarray, "asyncio.Future[Predictions]"]]) -> None:
    start = 0
    for crops, future in taken:
        mine = slice(start, start + len(crops))
        start += len(crops)
        if not future.done():  # its user's request timed out
            future.set_result(type(found)(found.logits[mine], found.probabilities[mine], found.novelty[mine]))
