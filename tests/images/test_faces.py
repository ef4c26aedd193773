"""Face detection on a public-domain portrait (NASA) that scikit-image ships."""

import numpy as np
import pytest
from PIL import Image

from agestat.images.detectors import Box
from agestat.images.faces import FaceDetector, distinct

data = pytest.importorskip("skimage.data", reason="needs scikit-image for its public-domain portrait")


@pytest.fixture(scope="module")
def astronaut():
    return np.asarray(data.astronaut())


def centre(box):
    return box.x + box.width / 2, box.y + box.height / 2


def test_one_face_at_its_place(astronaut):
    (box,) = FaceDetector().detect(astronaut)
    assert centre(box) == pytest.approx((224, 118), abs=15)
    assert 80 < max(box.width, box.height) < 150
    assert 0.9 < box.score <= 1


@pytest.mark.parametrize("side", [160, 512, 1500, 3000])
def test_boxes_are_in_pixels_of_the_given_picture(astronaut, side):
    picture = np.asarray(Image.fromarray(astronaut).resize((side, side)))
    (box,) = FaceDetector().detect(picture)
    assert centre(box) == pytest.approx((224 / 512 * side, 118 / 512 * side), abs=0.03 * side)


def test_every_face_of_a_crowd_is_found(astronaut):
    face = Image.fromarray(astronaut).crop((130, 0, 320, 220)).resize((76, 88))
    crowd = Image.new("RGB", (1600, 900), (90, 110, 100))
    for row in range(8):
        for column in range(15):
            crowd.paste(face, (20 + column * 104, 10 + row * 110))
    assert len(FaceDetector().detect(np.asarray(crowd))) == 120


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3000, 2)])
def test_slivers_have_no_face(shape):
    assert FaceDetector().detect(np.zeros((*shape, 3), np.uint8)) == []


def test_min_score(astronaut):
    assert FaceDetector(min_score=1.01).detect(astronaut) == []


def test_parts_and_doubles_of_a_face_are_dropped_neighbours_are_kept():
    face, double, eye = Box(0, 0, 100, 100, 0.9), Box(5, 5, 95, 95, 0.8), Box(20, 20, 20, 20, 0.7)
    neighbour = Box(80, 0, 100, 100, 0.6)
    assert distinct([eye, neighbour, double, face]) == [face, neighbour]
