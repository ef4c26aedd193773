"""Passing over the faces of a collection, in chunks of any number, and keeping only sums.

A *chunk* is ``(probabilities (N, L), groups (N,) or None, clusters (N,))``. Each face becomes a distribution
over the model's cells, as the chosen method sees it; sums are kept per group and *block*, a hash of the
cluster. Clusters are independent, so blocks of clusters are too, and resampling blocks is as good.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from agestat.model.label_space import LabelSpace
from agestat.stats.calibration import TINY, Calibration
from agestat.stats.quantify import expectation_maximisation, reweight

Chunk = tuple[np.ndarray, np.ndarray | None, np.ndarray]
Chunks = Callable[[], Iterable[Chunk]]
EVERYTHING = "all"
BLOCKS = 2048  # per group; the error of a standard error is then about 1.6 %
FEWEST_BLOCKS = 64  # 9 %
MOST_BLOCKS = 2**19  # of all groups together: 400 MB of sums
PILOT_FACES = 20_000  # per group; more would not move the pilot estimate
FEWEST_PILOT_FACES = 1000
MOST_PILOT_FACES = 2**22  # of all groups together: 300 MB
SLICE = 2000  # faces expanded to cells at a time: what fits into a processor's cache
# Methods with a pilot, and faces per cell that keep it off the border: faces of a cell that is empty there
# look like those of any other, and nothing more could be learned of it.
PSEUDO = {"bayes": 1.0, "emq": 0.5}


class Survey:
    """First pass over a group: how its faces count, and a random sample of them to start from."""

    def __init__(self, calibration: Calibration) -> None:
        self._calibration = calibration
        self._parts: list[tuple[np.ndarray, np.ndarray]] = []  # (n,) priorities and (n, K) probabilities
        self._waiting = 0
        self._limit = np.inf  # priorities above it are known not to be among the smallest
        self.counted = np.zeros(calibration.space.size, np.int64)  # (C,) faces by their most plausible cell

    @property
    def n(self) -> int:
        """Number of faces."""
        return int(self.counted.sum())

    def sample(self, calibration: Calibration) -> np.ndarray:
        """``(n, K)`` calibrated probabilities of native cells."""
        return calibration.posterior(np.concatenate([native for _, native in self._parts]))

    def plain(self, calibration: Calibration) -> np.ndarray:
        """``(K,)`` mean calibrated probabilities of native cells."""
        return np.asarray(self.sample(calibration).mean(axis=0, dtype=np.float64))

    def add(self, counted: np.ndarray, probabilities: np.ndarray, priority: np.ndarray, most: int) -> None:
        """Cells ``(n,)``, heads ``(n, L)`` and random ``priority (n,)`` of faces; ``most`` of all stay."""
        self.counted += np.bincount(counted, minlength=len(self.counted))
        chosen = np.flatnonzero(priority < self._limit)
        if len(chosen):
            native = self._calibration.space.cells(probabilities[chosen]) @ self._calibration.to_native
            self._parts.append((priority[chosen], native))
            self._waiting += len(chosen)
        if self._waiting > 1.25 * most:
            self.thin(most)

    def thin(self, most: int) -> None:
        """Keep the ``most`` smallest priorities."""
        if self._waiting <= most:
            return
        priority, native = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        keep = np.sort(np.argpartition(priority, most)[:most])
        self._parts, self._waiting = [(priority[keep], native[keep])], most
        self._limit = priority[keep].max()

    def pilot(self, method: str, calibration: Calibration) -> np.ndarray | None:
        """``(K,)`` shares by expectation-maximisation where ``method`` starts from them."""
        if method not in PSEUDO:
            return None
        return expectation_maximisation(self.sample(calibration), calibration.prior, PSEUDO[method])


def counted_shares(found: Mapping[str, Survey], calibration: Calibration) -> np.ndarray:
    """``(K,)`` counted shares of native cells in all groups together."""
    counted = np.sum([seen.counted for seen in found.values()], axis=0) @ calibration.to_native
    return np.asarray(counted / counted.sum())


def first_shares(
    found: Mapping[str, Survey], pilots: Mapping[str, np.ndarray | None], calibration: Calibration
) -> np.ndarray:
    """``(K,)`` shares of native cells in all groups together: by expectation-maximisation, if the method
    starts from that, else by counting."""
    shares = np.zeros(calibration.size)
    for name, seen in found.items():
        pilot = pilots.get(name)
        shares += seen.counted @ calibration.to_native if pilot is None else seen.n * pilot
    return np.asarray(shares / max(shares.sum(), 1))


def shared_pilot(pilots: Mapping[str, np.ndarray | None]) -> np.ndarray:
    """``(K,)`` mean of the groups' pilot shares, the point where the errors that they share are looked at.
    Whatever their size: under the shares of a large one the few women of a small one would hardly be seen."""
    return np.asarray(np.mean([pilot for pilot in pilots.values() if pilot is not None], axis=0))


def counted_cells(space: LabelSpace, probabilities: np.ndarray) -> np.ndarray:
    """``(N,)`` the cell each face counts as: likelier gender and median age, or the likeliest cell."""
    if len(space.heads) == 1:
        return np.asarray(space.cells(probabilities).argmax(axis=1))
    male = space.p_female(probabilities) < 0.5
    return np.asarray(male * space.heads[1] + space.age(probabilities).astype(int))


def survey(chunks: Iterable[Chunk], calibration: Calibration, rng: np.random.Generator) -> dict[str, Survey]:
    """Read every chunk once; groups by name."""
    found: dict[str, Survey] = {}
    most = PILOT_FACES
    for probabilities, names, _ in _slices(chunks):
        counted, priority = counted_cells(calibration.space, probabilities), rng.random(len(probabilities))
        for name, mine in _members(names, len(probabilities)):
            seen = found.setdefault(name, Survey(calibration))
            seen.add(counted[mine], probabilities[mine], priority[mine], most)
        most = _share(MOST_PILOT_FACES, len(found), FEWEST_PILOT_FACES, PILOT_FACES)
    for seen in found.values():
        seen.thin(most)
    return dict(sorted(found.items()))


def _share(room: int, groups: int, fewest: int, most: int) -> int:
    """How much each of the groups gets of what fits into memory."""
    return min(max(room // max(groups, 1), fewest), most)


def cells_of_faces(
    method: str, probabilities: np.ndarray, calibration: Calibration, pilot: np.ndarray | None
) -> np.ndarray:
    """``(N, C)`` each face's distribution over the model's cells, as ``method`` sees it."""
    if method == "cc":
        return np.eye(calibration.space.size, dtype=np.float32)[
            counted_cells(calibration.space, probabilities)
        ]
    cells = calibration.space.cells(probabilities)
    if method == "pcc":
        return cells
    native = cells @ calibration.to_native
    features = native_features(method, calibration.posterior(native), calibration, pilot)
    within = features / (native + TINY)
    return np.asarray(cells * (within @ calibration.to_native.T))  # much faster than picking columns


def native_features(
    method: str, posterior: np.ndarray, calibration: Calibration, pilot: np.ndarray | None
) -> np.ndarray:
    """``(N, K)`` what ``method`` averages over faces: hard votes, probabilities, or those under the pilot."""
    if method == "acc":
        return np.eye(calibration.size, dtype=np.float32)[posterior.argmax(axis=1)]
    return posterior if pilot is None else reweight(posterior, calibration.prior, pilot)


def tally(
    chunks: Iterable[Chunk], method: str, calibration: Calibration, pilots: dict[str, np.ndarray | None]
) -> dict[str, np.ndarray]:
    """Second pass: per group of ``pilots`` the sums ``(blocks, C)`` of `cells_of_faces` over each block."""
    blocks = _share(MOST_BLOCKS, len(pilots), FEWEST_BLOCKS, BLOCKS)
    sums = {name: np.zeros((blocks, calibration.space.size), np.float32) for name in pilots}
    for probabilities, names, clusters in _slices(chunks):
        block = _block(clusters, blocks)
        for name, mine in _members(names, len(probabilities)):
            if name not in sums:
                continue
            values = cells_of_faces(method, probabilities[mine], calibration, pilots[name])
            used, row = np.unique(block[mine], return_inverse=True)
            gather = csr_matrix((np.ones(len(mine), np.float32), (row, np.arange(len(mine)))))
            sums[name][used] += gather @ values
    return {name: total[total.any(axis=1)] for name, total in sums.items()}


def _slices(chunks: Iterable[Chunk]) -> Iterator[tuple[np.ndarray, np.ndarray | None, np.ndarray]]:
    for probabilities, groups, clusters in chunks:
        for start in range(0, len(probabilities), SLICE):
            part = slice(start, start + SLICE)
            yield probabilities[part], None if groups is None else groups[part], clusters[part]


def _members(names: np.ndarray | None, count: int) -> Iterator[tuple[str, np.ndarray]]:
    """Each name and the indices ``(n,)`` of its faces."""
    if names is None:
        yield EVERYTHING, np.arange(count)
        return
    index, unique = pd.factorize(np.asarray(names, dtype=object))
    parts = np.split(np.argsort(index, kind="stable"), np.cumsum(np.bincount(index))[:-1])
    yield from zip(map(str, unique), parts, strict=True)


def _block(clusters: np.ndarray, blocks: int) -> np.ndarray:
    """``(N,)`` block of each cluster: the finaliser of splitmix64, so that neighbours spread."""
    z = clusters.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) % np.uint64(blocks)).astype(np.int64)


def only_group(chunks: Chunks, name: str) -> Iterator[Chunk]:
    """The faces of one group, as chunks without groups."""
    for probabilities, groups, clusters in chunks():
        mine = np.asarray(groups).astype(str) == name
        yield probabilities[mine], None, clusters[mine]
