"""What a scan gives: files and faces as data frames, and the estimated shares."""

import hashlib
import json
import os
import secrets
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from agestat.analysis.groups import CLUSTERS, By, Facts, Key, parse_by
from agestat.errors import AgestatError, UsageError
from agestat.images.decode import sniff
from agestat.images.quality import flags
from agestat.images.walk import LATEST
from agestat.model.label_space import SPACES, LabelSpace
from agestat.scanning.home import store_of
from agestat.scanning.store import Store
from agestat.scanning.stored_run import StoredRun

if TYPE_CHECKING:
    from agestat.stats.calibration import Calibration
    from agestat.stats.estimate import Estimate

DEFAULT_BANDS = {"years": "marketing", "six": "seed"}  # by label space
LOOKED_AT = 100_000  # faces or so that the test of shift sees; more would not change its verdict
FILE_COLUMNS = (
    "root", "path", "status", "reason", "width", "height", "format", "taken_at", "camera", "faces",
    "faces_left_out",
)  # fmt: skip
SLICE = 10_000  # faces unpacked at once
FETCHED = 500  # rows at once where there are many: more would set off Python's search for cycles every time
_FACTS = "roots.path, files.path, taken_at, mtime_ns, camera"
# The order of paths: two scans of the same files give the same rows in the same order, whichever decoder was
# first. This walks indexes and sorts nothing; CROSS JOIN and + keep SQLite from other plans.
_FILES = "FROM roots CROSS JOIN files ON root_id = roots.id"
_IN_ORDER = "WHERE +run_id = ? ORDER BY roots.path, files.path, settings_id"
_JOINED = f"{_FILES} CROSS JOIN faces ON file_id = files.id {_IN_ORDER}, number"

# One that broke before its first file took nothing over and is no scan.
_LATEST = """
SELECT max(id) FROM runs WHERE finished_at IS NOT NULL OR EXISTS (SELECT 1 FROM files WHERE run_id = runs.id)
"""


class Chunk(NamedTuple):
    """Some faces: ``probabilities (n, L)`` of the heads, ``groups (n,)`` names or None, ``clusters (n,)``."""

    probabilities: np.ndarray
    groups: np.ndarray | None
    clusters: np.ndarray


class _Places(NamedTuple):
    """Of files by ascending id ``(F,)``: the index of each one's group in ``names`` and of its folder."""

    ids: np.ndarray
    group: np.ndarray
    names: np.ndarray | None
    folder: np.ndarray | None


class Scan:
    """One run of a store. Made by `agestat.scan` or `Scan.open`.

    It opens the store whenever it reads, or for the whole time inside ``with``. A later scan with the same
    settings takes its rows over; to read this one then raises `AgestatError`.
    """

    def __init__(self, store: Store, run: int) -> None:
        self._stored = StoredRun(store, run)
        self._salt: bytes | None = None

    @classmethod
    def open(cls, path: str | os.PathLike[str], *more: str | os.PathLike[str]) -> "Scan":
        """The latest run in a store, given its file or what was scanned together."""
        file = Path(path)
        if more or not _is_store(file):
            names, file = " ".join(map(str, (path, *more))), store_of([path, *more])
            if not file.is_file():
                raise AgestatError(f"There is no scan of {names} yet: run `agestat scan {names}` first.")
        with Store(file) as store:
            latest = next(store.rows(_LATEST))[0][0]
        if latest is None:
            raise AgestatError(f"The store {file} holds no scan yet: run `agestat scan` with it first.")
        return cls(store, latest)

    def hide_paths(self) -> None:
        """From now on `files` and `faces` hold hashes for roots and paths. Their salt is random and kept
        nowhere: equal paths have equal hashes in this object, and nobody can try out names."""
        self._salt = secrets.token_bytes(32)
        self.run.get("options", {}).pop("paths", None)
        self._folders  # noqa: B018 -- kept from here on, for the names of groups
        self.run.pop("roots", None)
        self.__dict__.pop("files", None)
        self.__dict__.pop("failed", None)

    def _name_files(self, frame: pd.DataFrame) -> None:
        """Roots and paths as text. Not pandas' own strings: those hold no names that are not UTF-8."""
        roots, paths = list(frame["root"]), list(frame["path"])
        if self._salt is None:
            names = list(map(os.fsdecode, roots)), list(map(os.fsdecode, paths))
        else:
            files = (root + b"/" + path for root, path in zip(roots, paths, strict=True))
            names = [_hash(root, self._salt) for root in roots], [_hash(file, self._salt) for file in files]
        for column, values in zip(("root", "path"), names, strict=True):
            frame[column] = pd.Series(values, frame.index, dtype=object)

    def unchanged(self, file_id: int) -> str | None:
        """Where a scanned file is, if what is there still has the size and time of what was scanned."""
        query = (
            "SELECT roots.path, files.path, size, mtime_ns FROM files JOIN roots ON roots.id = root_id "
            "WHERE files.id = ?"
        )
        ((root, path, *known),) = next(self._stored.rows(query, int(file_id)))
        full = os.path.join(os.fsdecode(root), os.fsdecode(path))  # noqa: PTH118 -- odd names stay
        try:
            status = os.stat(full)  # noqa: PTH116
        except (OSError, ValueError):
            return None
        return full if [status.st_size, min(status.st_mtime_ns, LATEST)] == known else None

    def __enter__(self) -> "Scan":
        self._stored.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._stored.__exit__()

    @property
    def run(self) -> dict[str, Any]:
        """Model, its digest, options, times (UTC), and the version of agestat."""
        return self._stored.about

    @property
    def space(self) -> LabelSpace:
        """What the model's probabilities mean."""
        return SPACES[self.run["space"]]

    @cached_property
    def counts(self) -> dict[str, int]:
        """Files ``found``, ``read``, ``failed``, ``reused``, ``no_face``, and of these ``small_faces``: those
        whose faces were all left out; ``faces``, ``faces_left_out``."""
        return self._stored.counts()

    @cached_property
    def failures(self) -> "pd.Series[int]":
        """Number of failed files by reason, the most frequent first."""
        rows = self._stored.all(
            "SELECT reason, count(*) FROM files WHERE run_id = ? AND status = 'failed' "
            "GROUP BY reason ORDER BY count(*) DESC, reason"
        )
        return pd.Series(dict(rows), dtype="int64", name="files")

    @cached_property
    def files(self) -> pd.DataFrame:
        """One row per file; the index is ``file_id``. Sizes in pixels of the upright picture."""
        return self._read_files("")

    @cached_property
    def failed(self) -> pd.DataFrame:
        """The rows of `files` that could not be read."""
        return self._read_files("AND status = 'failed'")

    def _read_files(self, which: str) -> pd.DataFrame:
        rows = self._stored.all(
            "SELECT files.id, roots.path, files.path, status, reason, width, height, format, taken_at, "
            "camera, (SELECT count(*) FROM faces WHERE file_id = files.id), faces_left_out "
            f"FROM files JOIN roots ON roots.id = root_id WHERE run_id = ? {which} "
            "ORDER BY roots.path, files.path"
        )
        with self._stored.understood():
            frame = pd.DataFrame(rows, columns=["file_id", *FILE_COLUMNS]).set_index("file_id")
            self._name_files(frame)
            frame["taken_at"] = pd.to_datetime(frame["taken_at"])
            return frame.astype({"width": "Int64", "height": "Int64"})

    @property
    def faces(self) -> pd.DataFrame:
        """One row per face: where it is, ``p_female``, ``age`` with its 90 % interval in years, quality; see
        ``docs/exports.md``."""
        return pd.concat(list(self.face_chunks()), ignore_index=True)

    def face_chunks(self) -> Iterator[pd.DataFrame]:
        """The rows of `faces` in frames of bounded size, one at least."""
        query = (
            "SELECT files.id, roots.path, files.path, x, y, faces.width, faces.height, score, sharpness, "
            f"brightness, novelty, probabilities {_JOINED}"
        )
        for rows in self._stored.rows(query) if self.counts["faces"] else [[]]:
            with self._stored.understood():
                frame = self._face_frame(rows)
            yield frame

    def _face_frame(self, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
        columns = list(zip(*rows, strict=True)) or [()] * 12
        names = ("file_id", "root", "path", "x", "y", "width", "height", "score")
        frame = pd.DataFrame(dict(zip(names, columns, strict=False)))
        self._name_files(frame)
        probabilities = self._unpack(columns[-1])
        frame["p_female"] = self.space.p_female(probabilities)
        frame["age"] = self.space.age(probabilities)
        frame["age_low"], frame["age_high"] = self.space.age_interval(probabilities)
        for name, values in zip(("sharpness", "brightness", "novelty"), columns[8:11], strict=True):
            frame[name] = np.array(values, dtype=float)
        looks = ("width", "height", "sharpness", "brightness", "novelty")
        frame["flags"] = flags({name: frame[name].to_numpy() for name in looks}, self._usual)
        return frame

    @cached_property
    def _usual(self) -> Mapping[str, np.ndarray]:
        """The numbers of the calibration pictures that faces are compared with."""
        return self._model[1] or {}

    def _unpack(self, blobs: Sequence[bytes]) -> np.ndarray:
        with self._stored.understood():
            return self.space.unpack(blobs) if blobs else np.empty((0, self.space.width), np.float32)

    def chunks(self, by: By = (), *, cluster: str = "photo", **groups: Any) -> Iterator[Chunk]:
        """All faces for an estimate, a bounded number at a time; see `estimate` for the arguments."""
        return self._chunks(self._places(by, cluster, groups))

    def _chunks(self, places: _Places | None) -> Iterator[Chunk]:
        before, photo = -1, -1
        query = f"SELECT files.id, probabilities {_JOINED}"
        for ids, blobs in self._columns(query):
            files = np.array(ids, np.int64)
            clusters = photo + np.cumsum(np.diff(files, prepend=before) != 0)
            before, photo = files[-1], clusters[-1]
            names = None
            if places:
                at = np.searchsorted(places.ids, files)
                clusters = clusters if places.folder is None else places.folder[at]
                names = None if places.names is None else places.names[places.group[at]]
            yield Chunk(self._unpack(blobs), names, clusters)

    def _columns(self, query: str) -> Iterator[tuple["array[int]", list[bytes]]]:
        """The two columns of a query in parts of about `SLICE` rows."""
        ids, blobs = array("q"), list[bytes]()
        for rows in self._stored.rows(query, size=FETCHED):
            with self._stored.understood():
                more_ids, more_blobs = zip(*rows, strict=True)
                ids.extend(more_ids)
            blobs.extend(more_blobs)
            if len(ids) >= SLICE:
                yield ids, blobs
                ids, blobs = array("q"), []
        if ids:
            yield ids, blobs

    def _places(self, by: By, cluster: str, groups: dict[str, Any]) -> _Places | None:
        """None if each photo is a cluster of one group. Read apart from the faces: files are fewer."""
        if cluster not in CLUSTERS:
            raise UsageError(f"There are no clusters by {cluster!r}: choose one of {', '.join(CLUSTERS)}.")
        key, by_folder = self._key(by, groups), cluster == "folder"
        if key is None and not by_folder:
            return None
        ids, group, folder = array("q"), array("q"), array("q")
        names: dict[str | None, int] = {}
        folders: dict[tuple[bytes, bytes], int] = {}
        query = f"SELECT files.id, {_FACTS} {_FILES} {_IN_ORDER}"
        for rows in self._stored.rows(query, size=FETCHED):
            ids.extend(row[0] for row in rows)
            with self._stored.understood():
                group.extend(names.setdefault(_name(key, row), len(names)) for row in rows)
                if by_folder:
                    places = ((row[1], row[2].rpartition(b"/")[0]) for row in rows)
                    folder.extend(folders.setdefault(place, len(folders)) for place in places)
        order = np.argsort(ids)
        return _Places(
            np.array(ids)[order],
            np.array(group)[order],
            np.array(list(names), dtype=object) if key else None,
            np.array(folder)[order] if by_folder else None,
        )

    def _key(self, by: By, groups: dict[str, Any]) -> Key | None:
        """Roots are those that were asked for too: the names of groups do not hang on what was found."""
        found = self._stored.all(
            "SELECT path FROM roots WHERE id IN (SELECT root_id FROM files WHERE run_id = ?)"
        )
        roots = {os.fsdecode(root) for (root,) in found}.union(self._folders or ())
        return parse_by(by, roots=sorted(roots), folders=self._folders, **groups)

    @cached_property
    def _folders(self) -> frozenset[str] | None:
        """The folders that were scanned; None in stores of versions that did not keep them."""
        return frozenset(self.run["roots"]) if "roots" in self.run else None

    def groups(self, by: By, **groups: Any) -> pd.Series:
        """The group of each file, by ``file_id``."""
        key = self._key(by, groups)
        rows = self._stored.all(
            f"SELECT files.id, {_FACTS} FROM files JOIN roots ON roots.id = root_id WHERE run_id = ? "
            "ORDER BY roots.path, files.path"
        )
        with self._stored.understood():
            return pd.Series({row[0]: _name(key, row) for row in rows}, name="group", dtype=object)

    def estimate(
        self,
        by: By = (),
        bands: str | Sequence[int] | None = None,
        *,
        labels: str | os.PathLike[str] | None = None,
        metadata: str | os.PathLike[str] | None = None,
        trust_mtime: bool = False,
        cluster: str = "photo",
        **options: Any,
    ) -> "Estimate":
        """Corrected shares of gender and age with intervals; ``options`` go to `agestat.estimate`.

        ``by`` and ``bands`` are written as on the command line; ``bands`` None is `DEFAULT_BANDS`. ``labels``
        is a file from `agestat label`, filled in. Faces of one ``cluster`` ("photo" or "folder") are taken
        as dependent.
        """
        from threadpoolctl import threadpool_limits

        from agestat.stats.bands import parse_bands
        from agestat.stats.estimate import estimate_checked

        keys: dict[str, Any] = {"metadata": metadata, "trust_mtime": trust_mtime}
        chosen = parse_bands(DEFAULT_BANDS[self.space.name] if bands is None else bands)
        # Products of slices are small: threads of one would wait for each other.
        with self, threadpool_limits(1, "blas"):
            if labels is not None:
                from agestat.analysis.own_labels import read_labels

                options["labels"] = read_labels(Path(labels), self, by, cluster=cluster, **keys)
            places = self._places(by, cluster, keys)
            found = estimate_checked(
                lambda: self._chunks(places), self._looks, self.calibration(), bands=chosen, **options
            )
        names = [] if places is None or places.names is None else map(str, places.names)
        return replace(found, faceless=tuple(sorted(set(names) - set(found.table["group"]))))

    @cached_property
    def _looks(self) -> dict[str, np.ndarray]:
        """`looks` of all faces, once for all estimates of this scan."""
        return self.looks()

    def looks(self, by: By = (), group: str | None = None, **groups: Any) -> dict[str, np.ndarray]:
        """What tells whether the faces look like those that the model's errors were learned from: columns of
        `agestat.stats.shift.shift`, of one group, or of about `LOOKED_AT` faces of all."""
        key = self._key(by, groups)
        every = 1 if key else max(1, -(-self.counts["faces"] // LOOKED_AT))
        # the low digits of a sharpness are chance, and the same in every scan
        some = _JOINED.replace("WHERE", f"WHERE CAST(sharpness * 4096 AS INTEGER) % {every} = 0 AND")
        numbers = "novelty, sharpness, brightness, min(faces.width, faces.height), score"
        parts = [np.empty((0, 5), np.float32)]
        for rows in self._stored.rows(f"SELECT files.id, {_FACTS}, {numbers} {some}"):
            with self._stored.understood():
                known = [row[6:] for row in rows if key is None or _name(key, row) == group]
                parts.append(np.array(known, dtype=np.float32).reshape(-1, 5))
        columns = np.concatenate(parts).T
        return dict(zip(("novelty", "sharpness", "brightness", "size", "score"), columns, strict=True))

    @cached_property
    def model_info(self) -> dict[str, Any]:
        """Description (``model.json``) of the model that made the rows, as it was when they were made."""
        return self._model[0]

    def calibration(self) -> "Calibration":
        """Of exactly the model that made the rows."""
        from agestat.stats.calibration import Calibration

        if self._model[1] is None:
            raise AgestatError(
                f"The model {self.run['model']} has no calibration set to estimate from: use another."
            )
        return Calibration.from_arrays(self.space, self._model[1], self.run["model"])

    @cached_property
    def _model(self) -> tuple[dict[str, Any], dict[str, np.ndarray] | None]:
        from agestat.model.checkpoint import unpack_calibration

        query = "SELECT info, calibration FROM models WHERE digest = ?"
        try:
            ((info, calibration),) = next(self._stored.rows(query, self.run["model_digest"]))
            info = json.loads(info)
            if not isinstance(info, dict):
                raise ValueError
            return info, None if calibration is None else unpack_calibration(calibration)
        except (RecursionError, StopIteration, TypeError, ValueError) as error:
            raise self._stored.damaged() from error

    def table(self, by: By = (), bands: str | Sequence[int] | None = None, **options: Any) -> pd.DataFrame:
        """The result table of `estimate`."""
        return self.estimate(by, bands, **options).table


def _is_store(file: Path) -> bool:
    """Whether a file that was named is no picture that was scanned."""
    if not file.is_file():
        return False
    with file.open("rb") as stream:
        return sniff(stream.read(32)) is None


def _hash(path: bytes, salt: bytes) -> str:
    return hashlib.blake2b(path, key=salt, digest_size=16).hexdigest()


def _name(key: Key | None, row: tuple[Any, ...]) -> str | None:
    """Group of a row that begins with the file's id and `_FACTS`."""
    if key is None:
        return None
    return key(Facts(os.fsdecode(row[1]), os.fsdecode(row[2]), *row[3:6]))
