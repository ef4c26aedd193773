"""Fingerprints of pictures: equal pixels, and pictures that look alike."""

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from PIL import Image
from tqdm import tqdm

from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.images.quality import brightness, sharpness

NEAR_BITS = 4  # of 64 that may differ between near duplicates
NEAR_CORRELATION = 0.95  # of their thumbnails: in crops of faces, other people's hashes can be as near
THUMBNAIL = 32  # pixels
CROP = 128  # pixels: sharpness is only comparable at one size


@dataclass(frozen=True)
class Fingerprints:
    """``table``: one row per picture with ``digest`` of the upright pixels, ``width``, ``height`` in pixels,
    ``sharpness`` and ``brightness`` of the central square. ``hashes (N,) uint64``: see `difference_hash`.
    ``thumbnails (N, 32, 32) uint8``: the whole picture in grey."""

    table: pd.DataFrame
    hashes: np.ndarray
    thumbnails: np.ndarray

    def only(self, index: np.ndarray) -> "Fingerprints":
        """Those of some pictures."""
        return Fingerprints(self.table.iloc[index], self.hashes[index], self.thumbnails[index])


def fingerprints(files: Sequence[str], *, quiet: bool = False) -> Fingerprints:
    """Fingerprints of the pictures, in order."""
    with ThreadPoolExecutor() as pool:
        jobs = pool.map(_fingerprint, files)
        seen = list(tqdm(jobs, total=len(files), desc="looking", unit="picture", disable=quiet or None))
    rows, hashes, thumbnails = zip(*seen, strict=True)
    columns = ["digest", "width", "height", "sharpness", "brightness"]
    return Fingerprints(
        pd.DataFrame(rows, columns=columns), np.array(hashes, dtype=np.uint64), np.stack(thumbnails)
    )


def _fingerprint(file: str) -> tuple[tuple[str, int, int, float, float], int, np.ndarray]:
    picture = decode(file)
    digest = hashlib.blake2b(repr(picture.pixels.shape).encode(), digest_size=16)
    digest.update(picture.pixels.tobytes())
    square = crop_square(picture.pixels, None, CROP)
    grey = Image.fromarray(picture.pixels).convert("L")
    thumbnail = np.asarray(grey.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX))
    row = (digest.hexdigest(), picture.width, picture.height, sharpness(square), brightness(square))
    return row, difference_hash(grey), thumbnail


def difference_hash(grey: Image.Image) -> int:
    """64-bit dHash of a grey picture: whether each of 8 x 8 areas is brighter than its left neighbour.
    Scaling, mild compression and brightness leave it nearly unchanged."""
    small = np.asarray(grey.resize((9, 8), Image.Resampling.BOX), dtype=np.int16)
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "big")


def near_duplicates(seen: Fingerprints) -> np.ndarray:
    """``(P, 2)`` indices of pictures whose hashes are at most `NEAR_BITS` apart and whose thumbnails
    correlate by `NEAR_CORRELATION` or more."""
    pairs = near_pairs(seen.hashes)
    alike = [_correlation(*seen.thumbnails[pair]) >= NEAR_CORRELATION for pair in pairs]
    return pairs[np.array(alike, dtype=bool)]


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Pearson's, of two pictures; 1 for two flat ones."""
    a, b = (picture - picture.mean(dtype=float) for picture in (a, b))
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float((a * b).sum()) / norm if norm else float(not a.any() and not b.any())


def near_pairs(hashes: np.ndarray, distance: int = NEAR_BITS) -> np.ndarray:
    """``(P, 2)`` indices, ascending, of all pairs of ``(N,) uint64`` hashes at most ``distance`` bits apart.

    Of ``distance + 1`` pieces of the hash at least one must be equal in such a pair, so only pictures that
    share a piece are compared: exact, and far from ``N`` squared.
    """
    found = [np.empty((0, 2), dtype=np.int64)]
    edges = np.linspace(0, 64, distance + 2).astype(np.uint64)
    for low, high in pairwise(edges):
        piece = (hashes >> low) & np.uint64((1 << int(high - low)) - 1)
        order = np.argsort(piece, kind="stable")
        piece = piece[order]
        for step in range(1, len(order)):
            same = np.flatnonzero(piece[step:] == piece[:-step])
            if not len(same):
                break
            pairs = np.stack([order[same], order[same + step]], axis=1)
            found.append(pairs[hamming(hashes[pairs[:, 0]], hashes[pairs[:, 1]]) <= distance])
    return np.unique(np.sort(np.concatenate(found), axis=1), axis=0)


def hamming(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """``(N,)`` number of different bits of two ``(N,) uint64`` arrays."""
    bits = np.unpackbits((a ^ b).view(np.uint8).reshape(-1, 8), axis=1)
    return np.asarray(bits.sum(axis=1, dtype=np.int64))
