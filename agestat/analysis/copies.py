"""Which pictures show the same: copies of one, and scenes, however many pictures there are of each.

Nobody is recognised: what is compared are whole pictures, by hashes that a scan keeps of them.
"""

import os
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from agestat.images.kinds import bare

# Bits of `agestat.images.fingerprint.BITS` in which pictures may differ. Equal crops of the faces of other
# people differ in more, whatever their order (benchmarks/copies.py).
COPY = 10  # where their names say so too: another size or quality, and hardly the badge of somebody else
ALIKE = 30  # anywhere: another size, quality, brightness
NEXT = 70  # beside each other in a folder
BURST = 78  # within `BURST_SECONDS` of each other
BURST_SECONDS = 10
APART_SECONDS = 60  # from here on pictures beside each other are no series, whatever their names
_DIGITS = 20  # of the longest numbers in names that are compared as numbers
_COMPARED = 8  # others of equal bands that each is compared with
_SHORTEST = 3  # letters of a name that tells a copy: 1.jpg is in too many
_WORD = re.compile("[a-z0-9]")
_ONES = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


class Picture(NamedTuple):
    """What is known of a picture: hashes and ISO 8601 time as the store has them, its whole path, and how
    many ``pixels`` it has."""

    content: str | None
    look: str | None
    taken_at: str | None
    camera: str | None
    path: bytes
    pixels: int = 0

    @property
    def place(self) -> tuple[bytes, bytes]:
        """Folder, and name in the order of people and programs that count: 2.jpg before 10.jpg."""
        folder, _, name = self.path.rpartition(b"/")
        return folder, re.sub(rb"\d+", lambda number: number[0].zfill(_DIGITS), name)


class Same(NamedTuple):
    """Of files in the order of their paths ``(F,)``: the ``first`` one that each is a copy of, by index, the
    number of the ``scene`` that it shows, and all indices in ``order``: of the same the largest first.

    Pictures are copies if they are equal; or if they look equal in one folder, and one has the name of the
    other, whatever people and programs wrote before or behind it: "Copy of a", "a (1)", "a - Kopie", or the
    same in another format. They are of one scene if they are equal, look alike, or look similar and lie
    beside each other in their folder or within seconds by one camera. What is the same as a third is too.
    """

    first: np.ndarray
    scene: np.ndarray
    order: np.ndarray

    @classmethod
    def of(cls, pictures: Iterable[Picture]) -> "Same":
        """Find them in files in the order of their paths."""
        every = list(pictures)
        equal, order = _equal(every), np.argsort([-one.pixels for one in every], kind="stable")
        known = np.array([index for index, one in enumerate(every) if one.look], np.int64)
        if len(known) < 2:
            return cls(_together(len(every), equal), _together(len(every), equal), order)
        seen = [every[index] for index in known]
        looks = np.frombuffer(bytes.fromhex("".join(str(one.look) for one in seen)), np.uint8)
        looks = looks.reshape(len(known), -1)
        alike = _alike(looks)
        copies = alike[:, _distance(looks, alike) <= COPY]
        copies = copies[:, _are_named_alike(seen, copies)]
        near = np.concatenate([alike, _beside(seen, looks)], axis=1)
        first, scene = (_together(len(every), equal, known[pairs]) for pairs in (copies, near))
        return cls(first, scene, order)


def counted(group: np.ndarray, same: Same, keep_copies: bool, once: bool) -> np.ndarray:
    """``(F,)`` which files count in their groups ``(F,)``: of copies the largest in each, and of scenes if
    each counts ``once``."""
    counts = np.full(len(group), True)
    for unit in [same.first] * (not keep_copies) + [same.scene] * once:
        frame = pd.DataFrame({"group": group, "unit": unit}).iloc[same.order]
        counts[same.order] &= ~frame.duplicated().to_numpy()
    return counts


def _together(count: int, *pairs: np.ndarray) -> np.ndarray:
    """``(count,)`` the first of all that hang together by ``pairs (2, P)``, by index."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components  # slow to import

    one, other = np.concatenate(pairs, axis=1)
    links = coo_matrix((np.ones(len(one), bool), (one, other)), (count, count))
    number = connected_components(links, directed=False)[1]
    return np.asarray(np.unique(number, return_index=True)[1][number])


def _equal(pictures: Sequence[Picture]) -> np.ndarray:
    """``(2, F)`` each picture and the first of equal bytes."""
    first: dict[str, int] = {}
    contents = (one.content for one in pictures)
    firsts = [i if one is None else first.setdefault(one, i) for i, one in enumerate(contents)]
    return np.array([range(len(firsts)), firsts], np.int64)


def _numbers(values: Iterable[Any]) -> np.ndarray:
    """``(N,)`` the same number for the same value. Arrays of text would be as wide as the longest."""
    number: dict[Any, int] = {}
    return np.array([number.setdefault(value, len(number)) for value in values], np.int64)


def _are_named_alike(pictures: Sequence[Picture], pairs: np.ndarray) -> np.ndarray:
    """``(P,) bool`` of ``pairs (2, P)``, whether in one folder one name is the other, or stands at its
    beginning or end."""
    whole = (one.path.rpartition(b"/") for one in pictures)
    places = [(folder, bare(os.fsdecode(name))) for folder, _, name in whole]
    number, folder = _numbers(places), _numbers(folder for folder, _ in places)
    is_named = number[pairs[0]] == number[pairs[1]]
    lengths = np.array([len(name) for _, name in places])
    is_near = (folder[pairs[0]] == folder[pairs[1]]) & (lengths[pairs[0]] != lengths[pairs[1]])
    for index in np.flatnonzero(is_near):  # frames of a film are seldom asked
        short, long = sorted((places[i][1] for i in pairs[:, index]), key=len)
        before, behind = long.removesuffix(short), long.removeprefix(short)
        is_named[index] = len(short) >= _SHORTEST and (
            (before != long and not _WORD.match(before[-1]))
            or (behind != long and not _WORD.match(behind[0]))
        )
    return is_named


def _distance(looks: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    return np.asarray(_ONES[looks[pairs[0]] ^ looks[pairs[1]]].sum(axis=1, dtype=np.int64))


def _alike(looks: np.ndarray) -> np.ndarray:
    """``(2, P)`` pairs that look `ALIKE`, found among those that share 16 bits that stand together."""
    found = [np.empty((2, 0), np.int64)]
    for band in looks.view(np.uint16).T:
        order = np.argsort(band, kind="stable")
        for step in range(1, min(_COMPARED, len(order) - 1) + 1):
            pairs = np.stack([order[:-step], order[step:]])
            pairs = pairs[:, band[pairs[0]] == band[pairs[1]]]
            found.append(pairs[:, _distance(looks, pairs) <= ALIKE])
    return np.concatenate(found, axis=1)


def _beside(pictures: Sequence[Picture], looks: np.ndarray) -> np.ndarray:
    """``(2, P)`` pairs of one series: neighbours in their folder, or in time by one camera."""
    places = [one.place for one in pictures]
    seconds = np.array([_seconds(one.taken_at) for one in pictures])
    by_path = np.array(sorted(range(len(places)), key=places.__getitem__), np.int64)
    cameras = _numbers(one.camera for one in pictures)
    by_time = np.lexsort([seconds, cameras])
    pairs = np.concatenate([np.stack([order[:-1], order[1:]]) for order in (by_path, by_time)], axis=1)
    apart = np.abs(seconds[pairs[0]] - seconds[pairs[1]])  # nan where a time is not known
    folders = _numbers(folder for folder, _ in places)
    same_folder = folders[pairs[0]] == folders[pairs[1]]
    same_folder[len(places) - 1 :] = False  # neighbours in time are none by name
    burst = (apart <= BURST_SECONDS) & (cameras[pairs[0]] == cameras[pairs[1]])
    most = np.select([burst, same_folder & ~(apart > APART_SECONDS)], [BURST, NEXT], -1)
    return np.asarray(pairs[:, _distance(looks, pairs) <= most])


def _seconds(time: str | None) -> float:
    """Seconds of a time that is known to the minute at least, else nan."""
    if time is None or len(time) < len("2019-05-03T12:00"):
        return float("nan")
    return (datetime.fromisoformat(time) - datetime(1800, 1, 1)).total_seconds()
