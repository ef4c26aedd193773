"""One file to its faces."""

import numpy as np
import pytest
from PIL import Image

from agestat.scanning.examine import Examined, Settings, examine


def test_an_upright_and_a_rotated_portrait_have_the_same_face(samples):
    upright = examine(str(samples / "photos/astronaut_grey.png"), Settings())
    rotated = examine(str(samples / "photos/astronaut_rotated_by_exif.jpg"), Settings())
    assert (upright.status, rotated.status) == ("ok", "ok")
    for answer in (upright, rotated):
        (face,) = answer.faces
        assert face[:4] == pytest.approx((178, 63, 90, 112), abs=4)
        assert answer.crops.shape == (1, 128, 128, 3)
    assert rotated.taken_at == "1992-07-07T10:05:00"
    assert rotated.camera == "Drawn camera"


def test_every_face_counts(samples):
    answer = examine(str(samples / "photos/two_faces.jpg"), Settings(input_size=64))
    assert len(answer.faces) == 2
    assert answer.crops.shape == (2, 64, 64, 3)


@pytest.mark.parametrize(
    ("name", "status", "reason"),
    [
        ("others/coffee.jpg", "no_face", None),
        ("others/corrupt.jpg", "failed", "truncated"),
        ("README.md", "failed", "not a picture"),
        ("none.jpg", "failed", "vanished"),
    ],
)
def test_files_without_faces(samples, name, status, reason):
    answer = examine(str(samples / name), Settings())
    assert (answer.status, answer.reason, answer.faces, len(answer.crops)) == (status, reason, [], 0)


def test_small_faces_are_left_out_and_counted(samples):
    answer = examine(str(samples / "photos/astronaut_small.jpg"), Settings(min_face=25))
    assert (answer.status, answer.faces_left_out) == ("no_face", 1)
    answer = examine(str(samples / "photos/astronaut_small.jpg"), Settings(min_face=20))
    assert (answer.status, answer.faces_left_out) == ("ok", 0)


def test_a_whole_picture_is_one_crop(samples):
    answer = examine(str(samples / "others/landscape.png"), Settings(crop="whole", input_size=96))
    assert (answer.status, answer.crops.shape) == ("ok", (1, 96, 96, 3))
    assert answer.faces[0][:5] == (0, 0, 480, 320, 1.0)


def test_a_small_face_in_a_large_jpeg_is_cut_from_the_full_resolution(samples, tmp_path):
    """Detection sees the photo at a quarter; fine stripes on the face survive only at full size."""
    portrait = Image.open(samples / "photos/astronaut_grey.png").convert("RGB").resize((600, 600))
    photo = Image.new("RGB", (4000, 3000), (100, 120, 110))
    photo.paste(portrait, (1700, 1200))
    pixels = np.asarray(photo).copy()
    pixels[1200:1800:2, 1700:2300] = pixels[1200:1800:2, 1700:2300] // 4 * 3
    Image.fromarray(pixels).save(tmp_path / "photo.jpg", quality=95)
    answer = examine(str(tmp_path / "photo.jpg"), Settings(input_size=128))
    (face,) = answer.faces
    assert (answer.width, answer.height) == (4000, 3000)
    assert face[:2] == pytest.approx((1700 + 208, 1200 + 75), abs=12)
    rows = answer.crops[0].astype(float).mean(axis=(1, 2))
    assert np.abs(np.diff(rows)).mean() > 5


def test_answers_travel_as_bytes(samples):
    answer = examine(str(samples / "photos/two_faces.jpg"), Settings(input_size=32))
    copy = Examined.from_bytes(answer.to_bytes())
    assert {**vars(copy), "crops": None} == {**vars(answer), "crops": None}
    assert np.array_equal(copy.crops, answer.crops)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"5",
        b"[]",
        b"nonsense\n123",
        b'{"side": 2, "faces": []}\nxx',
        b'{"side": 2, "faces": [5]}',
        b'{"side": "x", "faces": []}',
        b'{"side": 0, "faces": [], "status": "ok", "other": 1}',
        b"[" * 100_000,
    ],
)
def test_other_bytes_are_no_answer(data):
    with pytest.raises(ValueError):
        Examined.from_bytes(data)
