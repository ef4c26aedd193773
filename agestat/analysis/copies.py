"""Which pictures show the same: copies of one file, and scenes, however many pictures there are of each.

Nobody is recognised: what is compared are whole pictures, by hashes that a scan keeps of them.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

# Bits of `agestat.images.fingerprint.BITS` in which pictures may differ. Equal crops of the faces of other
# people differ in more, whatever their order (benchmarks/copies.py).
ALIKE = 30  # anywhere: another size, quality, brightness
NEXT = 70  # beside each other in a folder
BURST = 78  # within `BURST_SECONDS` of each other
BURST_SECONDS = 10
APART_SECONDS = 60  # from here on pictures beside each other are no series, whatever their names
_DIGITS = 20  # of the longest numbers in names that are compared as numbers
_COMPARED = 8  # others of equal bands that each is compared with
_ONES = np.array([bin(byte).count("1") for byte in range(256)], np.uint8)


class Picture(NamedTuple):
    """What is known of a picture: hashes and ISO 8601 time as the store has them, and its whole path."""

    content: str | None
    look: str | None
    taken_at: str | None
    camera: str | None
    path: bytes

    @property
    def place(self) -> tuple[bytes, bytes]:
        """Folder, and name in the order of people and programs that count: 2.jpg before 10.jpg."""
        folder, _, name = self.path.rpartition(b"/")
        return folder, re.sub(rb"\d+", lambda number: number[0].zfill(_DIGITS), name)


class Same(NamedTuple):
    """Of files in the order of their paths ``(F,)``: the ``first`` one that each is a copy of, by index, and
    the number of the ``scene`` that it shows."""

    first: np.ndarray
    scene: np.ndarray

    @classmethod
    def of(cls, pictures: Iterable[Picture]) -> "Same":
        """See `first_of_copies` and `scenes`."""
        every = list(pictures)
        return cls(first_of_copies([one.content for one in every]), scenes(every))


def counted(group: np.ndarray, same: Same, keep_copies: bool, once: bool) -> np.ndarray:
    """``(F,)`` which files count in their groups ``(F,)``: of copies the first in each, and of scenes if each
    counts ``once``."""
    counts = np.full(len(group), True)
    for unit in [same.first] * (not keep_copies) + [same.scene] * once:
        counts &= ~pd.DataFrame({"group": group, "unit": unit}).duplicated().to_numpy()
    return counts


def first_of_copies(contents: Sequence[str | None]) -> np.ndarray:
    """``(F,)`` the first of the files that are equal to each, by index; its own where no hash is known."""
    first: dict[str, int] = {}
    return np.array(
        [index if one is None else first.setdefault(one, index) for index, one in enumerate(contents)],
        np.int64,
    )


def scenes(pictures: Sequence[Picture]) -> np.ndarray:
    """``(F,)`` the scene of each picture, by number.

    Pictures are of one scene if they are equal, look alike, or look similar and lie beside each other in
    their folder or within seconds by one camera; and so are those that are each of one scene with a third.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components  # slow to import

    count = len(pictures)
    pairs = [np.stack([np.arange(count), first_of_copies([one.content for one in pictures])])]
    known = np.array([index for index, one in enumerate(pictures) if one.look], np.int64)
    if len(known) > 1:
        looks = np.frombuffer(bytes.fromhex("".join(str(pictures[i].look) for i in known)), np.uint8)
        looks = looks.reshape(len(known), -1)
        seconds = np.array([_seconds(pictures[i].taken_at) for i in known])
        pairs += [known[two] for two in (*_alike(looks), _beside(pictures, known, looks, seconds))]
    one, other = np.concatenate(pairs, axis=1)
    links = coo_matrix((np.ones(len(one), bool), (one, other)), (count, count))
    return np.asarray(connected_components(links, directed=False)[1])


def _distance(looks: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    return np.asarray(_ONES[looks[pairs[0]] ^ looks[pairs[1]]].sum(axis=1, dtype=np.int64))


def _alike(looks: np.ndarray) -> list[np.ndarray]:
    """``(2, P)`` pairs that look `ALIKE`, found among those that share 16 bits that stand together."""
    found = []
    for band in looks.view(np.uint16).T:
        order = np.argsort(band, kind="stable")
        for step in range(1, min(_COMPARED, len(order) - 1) + 1):
            pairs = np.stack([order[:-step], order[step:]])
            pairs = pairs[:, band[pairs[0]] == band[pairs[1]]]
            found.append(pairs[:, _distance(looks, pairs) <= ALIKE])
    return found


def _beside(
    pictures: Sequence[Picture], known: np.ndarray, looks: np.ndarray, seconds: np.ndarray
) -> np.ndarray:
    """``(2, P)`` pairs of one series: neighbours in their folder, or in time by one camera."""
    places = [pictures[i].place for i in known]
    by_path = np.array(sorted(range(len(known)), key=places.__getitem__), np.int64)
    cameras = np.unique([pictures[i].camera or "" for i in known], return_inverse=True)[1]
    by_time = np.lexsort([seconds, cameras])
    pairs = np.concatenate([np.stack([order[:-1], order[1:]]) for order in (by_path, by_time)], axis=1)
    apart = np.abs(seconds[pairs[0]] - seconds[pairs[1]])  # nan where a time is not known
    folders = np.unique([folder for folder, _ in places], return_inverse=True)[1]
    same_folder = folders[pairs[0]] == folders[pairs[1]]
    same_folder[len(known) - 1 :] = False  # neighbours in time are none by name
    burst = (apart <= BURST_SECONDS) & (cameras[pairs[0]] == cameras[pairs[1]])
    most = np.select([burst, same_folder & ~(apart > APART_SECONDS)], [BURST, NEXT], -1)
    return np.asarray(pairs[:, _distance(looks, pairs) <= most])


def _seconds(time: str | None) -> float:
    """Seconds of a time that is known to the minute at least, else nan."""
    if time is None or len(time) < len("2019-05-03T12:00"):
        return float("nan")
    return (datetime.fromisoformat(time) - datetime(1800, 1, 1)).total_seconds()
