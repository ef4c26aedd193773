"""One part of many: the same files on every machine, told by a hash of their paths below what is scanned."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator

from agestat.errors import UsageError
from agestat.images.walk import Entry

Shard = tuple[int, int]  # the first of 4 parts is (1, 4)


def parse_shard(text: str) -> Shard:
    """``I/N`` as `check_shard` takes it."""
    found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    if not found:
        raise UsageError("--shard {value} is not I/N: the second of four parts is 2/4.", value=text)
    return check_shard((int(found[1]), int(found[2])))


def check_shard(shard: Shard) -> Shard:
    """The same, or `UsageError` where there is no such part."""
    number, count = shard
    if not 1 <= number <= count:
        raise UsageError(
            "There is no part {number} of {count}: the first is 1/{count}.", number=number, count=count
        )
    return shard


def only_shard(entries: Iterable[Entry], shard: Shard | None) -> Iterator[Entry]:
    """The entries that belong to a part; all of them where there is none."""
    for entry in entries:
        if is_in(entry.path, shard):
            yield entry


def is_in(path: str, shard: Shard | None) -> bool:
    """Whether a path below its root belongs to a part, or there are none."""
    if shard is None:
        return True
    digest = hashlib.blake2b(os.fsencode(path), digest_size=8).digest()
    return int.from_bytes(digest, "big") % shard[1] + 1 == shard[0]
