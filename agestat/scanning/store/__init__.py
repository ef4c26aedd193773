"""The store: one SQLite file with a row per file and per face, written as the scan goes.

The only owner of its SQL: `Store` writes, one at a time; `StoredRun` reads, as many as like, also while a
scan writes. A row belongs to a root, a path and the settings (network, detector) that made it, so that
different settings live side by side; it is used again only while the file's size and time are the same. Paths
are kept as bytes.
"""

from agestat.scanning.store.home import Kept, kept, remove, scanned, store_of
from agestat.scanning.store.merging import merge
from agestat.scanning.store.reading import StoredRun
from agestat.scanning.store.schema import is_database
from agestat.scanning.store.writing import Row, Store

__all__ = [
    "Kept",
    "Row",
    "Store",
    "StoredRun",
    "is_database",
    "kept",
    "merge",
    "remove",
    "scanned",
    "store_of",
]
