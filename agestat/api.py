"""``agestat.scan`` and ``agestat.open``: from pictures, or from what was scanned before, to a result."""

import hashlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from agestat import __version__
from agestat.analysis.scan import Scan
from agestat.errors import AgestatError, UsageError
from agestat.images.seeing import TILES
from agestat.images.walk import LeftOut, asked_for, folders_of, walk
from agestat.model.checkpoint import DEFAULT, calibration_file, judging, load_model
from agestat.scanning.examine import Settings
from agestat.scanning.gone import check_emptied, gone
from agestat.scanning.local_engine import LocalEngine
from agestat.scanning.pipeline import Engine, Progress, Stop, fill
from agestat.scanning.shards import Shard, check_shard, only_shard
from agestat.scanning.store import Store, StoredRun, store_of
from agestat.scanning.store import merge as merge_stores

MOST_AT_ONCE = 4096  # faces in a batch: eight times what no device gains from any more


class StoppedError(AgestatError):
    """The scan was asked to stop and ended in order; ``signal`` is what asked."""

    def __init__(self, message: str, /, *, signal: int, **values: object) -> None:
        super().__init__(message, **values)
        self.signal = signal


def scan(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    model: str | Path = DEFAULT,
    db: str | os.PathLike[str] | Store | None = None,
    fresh: bool = False,
    include: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    all_files: bool = False,
    min_face: int | None = None,
    min_score: float | None = None,
    tiles: str = "auto",
    device: str = "auto",
    batch_size: int | None = None,
    workers: int | None = None,
    limit: int | None = None,
    shard: Shard | None = None,
    engine: str = "local",
    address: str | None = None,
    actors: int = 1,
    gpus_per_actor: float = 0.0,
    parts: str | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> Scan:
    """Scan files and folders and return the result.

    Rows go to the store ``db`` (a file, or one that is open and stays so; default: a file per set of paths,
    in the user's cache folder) as the scan runs, and rows of unchanged files are taken from there unless
    ``fresh``; a scan that was killed goes on where it was. ``model`` names a shipped model or a checkpoint
    folder. ``include`` and ``exclude`` are globs for paths below what is scanned, or names. Thumbnails, trash
    and other files that machines keep are left out unless ``all_files``. ``min_face`` in pixels (None: 24)
    and ``min_score`` from 0 to 1 (None: 0.5) leave faces out; ``tiles`` looks at large pictures closely where
    that finds more ("auto"), never ("off") or always ("always"). ``device``: "auto", "cpu", "cuda" or "mps";
    ``batch_size``: faces at once, None chooses; ``workers``: processes that decode, None is one per core.
    ``limit`` ends after that many files; ``shard`` (2, 4) scans the second of four parts, see
    `agestat.merge`. ``engine`` "ray" scans on a cluster, the one at ``address`` ("auto": that of this
    machine; None: this machine alone), where ``actors`` hold the model, with ``gpus_per_actor`` each; parts
    of the work go to the folder or URL ``parts``, by default beside the store. ``progress`` is called after
    every file, and when the scan is asked to stop.

    Ctrl-C and SIGTERM end in order and raise `StoppedError`. Raises `AgestatError` for what cannot be used; a
    file that cannot be read is a row.
    """
    paths = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    include, exclude = ([globs] if isinstance(globs, str) else list(globs) for globs in (include, exclude))
    if not any("://" in os.fspath(path) or os.path.lexists(path) for path in paths):
        if not paths:
            raise UsageError("There is nothing to scan: give at least one file or folder.")
        raise UsageError(
            "There is nothing to scan ({path!r} does not exist): give at least one file or folder.",
            path=os.fspath(paths[0]),
        )
    numbers = {"batch_size": batch_size, "workers": workers, "limit": limit, "min_face": min_face}
    check_plan(device, numbers, min_score, tiles)
    shard = shard and check_shard(shard)
    info = judging(model, device)
    settings = settings_of(info, min_face, min_score, tiles)
    left_out: list[LeftOut] = []
    found = walk(paths, include=include, exclude=exclude, all_files=all_files, leave_out=left_out.append)
    entries = islice(only_shard(found, shard), limit)
    stop = Stop()
    with nullcontext(db) if isinstance(db, Store) else Store(db or store_of(paths, shard)) as store:
        roots = folders_of(paths)
        about = _about(info, paths, settings, include, exclude, limit, shard)
        about |= {"roots": sorted(roots), "fresh": fresh}
        if not fresh:
            check_emptied(store, paths)
        calibration = calibration_file(model, info["precision"])
        store.keep_model(info, calibration.read_bytes() if calibration.is_file() else None)
        network = " ".join(str(info.get(key)) for key in ("sha256", "space", "mirrored"))
        made_with = f"{network} {settings.to_json()}"
        run = store.begin_run(made_with, about)
        chosen = _engine(
            engine, settings, model, device, workers, batch_size,
            address=address, actors=actors, gpus_per_actor=gpus_per_actor,
            parts=f"{parts or f'{store.path}-parts'}/{_digest(made_with)}",
        )  # fmt: skip
        with stop.listening():
            fill(store, run, entries, chosen, stop, progress, left_out, fresh=fresh)
        if stop.signal is not None:
            raise StoppedError(
                "Stopped: all done so far is kept in {store}; the same command goes on from there.",
                store=store.path,
                signal=stop.signal,
            )
        known = {} if fresh or limit else gone(store, run, roots, asked_for(include, exclude), shard)
        store.end_run(run, gone=known)
    return Scan(StoredRun(store.path, run))


def open(
    store_or_paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
) -> Scan:
    """The latest scan in a store, given its file, or of a scanned folder, or of paths scanned together.

    Raises `AgestatError` where there is none.
    """
    if isinstance(store_or_paths, str | os.PathLike):
        return Scan.open(store_or_paths)
    return Scan.open(*store_or_paths)


def merge(stores: Sequence[str | os.PathLike[str]], out: str | os.PathLike[str]) -> Scan:
    """One scan of what was scanned in shards: the rows of the latest scans of ``stores`` in a new store
    ``out``.

    Raises `AgestatError` where they are of different models or settings, have a file in common or did not
    end, or where ``out`` is there already.
    """
    return Scan(merge_stores(stores, out))


def check_plan(
    device: str, numbers: dict[str, int | None], min_score: float | None, tiles: str = "auto"
) -> None:
    """Raise `UsageError` for what no scan can be run with, before the store knows of it."""
    for name, number in numbers.items():
        least = 0 if name == "min_face" else 1
        most = MOST_AT_ONCE if name == "batch_size" else sys.maxsize
        if number is not None and not (isinstance(number, int) and least <= number <= most):
            raise UsageError(
                "{name} {number!r} must be a whole number from {least} to {most}.",
                name=name,
                number=number,
                least=least,
                most=most,
            )
    if min_score is not None and not 0 <= min_score <= 1:
        raise UsageError("min_score {score} must be from 0 to 1.", score=min_score)
    if tiles not in TILES:
        raise UsageError("tiles {tiles!r} must be one of {choices}.", tiles=tiles, choices=", ".join(TILES))
    if device not in ("auto", "cpu"):  # else torch is not needed until there is a face
        from agestat.model.torch_runtime import pick_device

        pick_device(device)


def settings_of(
    info: dict[str, Any], min_face: int | None = None, min_score: float | None = None, tiles: str = "auto"
) -> Settings:
    """How pictures are to be cut for a model, from its ``model.json``."""
    given = {"min_face": min_face, "min_score": min_score}
    return Settings(
        crop=info["crop"],
        input_size=info["input_size"],
        margin=info.get("margin", 1.0),
        tiles=tiles,
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _engine(
    name: str, settings: Settings, model: str | Path, device: str, workers: int | None,
    batch_size: int | None, **cluster: Any,
) -> Engine:  # fmt: skip
    if name == "local":
        return LocalEngine(settings, partial(load_model, model, device), workers, batch_size)
    if name != "ray":
        raise UsageError("There is no engine {name}: choose local or ray.", name=name)
    from agestat.scanning.ray_engine import RayEngine

    return RayEngine(settings, os.fspath(model), device=device, **cluster)


def _about(
    info: dict[str, Any],
    paths: Sequence[str | os.PathLike[str]],
    settings: Settings,
    include: list[str],
    exclude: list[str],
    limit: int | None,
    shard: Shard | None,
) -> dict[str, Any]:
    """What the store remembers of a run."""
    shown = [os.fsdecode(path) for path in paths[:100]]
    options: dict[str, Any] = {"include": include, "exclude": exclude, "limit": limit, "paths": shown}
    if shard:
        options["shard"] = shard
    return {
        "model": info["name"],
        "model_digest": info["sha256"],
        "precision": info["precision"],
        "space": info["space"],
        "agestat": __version__,
        "options": {
            **options,
            "min_face": settings.min_face,
            "min_score": settings.min_score,
            "tiles": settings.tiles,
        },
    }
