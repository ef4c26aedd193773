"""Small faces in large and long pictures, and more faces than one view can tell of."""

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from agestat.images import reduced, seeing, tiles
from agestat.images.faces import FaceDetector
from agestat.images.seeing import see
from agestat.images.tiles import SHARED, _areas, asks_for_tiles, look_closer

PLAIN = {"min_score": 0.5, "min_face": 24, "crop_side": 32, "margin": 1.0}


@pytest.fixture(scope="module")
def face(samples):
    return Image.open(samples / "photos/astronaut.jpg").convert("RGB").crop((130, 0, 320, 220))


def crowd(face, size, side, places):
    """Faces of about ``side`` pixels on soft noise."""
    noise = np.random.default_rng(0).integers(110, 140, (size[1] // 50, size[0] // 50, 3), np.uint8)
    picture = Image.fromarray(noise).resize(size, Image.Resampling.BICUBIC)
    small = face.resize((2 * side, round(2.3 * side)))
    for place in places:
        picture.paste(small, place)
    return picture


def grid(size, step, most):
    return [(x, y) for y in range(9, size[1] - step, step) for x in range(9, size[0] - step, step)][:most]


CASES = {  # size, side of a face, faces, found by two views at most
    "panorama": ((7000, 560), 60, 24, 0),
    "chat": ((400, 6000), 40, 20, 0),
    "crowd": ((2600, 1300), 26, 60, 59),
    "more than a view can tell": ((960, 800), 24, 255, 254),
}


@pytest.mark.parametrize("case", CASES)
def test_every_face_is_found_and_once(face, tmp_path, case):
    size, side, number, before = CASES[case]
    places = grid(size, round(2.5 * side), number)
    crowd(face, size, side, places).save(tmp_path / "a.jpg", quality=95)
    seen = see(str(tmp_path / "a.jpg"), tiles="auto", **PLAIN)
    assert (seen.in_tiles, seen.is_limited) == (True, False)
    assert len(seen.boxes) == len(places) == len(seen.crops)
    centres = [(b.x + b.width / 2, b.y + b.height / 2) for b in seen.boxes]
    for x, y in places:
        assert any(x < cx < x + 2 * side and y < cy < y + 2.3 * side for cx, cy in centres)
    off = see(str(tmp_path / "a.jpg"), tiles="off", **PLAIN)
    assert not off.in_tiles
    assert len(off.boxes) <= before


def test_an_ordinary_photo_is_looked_at_twice_and_no_closer(samples, face, tmp_path):
    crowd(face, (2400, 1800), 300, [(100, 300), (1500, 500)]).save(tmp_path / "a.jpg")
    seen = see(str(tmp_path / "a.jpg"), tiles="auto", **PLAIN)
    assert (len(seen.boxes), seen.in_tiles) == (2, False)


def test_always_finds_what_two_views_miss(face, tmp_path):
    crowd(face, (2600, 1600), 24, [(100, 300), (1500, 500)]).save(tmp_path / "a.jpg", quality=95)
    assert len(see(str(tmp_path / "a.jpg"), tiles="auto", **PLAIN).boxes) < 2
    assert len(see(str(tmp_path / "a.jpg"), tiles="always", **PLAIN).boxes) == 2


def test_no_closer_than_the_smallest_wanted_face_asks_for(face):
    class Counting(FaceDetector):
        looks = 0

        def look(self, *arguments):
            self.looks += 1
            return super().look(*arguments)

    picture = np.asarray(crowd(face, (3000, 600), 100, []))
    looks = {}
    for smallest in (24, 100):
        detector = Counting()
        look_closer(detector, picture, [], smallest)
        looks[smallest] = detector.looks
    assert looks[100] == 1 < looks[24]


@pytest.mark.parametrize("extension", ["jpg", "png", "jp2"])
def test_faces_of_a_page_are_found_as_large_as_it_may_be_decoded(face, tmp_path, monkeypatch, extension):
    """A tenth of the first view wide; the crop of a small face asks for no more pixels than there may be."""
    for module, name, value in (
        (tiles, "HUGE", 5_000), (seeing, "MAX_PIXELS", 9_000_000), (reduced, "MAX_PIXELS", 9_000_000),
        (reduced, "_MAX_GREY", 30_000_000),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)
    monkeypatch.setattr(seeing, "HUGE", 5_000)
    places = [(700, 900), (3100, 2400), (4700, 3300)]
    crowd(face, (6000, 4400), 60, places).convert("L").save(tmp_path / f"a.{extension}")
    seen = see(str(tmp_path / f"a.{extension}"), tiles="auto", **{**PLAIN, "crop_side": 128})
    assert (seen.in_tiles, len(seen.boxes), len(seen.crops)) == (True, 3, 3)
    off = see(str(tmp_path / f"a.{extension}"), tiles="off", **PLAIN)
    assert (off.in_tiles, len(off.boxes)) == (False, 0)


def test_what_the_limit_leaves_unseen_is_told(face, monkeypatch, tmp_path):
    monkeypatch.setattr("agestat.images.tiles.MOST_TILES", 2)
    crowd(face, (7000, 560), 60, [(99, 99)]).save(tmp_path / "a.jpg")
    assert see(str(tmp_path / "a.jpg"), tiles="auto", **PLAIN).is_limited


@pytest.mark.parametrize("size", [(1, 1), (960, 1), (961, 1), (10_000, 960), (4001, 2999)])
@pytest.mark.parametrize("scale", [1.0, 0.31])
def test_tiles_cover_the_picture_and_share_their_borders(size, scale):
    areas = list(_areas((0, 0, *size), scale))
    for axis in (0, 1):
        parts = sorted({(area[axis], area[axis + 2]) for area in areas})
        assert (parts[0][0], parts[-1][1]) == (0, size[axis])
        for (_, end), (start, _) in pairwise(parts):
            assert (end - start) * scale >= SHARED - 2
    assert all((right - left) * scale < 962 for left, _, right, _ in areas)


@pytest.mark.parametrize(("size", "asks"), [((4000, 3000), False), ((1080, 2400), False), ((900, 90), False),
                                            ((20_000, 1600), True), ((1080, 30_000), True)])  # fmt: skip
def test_a_long_picture_asks_for_tiles(size, asks):
    assert asks_for_tiles(FaceDetector(), [], *size) == asks
