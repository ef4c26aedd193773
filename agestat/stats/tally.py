"""Passing over the faces of a collection, in chunks of any number, and keeping only sums.

A *chunk* is ``(probabilities (N, L), groups (N,) or None, clusters (N,))``. Each face becomes a distribution
over the model's cells, as the chosen method sees it; sums are kept per group and *block*, a hash of the
cluster. Clusters are independent, so blocks of clusters are too, and resampling blocks is as good.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from agestat.model.labels import LabelSpace
from agestat.stats.calibration import TINY, Calibration
from agestat.stats.quantify import expectation_maximisation, reweight

Chunk = tuple[np.ndarray, np.ndarray | None, np.ndarray]
Chunks = Callable[[], Iterable[Chunk]]
EVERYTHING = "all"
BLOCKS = 2048  # per group; the error of a standard error is then about 1.6 %
PILOT_FACES = 20_000  # per group; more would not move the pilot estimate
SLICE = 20_000  # faces expanded to cells at a time, to bound memory
PSEUDO = {"bayes": 1.0, "emq": 0.0}  # methods with a pilot; faces per cell that keep it off the border


@dataclass
class Survey:
    """First pass: how many faces each group has, how they count, and a sample to start from."""

    n: int
    counted: np.ndarray  # (C,) faces by their most plausible cell
    sample: np.ndarray  # (n <= PILOT_FACES, K) calibrated probabilities of native cells
    priority: np.ndarray  # (n,) random; the smallest are kept

    def pilot(self, method: str, calibration: Calibration) -> np.ndarray | None:
        """``(K,)`` shares by expectation-maximisation where ``method`` starts from them."""
        if method not in PSEUDO:
            return None
        return expectation_maximisation(self.sample, calibration.prior, PSEUDO[method])


def counted_cells(space: LabelSpace, probabilities: np.ndarray) -> np.ndarray:
    """``(N,)`` the cell each face counts as: likelier gender and expected age, or the likeliest cell."""
    if len(space.heads) == 1:
        return np.asarray(space.cells(probabilities).argmax(axis=1))
    male = space.p_female(probabilities) < 0.5
    return np.asarray(male * space.heads[1] + np.rint(space.age(probabilities)).astype(int))


def survey(chunks: Iterable[Chunk], calibration: Calibration, rng: np.random.Generator) -> dict[str, Survey]:
    """Read every chunk once; groups by name."""
    space = calibration.space
    found: dict[str, Survey] = {}
    for probabilities, names, _ in _slices(chunks):
        counted = counted_cells(space, probabilities)
        posterior = calibration.posterior(space.cells(probabilities))
        for name, mine in _members(names):
            old = found.get(name)
            priority, sample = rng.random(len(mine)), posterior[mine]
            counts = np.bincount(counted[mine], minlength=space.size)
            if old is not None:
                priority, sample = np.r_[old.priority, priority], np.r_[old.sample, sample]
                counts = counts + old.counted
            keep = np.argsort(priority)[:PILOT_FACES]
            found[name] = Survey(int(counts.sum()), counts, sample[keep], priority[keep])
    return dict(sorted(found.items()))


def spread(
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
    features = native_features(method, calibration.posterior(cells), calibration, pilot)
    within = features / (cells @ calibration.to_native + TINY)
    return np.asarray(cells * within[:, calibration.native_of])


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
    """Second pass: per group the sums ``(blocks, C)`` of `spread` over the faces of each block."""
    sums: dict[str, np.ndarray] = {}
    for probabilities, names, clusters in _slices(chunks):
        block = _block(clusters)
        for name, mine in _members(names):
            values = spread(method, probabilities[mine], calibration, pilots[name])
            gather = csr_matrix((np.ones(len(mine), np.float32), (block[mine], np.arange(len(mine)))),
                                shape=(BLOCKS, len(mine)))  # fmt: skip
            if name not in sums:
                sums[name] = np.zeros((BLOCKS, values.shape[1]), dtype=np.float32)
            sums[name] += gather @ values
    return {name: total[total.any(axis=1)] for name, total in sums.items()}


def _slices(chunks: Iterable[Chunk]) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    for probabilities, groups, clusters in chunks:
        names = np.full(len(probabilities), EVERYTHING) if groups is None else np.asarray(groups).astype(str)
        for start in range(0, len(probabilities), SLICE):
            part = slice(start, start + SLICE)
            yield probabilities[part], names[part], clusters[part]


def _members(names: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Each name and the indices ``(n,)`` of its faces."""
    unique, index = np.unique(names, return_inverse=True)
    order = np.argsort(index, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(index, minlength=len(unique)))[:-1])
    return list(zip(unique.tolist(), parts, strict=True))


def _block(clusters: np.ndarray) -> np.ndarray:
    """``(N,)`` block of each cluster: the finaliser of splitmix64, so that neighbours spread."""
    z = clusters.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) % np.uint64(BLOCKS)).astype(np.int64)


def only_group(chunks: Chunks, name: str) -> Iterator[Chunk]:
    """The faces of one group, as chunks without groups."""
    for probabilities, groups, clusters in chunks():
        mine = np.asarray(groups).astype(str) == name
        yield probabilities[mine], None, clusters[mine]
