"""A cluster's engine: Ray Data streams a list of files through decoders and actors that hold the model.

The list and the results are Parquet parts in a folder that all machines see, any that fsspec knows. A part is
whole or not there: a killed scan takes the parts that are there and does the rest. A machine or process that
dies costs its unfinished blocks, which Ray gives to another. Needs the extra ``agestat[ray]``.
"""

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np

from agestat.errors import AgestatError
from agestat.images.walk import Found
from agestat.scanning.decoder import Limits
from agestat.scanning.decoder_pool import Decoder, cores
from agestat.scanning.examine import Examined, Settings
from agestat.scanning.store import Row

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

LISTED = 10_000  # files in a part of the list: what the driver holds of it at once
BLOCK = 64  # files that a decoder is given at once, and an actor
LOOK_SECONDS = 1.0  # between looks for finished parts
ANSWER_SECONDS = 5.0  # for a cluster to answer at its address: Ray itself would wait for minutes

NUMBERS = [field.name for field in fields(Found) if field.name not in ("root", "path")]

Batch = dict[str, np.ndarray]


@dataclass(frozen=True)
class RayEngine:
    """``model`` and ``device`` as for `agestat.load_model`; ``parts`` is the folder of parts, for these
    settings and this model alone; ``address`` is that of a cluster (None: this machine, "auto": the cluster
    that this machine belongs to), ``actors`` how many hold the model, with ``gpus_per_actor`` each, or one
    core."""

    settings: Settings
    model: str
    parts: str
    device: str = "auto"
    address: str | None = None
    actors: int = 1
    gpus_per_actor: float = 0.0

    def __call__(
        self, files: Iterator[Found], seen: Callable[[Examined], None]
    ) -> Generator[Row, None, None]:
        """The rows of ``files`` in the order in which parts are finished; ``files`` is read to its end
        first."""
        system, folder = _place(self.parts)
        listed, done = f"{folder}/list", f"{folder}/rows"
        for leftover in (listed, done):
            if system.exists(leftover):
                system.rm(leftover, recursive=True)
            system.makedirs(leftover)
        if _write_list(system, listed, files):
            for row in self._run(system, listed, done):
                seen(row.answer)
                yield row
        system.rm(folder, recursive=True)

    def left(self) -> Iterator[Row]:
        """The rows of parts that an earlier scan finished and did not bring into the store."""
        system, folder = _place(self.parts)
        yield from _rows(system, f"{folder}/rows", set())

    def _run(self, system: "AbstractFileSystem", listed: str, done: str) -> Iterator[Row]:
        ray = connect(self.address)
        others = 1 + (0 if self.gpus_per_actor else self.actors)  # 1: for tasks that list, read and write
        cpus = max(1, int(ray.cluster_resources().get("CPU", 1)) - others)
        decoded = ray.data.read_parquet(listed, filesystem=system).map_batches(
            _Decode,
            fn_constructor_args=[self.settings],
            batch_size=BLOCK,
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=cpus),
            num_cpus=1,
        )
        judged = decoded.map_batches(
            _Judge,
            fn_constructor_args=[self.model, self.device],
            batch_size=BLOCK,
            compute=ray.data.ActorPoolStrategy(size=self.actors),
            **({"num_gpus": self.gpus_per_actor} if self.gpus_per_actor else {"num_cpus": 1}),
        )
        writing = _InThread(lambda: judged.write_parquet(done, filesystem=system))
        taken: set[str] = set()
        while writing.is_running:
            yield from _rows(system, done, taken)
            time.sleep(LOOK_SECONDS)
        writing.finish()
        yield from _rows(system, done, taken)


def connect(address: str | None) -> Any:
    """The package ``ray``, connected. Raises `AgestatError` where it is not installed or nobody answers."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it would report to its makers
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise AgestatError("The engine ray needs its package: run `pip install 'agestat[ray]'`.") from error
    _quieten(ray)
    if not ray.is_initialized():
        try:
            if address == "auto":
                from ray._private.services import canonicalize_bootstrap_address

                _knock(canonicalize_bootstrap_address(address) or "")  # may be that of a cluster that crashed
            elif address:
                _knock(address)
            # Without "local" Ray would join whatever cluster this machine has seen last. It counts one core
            # more than there are: its short tasks must not wait for decoders to end, which wait for them.
            with _without_stderr():
                ray.init(
                    address=address or "local",
                    num_cpus=None if address else cores() + 1,
                    include_dashboard=False,
                    log_to_driver=False,
                    logging_level=logging.ERROR,
                )
        except (OSError, OverflowError, ValueError) as error:
            raise AgestatError(
                "No Ray cluster answers at {address}: start one with `ray start --head`, or leave --address "
                "out.",
                address=address,
            ) from error
    return ray


def _quieten(ray: Any) -> None:
    """Let Ray write to its own files what it would tell users of its inner life; of processes that died, and
    are begun anew, it would tell on standard output, among results."""
    ray.data.DataContext.get_current().enable_progress_bars = False
    ray._private.worker.print_to_stdstream = lambda *_, **__: None
    for handler in logging.getLogger("ray.data").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.CRITICAL)


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Ray's libraries say there which level of messages they keep to."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _knock(address: str) -> None:
    """Raises `OSError`, `OverflowError` or `ValueError` where nobody listens at a ``host:port``."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host:  # "local" has none
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS).close()


class _InThread:
    """A call in a thread, and what it raised."""

    def __init__(self, call: Any) -> None:
        self._error: BaseException | None = None

        def run() -> None:
            try:
                call()
            except BaseException as error:
                self._error = error

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    @property
    def is_running(self) -> bool:
        return self._thread.is_alive()

    def finish(self) -> None:
        self._thread.join()
        if self._error:
            raise AgestatError(
                "The cluster stopped: {reason}. What was finished is kept; the same command goes on.",
                reason=str(self._error).strip().split("\n")[0],
            ) from self._error


def _place(url: str) -> tuple["AbstractFileSystem", str]:
    import fsspec

    system, folder = fsspec.core.url_to_fs(url)
    return system, str(folder)


def _write_list(system: "AbstractFileSystem", folder: str, files: Iterator[Found]) -> int:
    """Parquet parts of the files; returns how many parts."""
    import pyarrow as pa
    from pyarrow import parquet

    number = 0
    while chunk := list(islice(files, LISTED)):
        table = pa.table({
            "root": [os.fsencode(file.root) for file in chunk],
            "path": [os.fsencode(file.path) for file in chunk],
            **{name: [getattr(file, name) for file in chunk] for name in NUMBERS},
        })  # fmt: skip
        with system.open(f"{folder}/{number:06}.parquet", "wb") as stream:
            parquet.write_table(table, stream, row_group_size=BLOCK)
        number += 1
    return number


def _rows(system: "AbstractFileSystem", folder: str, taken: set[str]) -> Iterator[Row]:
    """Rows of the whole parts in ``folder`` that are not among ``taken``, which they join."""
    import pyarrow as pa
    from pyarrow import parquet

    if not system.exists(folder):
        return
    system.invalidate_cache()
    for name in sorted(set(system.find(folder)) - taken):
        try:
            with system.open(name, "rb") as stream:
                table = parquet.read_table(stream)
        except (pa.ArrowInvalid, OSError):  # still being written, or never finished
            continue
        taken.add(name)
        yield from map(_row, table.to_pylist())


def _found(row: dict[str, Any]) -> Found:
    numbers = {name: None if row[name] is None else int(row[name]) for name in NUMBERS}
    return Found(os.fsdecode(row["root"]), os.fsdecode(row["path"]), **numbers)  # type: ignore[arg-type]


def _row(row: dict[str, Any]) -> Row:
    answer = Examined.from_bytes(row["answer"])
    novelty = np.frombuffer(row["novelty"])
    size = len(row["probabilities"]) // max(len(novelty), 1)
    blobs = [row["probabilities"][start : start + size] for start in range(0, size * len(novelty), size or 1)]
    return Row(_found(row), answer, blobs, [None if np.isnan(value) else float(value) for value in novelty])


class _Decode:
    """Files to answers with crops, in a decoder process that may die."""

    def __init__(self, settings: Settings) -> None:
        self._decoder = Decoder(settings, Limits())
        self._decoder.start()

    def __call__(self, batch: Batch) -> Batch:
        keys = list(batch)
        files = [_found(dict(zip(keys, row, strict=True))) for row in zip(*batch.values(), strict=True)]
        answers = [self._decoder.examine_found(file).to_bytes() for file in files]
        return {**batch, "answer": np.array(answers, dtype=object)}


class _Judge:
    """Answers with crops to answers with probabilities."""

    def __init__(self, model: str, device: str) -> None:
        from agestat.model.checkpoint import load_model
        from agestat.model.precision import FLOAT

        self._model = load_model(model, device)
        if self._model.precision is FLOAT:  # OpenVINO runs a call on one core anyway
            import torch

            torch.set_num_threads(1)

    def __call__(self, batch: Batch) -> Batch:
        answers = [Examined.from_bytes(answer) for answer in batch["answer"]]
        counts = [len(answer.crops) for answer in answers]
        ends = np.cumsum(counts)
        side = self._model.input_size
        crops = [answer.crops for answer in answers if len(answer.crops)]
        found = self._model.predict(np.concatenate([np.empty((0, side, side, 3), np.uint8), *crops]))
        probabilities, novelty = [], []
        for answer, count, end in zip(answers, counts, ends, strict=True):
            mine = slice(end - count, end)
            answer.crops = np.empty((count, 0, 0, 3), np.uint8)  # pixels stay where they were judged
            probabilities.append(
                b"".join(self._model.space.pack(found.probabilities[mine])) if count else b""
            )
            novelty.append(found.novelty[mine].astype(float).round(3).tobytes() if count else b"")
        return {
            **batch,
            "answer": np.array([answer.to_bytes() for answer in answers], dtype=object),
            "probabilities": np.array(probabilities, dtype=object),
            "novelty": np.array(novelty, dtype=object),
        }
