"""The rows of one run of a store, for as long as no later run has taken them over."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from agestat.errors import AgestatError
from agestat.model.label_space import SPACES
from agestat.scanning.store import Store

_LATER = """
SELECT 1 FROM runs WHERE id > ? AND settings_id = (SELECT settings_id FROM runs WHERE id = ?)
    AND EXISTS (SELECT 1 FROM files WHERE run_id = runs.id)
"""

_COUNTS = """
SELECT count(*), count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'no_face'),
    count(*) FILTER (WHERE status = 'no_face' AND faces_left_out > 0), ifnull(sum(faces_left_out), 0)
FROM files WHERE run_id = ?
"""


class StoredRun:
    """A run of a store, which is open while rows are read, and all the time inside ``with``."""

    def __init__(self, store: Store, run: int) -> None:
        self._store, self._id = store, run

    def __enter__(self) -> "StoredRun":
        if not self._store.path.is_file():  # to open it would make a new one
            raise AgestatError(f"The store {self._store.path} is not there any more: scan again.")
        self._store.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._store.__exit__()

    def rows(self, query: str, *values: Any, size: int = 100_000) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of a query in lists of at most ``size``; its value is this run unless others are given."""
        with self:
            if any(self._store.rows(_LATER, [self._id, self._id])):
                raise AgestatError(
                    f"{self._store.path} was scanned into again since: use the result of that scan."
                )
            yield from self._store.rows(query, values or [self._id], size)

    def all(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query at once."""
        return [row for chunk in self.rows(query) for row in chunk]

    def counts(self) -> dict[str, int]:
        """See `agestat.analysis.scan.Scan.counts`."""
        ((found, failed, no_face, small, left_out),) = self.all(_COUNTS)
        ((faces,),) = self.all("SELECT count(*) FROM files JOIN faces ON file_id = files.id WHERE run_id = ?")
        ((reused,),) = self.all("SELECT reused FROM runs WHERE id = ?")
        return {
            "found": found,
            "read": found - failed,
            "failed": failed,
            "no_face": no_face,
            "small_faces": small,
            "faces": faces,
            "faces_left_out": left_out,
            "reused": reused,
        }

    @cached_property
    def about(self) -> dict[str, Any]:
        """Model, its digest, options, times (UTC), and the version of agestat."""
        ((about, started, finished),) = self.all(
            "SELECT about, started_at, finished_at FROM runs WHERE id = ?"
        )
        try:
            known = json.loads(about)
            if not {"model", "model_digest", "agestat"} <= known.keys() or known["space"] not in SPACES:
                raise ValueError
            if not all(isinstance(root, str) for root in known.get("roots", [])):
                raise ValueError
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise self.damaged() from error
        return {**known, "started_at": started, "finished_at": finished}

    def damaged(self) -> AgestatError:
        """What to raise where the store holds what agestat does not write."""
        return AgestatError(f"The store {self._store.path} is damaged: move it away and scan again.")

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Rows of other types than ours: somebody changed the store."""
        try:
            yield
        except (OverflowError, RecursionError, TypeError, ValueError) as error:
            raise self.damaged() from error
