"""This machine's engine: decoder processes beside one network."""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agestat.images.walk import Found
from agestat.scanning.batching import Batcher
from agestat.scanning.decoder import Limits
from agestat.scanning.decoder_pool import DecoderPool, cores
from agestat.scanning.examine import Examined, Settings
from agestat.scanning.store import Row

if TYPE_CHECKING:
    from agestat.model.predict import Model


@dataclass(frozen=True)
class LocalEngine:
    """``load`` is called for the model when the first file is there. ``workers``: decoder processes (None:
    one per core); ``batch_size``: crops (None: chosen); ``limits`` per file."""

    settings: Settings
    load: Callable[[], "Model"]
    workers: int | None = None
    batch_size: int | None = None
    limits: Limits = field(default_factory=Limits)

    def left(self) -> Iterator[Row]:
        """Nothing: all that was finished is in the store."""
        return iter(())

    def __call__(
        self, files: Iterator[Found], seen: Callable[[Examined], None]
    ) -> Generator[Row, None, None]:
        """The rows of ``files`` in the order in which they come."""
        with (
            DecoderPool(self.settings, self.limits, self.workers or cores()) as decoders,
            Batcher(self.load, self.batch_size, cores()) as batches,
        ):
            for file, answer in decoders.run(_after(batches.prepare, files)):
                seen(answer)
                yield from batches.add(file, answer)
            yield from batches.flush()


def _after(prepare: Callable[[], None], files: Iterator[Found]) -> Iterator[Found]:
    """``files``, with a call before the first: a scan that finds all in its store needs no model."""
    for file in files:
        prepare()
        yield file
