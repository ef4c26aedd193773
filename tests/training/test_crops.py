"""What a model is shown of a labelled picture."""

import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from agestat.cli.train import command
from agestat.images.crop import crop_square
from agestat.images.decode import decode
from agestat.images.faces import FaceDetector
from agestat.labelled.dataset import read_labelled
from agestat.labelled.faces import is_face_crop
from agestat.training.crops import crops_key, load_crops, make_private, remove_cache


@pytest.fixture
def photos(tmp_path, samples):
    """A set of one photo, one crop of a face and one landscape."""
    folder = tmp_path / "photos"
    folder.mkdir()
    shutil.copy(samples / "photos" / "astronaut.jpg", folder / "photo.jpg")
    shutil.copy(samples / "others" / "landscape.png", folder)
    astronaut = Image.open(samples / "photos" / "astronaut.jpg")
    astronaut.resize((160, 160)).save(folder / "crop.png")
    astronaut.resize((128, 128)).save(folder / "val.png")
    rows = ["photo.jpg,train,female,40", "landscape.png,train,male,30", "crop.png,train,female,40"]
    rows.append("val.png,val,female,40")
    (folder / "labels.csv").write_text("\n".join(["file,split,gender,age", *rows, ""]))
    return folder


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(160, 160, True), (224, 224, True), (448, 448, False), (640, 640, False), (160, 200, False)],
)
def test_small_squares_are_crops_of_faces(height, width, expected):
    assert is_face_crop(height, width) is expected


def test_training_sees_the_face_that_a_scan_would_cut(photos, tmp_path):
    read = read_labelled([photos], skip_bad=True, faces=True)
    frame, problems = read.frame, read.problems
    assert [Path(file).name for file in frame["file"]] == ["photo.jpg", "crop.png", "val.png"]
    assert [(Path(p.file).name, p.line, str(p.reason)) for p in problems] == [
        ("labels.csv", 3, "no face was found in landscape.png")
    ]
    pixels = decode(photos / "photo.jpg").pixels
    face = FaceDetector().detect(pixels)[0]
    assert list(frame["box"]) == [face, None, None]
    crops = load_crops(frame, tmp_path / "cache", size=32, quiet=True)
    assert np.array_equal(crops[0], crop_square(pixels, face, 32))
    assert np.array_equal(crops[1], crop_square(decode(photos / "crop.png").pixels, None, 32))
    assert crops_key(frame) != crops_key(frame.assign(box=None))


def test_pictures_without_a_face_are_bad_rows_of_a_recipe_of_faces(photos, tmp_path):
    words = [str(photos), "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "cache"), "-q"]
    words += ["--stages", "32x1", "--batch-size", "2", "--device", "cpu"]
    refused = CliRunner().invoke(command, words)
    assert "labels.csv, line 3: no face was found in landscape.png" in str(refused.exception)
    went_on = CliRunner().invoke(command, [*words, "--skip-bad"])
    assert went_on.exit_code == 0, went_on.output
    assert "Going on without 1 picture that cannot be used." in went_on.stderr


def smoke(figures, out, *words):
    given = [str(figures), "--recipe", "simpsons", "--stages", "32x1", "--limit", "16", "--device", "cpu"]
    result = CliRunner().invoke(command, [*given, "--out", str(out), *words])
    assert result.exit_code == 0, result.output
    return result.stderr


def test_pictures_in_the_cache_are_private_and_go_with_the_run(figures, tmp_path, monkeypatch):
    cache = tmp_path / "user" / "training"
    monkeypatch.setattr("agestat.training.crops.usual_cache", lambda: cache)
    monkeypatch.setattr("agestat.training.run.usual_cache", lambda: cache)
    told = smoke(figures, tmp_path / "one", "--keep-cache")
    assert f"The cut pictures lie in {cache} while the run lasts." in told.splitlines()[0]
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    kept = list(cache.iterdir())
    assert len(kept) == 2 and {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}
    stranger = cache / "crops-32-0123456789abcdef.npy"
    stranger.write_bytes(b"another run's")
    smoke(figures, tmp_path / "two")
    assert list(cache.iterdir()) == [stranger]
    smoke(figures, tmp_path / "three", "--keep-cache")
    assert remove_cache() > 2 * 16 * 32 * 32 * 3
    assert list(cache.iterdir()) == []


def test_a_shared_folder_keeps_its_permissions(figures, tmp_path):
    tmp_path.chmod(0o755)
    make_private(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
