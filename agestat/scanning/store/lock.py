"""Who may write a store: one process at a time."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from agestat.errors import AgestatError
from agestat.scanning.store.schema import IN_USE


@contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Nobody else writes the store inside. Raises `AgestatError` where somebody does.

    A file beside it, of the same name and ``-lock``, is locked by the system, so that this ends with the
    process.
    """
    import filelock  # takes a tenth of a second

    lock = filelock.FileLock(path.with_name(f"{path.name}-lock"), timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise AgestatError(IN_USE, path=path) from None
    except PermissionError:
        raise sqlite3.OperationalError("readonly" if path.exists() else "unable to open") from None
    try:
        yield
    finally:
        if os.name == "posix":  # elsewhere an open file cannot be deleted, and the lock does it
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()
