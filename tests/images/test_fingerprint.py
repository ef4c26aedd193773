"""Hashes of how pictures look, beside those of a library that computes the same."""

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from agestat.images.faces import views
from agestat.images.fingerprint import BITS, look


def distance(a, b):
    return bin(int(a, 16) ^ int(b, 16)).count("1")


@pytest.fixture(scope="module")
def photo(samples):
    return Image.open(samples / "photos/astronaut.jpg").convert("RGB")


def test_the_hash_is_that_of_imagehash_where_nothing_is_resampled(photo):
    small = photo.resize((64, 64))
    assert look(np.asarray(small)) == str(imagehash.phash(small, hash_size=16))
    assert len(look(np.asarray(small))) == BITS // 4


@pytest.mark.parametrize("edit", [
    lambda photo: photo.resize((photo.width // 2, photo.height // 2)),
    lambda photo: photo.resize((photo.width * 3, photo.height * 3)),
    lambda photo: ImageEnhance.Brightness(photo).enhance(0.8),
    lambda photo: photo.convert("L").convert("RGB"),
])  # fmt: skip
def test_copies_of_other_sizes_and_colours_look_alike(photo, edit):
    hashes = [look(views(np.asarray(one))[-1].pixels) for one in (photo, edit(photo))]
    assert distance(*hashes) <= 20
    assert distance(hashes[0], look(np.asarray(photo.rotate(90)))) > 80
