"""What a scan gives: files and faces as data frames, and the estimated shares."""

import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from agestat.analysis.copies import Picture, Same, counted
from agestat.analysis.face_lists import read_left_out
from agestat.analysis.faces import Chunk, described
from agestat.analysis.groups import CLUSTERS, By, Key, parse_by
from agestat.analysis.names import is_store, unchanged_file, with_names
from agestat.analysis.own_labels import LabelFile
from agestat.analysis.places import FACTS, Places, every_path, group_of, read_places
from agestat.errors import AgestatError, UsageError
from agestat.images.kinds import MACHINES
from agestat.model.label_space import LabelSpace
from agestat.scanning.store import StoredRun, scanned
from agestat.scanning.store.reading import MEASURED
from agestat.stats.correct import DEFAULT_METHOD

if TYPE_CHECKING:
    from agestat.stats.calibration import Calibration
    from agestat.stats.estimate import Estimate

DEFAULT_BANDS = {"years": "marketing", "six": "seed"}  # by label space
LOOKED_AT = 100_000  # faces or so that the test of shift sees; more would not change its verdict


class Scan:
    """One scan, as its store keeps it. Made by `agestat.scan` or `agestat.open`.

    It looks into the store whenever it is asked; inside ``with`` all answers are as at one moment. A later
    scan with the same settings takes its rows over; to read this one then raises `AgestatError`.
    """

    def __init__(self, stored: StoredRun) -> None:
        self.keep_copies = False  # count every copy of a file
        self.once = False  # count one picture of each scene
        self._stored = stored
        self._counts: dict[tuple[bool, bool], dict[str, int]] = {}
        self._salt: bytes | None = None

    @classmethod
    def open(cls, path: str | os.PathLike[str], *more: str | os.PathLike[str]) -> "Scan":
        """The latest run in a store, given its file or what was scanned together."""
        file = Path(path)
        return cls(StoredRun.latest(file if is_store(file) and not more else scanned(path, *more)))

    def hide_paths(self) -> None:
        """From now on `files` and `faces` hold hashes for roots and paths. Their salt is random and kept
        nowhere: equal paths have equal hashes in this object, and nobody can try out names."""
        self._salt = secrets.token_bytes(32)
        options = self.run.get("options", {})
        options.pop("paths", None)
        options |= {name: ["…"] for name in ("include", "exclude") if options.get(name)}
        self.run["gone"] = {"": sum(self.run.get("gone", {}).values())}
        self._folders  # noqa: B018 -- kept from here on, for the names of groups
        self.run.pop("roots", None)
        self.__dict__.pop("files", None)
        self.__dict__.pop("failed", None)

    def leave_out(self, path: str | os.PathLike[str]) -> None:
        """From now on count without the faces that a list of `agestat report --review` or `agestat label`
        notes as no face or no person. Raises `AgestatError` if the list names no face of this scan."""
        self._stored.leave_out(())
        self._stored.leave_out(read_left_out(path, self))
        self._counts.clear()
        for known in ("files", "_looks"):
            self.__dict__.pop(known, None)

    def _name_files(self, frame: pd.DataFrame) -> pd.DataFrame:
        with self._stored.understood():
            return with_names(frame, self._salt)

    def unchanged(self, file_id: int) -> tuple[str, int] | None:
        """Where a scanned file is, and its quarter turns clockwise, if it is still what was scanned."""
        return unchanged_file(self._stored.place(int(file_id)))

    def __enter__(self) -> "Scan":
        self._stored.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._stored.__exit__()

    @property
    def store(self) -> Path:
        """The file that keeps it."""
        return self._stored.path

    @property
    def run(self) -> dict[str, Any]:
        """Model, its digest, options, times (UTC), and the version of agestat."""
        return self._stored.about

    @property
    def space(self) -> LabelSpace:
        """What the model's probabilities mean."""
        return self._stored.space

    @property
    def counts(self) -> dict[str, int]:
        """Files ``found``, ``read``, ``failed``, ``reused``, ``no_face``, and of these ``small_faces``: those
        whose faces were all left out; ``faces_left_out`` as too small or ``_by_you``. Of what counts, all
        groups together: ``faces``, ``photos`` with any, and the ``scenes`` that these show; ``copies`` are
        those that do not."""
        chosen = self.keep_copies, self.once
        if chosen not in self._counts:
            self._counts[chosen] = self._count()
        return self._counts[chosen]

    def _count(self) -> dict[str, int]:
        known = self._stored.counts()
        faces = np.array([row[3] for rows in self._stored.facts("faces") for row in rows], np.int64)
        mine = counted(np.zeros(len(faces), np.int64), self._same, self.keep_copies, self.once)
        shown = mine & (faces > 0)
        return {
            **known, "faces": int(faces[mine].sum()), "photos": int(shown.sum()),
            "scenes": len(np.unique(self._same.scene[shown])), "copies": int((~mine).sum()),
        }  # fmt: skip

    @cached_property
    def failures(self) -> "pd.Series[int]":
        """Number of failed files by reason, the most frequent first."""
        return pd.Series(dict(self._stored.failures()), dtype="int64", name="files")

    @cached_property
    def files(self) -> pd.DataFrame:
        """One row per file; the index is ``file_id``. Sizes in pixels of the upright picture."""
        return self._name_files(self._stored.files())

    @cached_property
    def failed(self) -> pd.DataFrame:
        """The rows of `files` that could not be read."""
        return self._name_files(self._stored.files(failed=True))

    @property
    def remarks(self) -> dict[str, int]:
        """Pictures read in ``part``, ``turned`` upright, looked at in ``tiles``, or ``limited`` in that;
        ``pages`` of files beyond the first, which are not read."""
        return self._stored.remarks()

    @cached_property
    def dates(self) -> dict[str | None, int]:
        """Number of pictures whose time is from ``exif``, from their ``name``, or is not known (None), and of
        those of which EXIF tells one that cannot be ("date not believed")."""
        return self._stored.dates()

    @cached_property
    def other_kinds(self) -> dict[str, int]:
        """Number of files that were met and not read by kind, see `agestat.images.kinds.KINDS`."""
        return self._stored.other_kinds()

    @property
    def every_file(self) -> pd.DataFrame:
        """`files`, then those that were met and not read: their ``status`` is "left out" where machines
        keep such files, else "not read", and ``reason`` their kind."""
        others = self._name_files(self._stored.others())
        others["status"] = ["left out" if kind in MACHINES else "not read" for kind in others["kind"]]
        return pd.concat([self.files, others.rename(columns={"kind": "reason"})], ignore_index=True)

    @property
    def faces(self) -> pd.DataFrame:
        """One row per face: where it is, ``p_female``, ``age`` with its 90 % interval in years, quality; see
        ``docs/exports.md``."""
        return pd.concat(list(self.face_chunks()), ignore_index=True)

    def face_chunks(
        self, bands: str | Sequence[int] | None = None, *, groups: pd.Series | None = None
    ) -> Iterator[pd.DataFrame]:
        """The rows of `faces` in frames of bounded size, one at least. Each face has the gender and the band
        that it counts as, one of ``bands``, and the group of its file in ``groups``."""
        from agestat.stats.bands import parse_bands
        from agestat.stats.layout import Layout
        from agestat.stats.tally import EVERYTHING

        layout = Layout(
            self.space, tuple(parse_bands(DEFAULT_BANDS[self.space.name] if bands is None else bands))
        )
        for frame, probabilities in self._stored.faces():
            self._name_files(frame)
            frame["group"] = EVERYTHING if groups is None else groups.loc[frame["file_id"]].to_numpy()
            with self._stored.understood():
                yield described(frame, probabilities, layout, self._model[1] or {})

    def chunks(self, by: By = (), *, cluster: str = "photo", **groups: Any) -> Iterator[Chunk]:
        """All faces that count for an estimate, a bounded number at a time; see `estimate`."""
        return (chunk for _, chunk in self.numbered_chunks(by, cluster=cluster, **groups))

    def numbered_chunks(
        self, by: By = (), *, cluster: str = "photo", **groups: Any
    ) -> Iterator[tuple[np.ndarray, Chunk]]:
        """`chunks`, each with the numbers ``(n,)`` of its faces in the order of `face_chunks`."""
        return self._chunks(self._places(by, cluster, groups))

    def _chunks(self, places: Places) -> Iterator[tuple[np.ndarray, Chunk]]:
        start = 0
        for files, probabilities in self._stored.probabilities():
            mine = places.counts_of(files)
            numbers = start + np.flatnonzero(mine)
            start += len(files)
            files = files[mine]
            chunk = Chunk(probabilities[mine], places.groups_of(files), places.clusters_of(files))
            yield numbers, chunk

    def _places(self, by: By, cluster: str, groups: dict[str, Any]) -> Places:
        if cluster not in CLUSTERS:
            raise UsageError(
                "There are no clusters by {cluster!r}: choose one of {clusters}.",
                cluster=cluster, clusters=", ".join(CLUSTERS),
            )  # fmt: skip
        return read_places(
            self._stored, self._key(by, groups), cluster == "folder", self._same,
            keep_copies=self.keep_copies, once=self.once,
        )  # fmt: skip

    @cached_property
    def _same(self) -> Same:
        """Copies and scenes among all files, in the order of paths."""
        with self._stored.understood():
            return Same.of(
                Picture(content, look, taken_at, camera, root + b"/" + path, (width or 0) * (height or 0))
                for rows in self._stored.facts("content", "look", "taken_at", "camera", "width", "height")
                for _, root, path, content, look, taken_at, camera, width, height in rows
            )

    def contents(self) -> np.ndarray:
        """``(F,)`` 64 bits of the hash of each file's bytes, of its beginning and of all."""
        with self._stored.understood():
            known = (one for rows in self._stored.facts("content") for *_, one in rows if one)
            return np.fromiter((int(one[:8] + one[-8:], 16) for one in known), np.uint64)

    def _key(self, by: By, groups: dict[str, Any]) -> Key | None:
        """Roots are those that were asked for too: the names of groups do not hang on what was found."""
        roots = sorted({*map(os.fsdecode, self._stored.roots()), *(self._folders or ())})
        paths = partial(every_path, self._stored)
        return parse_by(by, roots=roots, folders=self._folders, paths=paths, **groups)

    @cached_property
    def _folders(self) -> frozenset[str] | None:
        """The folders that were scanned; None in stores of versions that did not keep them."""
        return frozenset(self.run["roots"]) if "roots" in self.run else None

    def groups(self, by: By, **groups: Any) -> pd.Series:
        """The group of each file, by ``file_id``."""
        key = self._key(by, groups)
        with self._stored.understood():
            named = {row[0]: group_of(key, row) for rows in self._stored.facts(*FACTS) for row in rows}
        return pd.Series(named, name="group", dtype=object)

    def estimate(
        self,
        by: By = (),
        bands: str | Sequence[int] | None = None,
        *,
        labels: str | os.PathLike[str] | None = None,
        metadata: str | os.PathLike[str] | None = None,
        trust_mtime: bool = False,
        cluster: str = "photo",
        method: str = DEFAULT_METHOD,
        level: float = 0.95,
        replicates: int = 1000,
        seed: int = 0,
        min_n: int = 1,
    ) -> "Estimate":
        """Corrected shares of perceived gender and age, with intervals.

        ``by``: one key of ``agestat scan --by`` or several, as "folder:1" or "year"; ``metadata`` is the
        table for "column:NAME", and ``trust_mtime`` takes a file's time where EXIF has none. ``bands``: a
        preset's name or the bands' first ages in years; None is "marketing", of six classes "seed".
        ``labels``: a file of `agestat label`, filled in. Faces of one ``cluster`` ("photo" or "folder") are
        taken as dependent. ``method``: see docs/statistics.md. ``level`` of the intervals; ``replicates`` of
        what is drawn for them, with ``seed``. Fewer than ``min_n`` faces, of a group or as a whole, are only
        counted. Raises `UsageError` for what cannot be used.
        """
        from threadpoolctl import threadpool_limits

        from agestat.stats.bands import parse_bands
        from agestat.stats.estimate import estimate_checked

        keys: dict[str, Any] = {"metadata": metadata, "trust_mtime": trust_mtime}
        chosen = parse_bands(DEFAULT_BANDS[self.space.name] if bands is None else bands)
        # Products of slices are small: threads of one would wait for each other.
        with self, threadpool_limits(1, "blas"):
            own = LabelFile(Path(labels), self) if labels else None
            places = self._places(by, cluster, keys)
            found = estimate_checked(
                lambda: (chunk for _, chunk in self._chunks(places)),
                self._looks_in(places), self.calibration(), bands=chosen,
                labels=own.own_labels(by, cluster=cluster, **keys) if own else None,
                method=method, level=level, replicates=replicates, seed=seed,
                min_n=min_n,
            )  # fmt: skip
        names = [] if places.names is None else map(str, places.names)
        faceless = tuple(sorted(set(names) - {*found.table["group"], *found.few}))
        if own:
            found = replace(found, labels_gone=own.gone, labels_sorted=own.are_sorted)
        return replace(found, faceless=faceless)

    @cached_property
    def _looks(self) -> dict[str, np.ndarray]:
        """`looks` of all faces, once for all estimates of this scan."""
        return self.looks()

    def _looks_in(self, places: Places) -> dict[str, np.ndarray]:
        """The same, and the group of each face where there are groups."""
        groups = places.groups_of(self._looks["photo"])
        return self._looks if groups is None else {**self._looks, "group": groups}

    def looks(self, by: By = (), group: str | None = None, **groups: Any) -> dict[str, np.ndarray]:
        """What tells whether the faces look like those that the model's errors were learned from: columns of
        `agestat.stats.shift.shift`, spread of ages, photos; of one group or of about `LOOKED_AT` faces."""
        with self:
            places = self._places(by, "photo", groups) if by else None
            every = 1 if places else max(1, -(-self.counts["faces"] // LOOKED_AT))
            parts, photos = [np.empty((0, len(MEASURED) + 1), np.float32)], [np.empty(0, np.int64)]
            for files, measured, probabilities in self._stored.measured(every):
                mine = places.groups_of(files) == group if places else slice(None)
                parts.append(np.column_stack([measured, self.space.age_spread(probabilities)])[mine])
                photos.append(files[mine])
        columns = dict(zip((*MEASURED, "age_spread"), np.concatenate(parts).T, strict=True))
        return {**columns, "photo": np.concatenate(photos)}

    @property
    def model_info(self) -> dict[str, Any]:
        """Description (``model.json``) of the model that made the rows, as it was when they were made."""
        return self._model[0]

    def calibration(self) -> "Calibration":
        """Of exactly the model that made the rows."""
        from agestat.stats.calibration import Calibration

        if self._model[1] is None:
            raise AgestatError("The model {model} has no calibration set to estimate from: use another.",
                               model=self.run["model"])  # fmt: skip
        name = self.model_info.get("calibration", {}).get("name", self.run["model"])
        return Calibration.from_arrays(self.space, self._model[1], name)

    @cached_property
    def _model(self) -> tuple[dict[str, Any], dict[str, np.ndarray] | None]:
        return self._stored.model()

    def table(self, by: By = (), bands: str | Sequence[int] | None = None, **options: Any) -> pd.DataFrame:
        """The result table of `estimate`."""
        return self.estimate(by, bands, **options).table
