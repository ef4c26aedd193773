"""What was there at an earlier scan and is not now: deleted, or on a drive that is not connected."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache

from agestat.errors import AgestatError
from agestat.images.reasons import ELSEWHERE
from agestat.images.walk import Found, folders_of, walk
from agestat.scanning.shards import Shard, is_in
from agestat.scanning.store import Store


def check_emptied(store: Store, paths: Sequence[str | os.PathLike[str]]) -> None:
    """Raise `AgestatError` for a folder that held pictures when it was scanned and has none now or is gone:
    more often a drive that is not there than a wish, and what is known of it would be lost."""
    for folder in sorted(folders_of(paths, gone=True)):
        if store.held_pictures(folder) and not _holds_pictures(folder):
            raise AgestatError(
                "{folder} held pictures when it was scanned last and holds none now: is its drive there? The "
                "result of that scan is kept; repeat with --fresh if the pictures are gone on purpose.",
                folder=folder,
            )  # fmt: skip


def gone(
    store: Store, run: int, roots: set[str], is_asked_for: Callable[[str], bool], shard: Shard | None
) -> dict[str, int]:
    """How many pictures that earlier runs read below ``roots`` are not there in ``run``, which has met all.

    They are counted by the topmost folder in which none is left; those of other folders under "" and only
    once, by the first scan that misses them. What was moved or is no longer asked for is not gone.
    """
    holds_pictures = cache(_holds_pictures)
    count: Counter[str] = Counter()
    for file, is_news in store.missed(run, roots):
        if is_asked_for(file.path) and is_in(file.path, shard) and not os.path.lexists(file.full):
            ends = (end for end, letter in enumerate(file.path) if letter == "/")
            above = (os.path.join(file.root, file.path[:end]) for end in ends)  # noqa: PTH118
            empty = next((folder for folder in above if not holds_pictures(folder)), "")
            if empty or is_news:
                count[empty] += 1
    return dict(count)


def _holds_pictures(folder: str) -> bool:
    return any(isinstance(entry, Found) or entry.reason == ELSEWHERE for entry in walk([folder]))
