"""Faces as pages show them."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

import agestat
from agestat.report.thumbnails import pictures


def shown(address):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))).astype(int)


def test_faces_of_turned_pictures_are_shown_upright(pytestconfig, tmp_path):
    picture = Image.open(pytestconfig.rootpath / "sample_images/people/pioneers/hopper.jpg").convert("RGB")
    (tmp_path / "p").mkdir()
    for degrees in (0, 90, 180, 270):
        picture.rotate(degrees, expand=True).save(tmp_path / f"p/{degrees:03}.png")
    with agestat.scan(tmp_path / "p", db=tmp_path / "s.sqlite", device="cpu", workers=1) as scan:
        upright, *others = pictures(scan, scan.faces.sort_values("path"), 96, 200)
    assert len(others) == 3
    for other in others:
        assert np.abs(shown(upright["crop"]) - shown(other["crop"])).mean() < 12
        assert upright["box"] == pytest.approx(other["box"], abs=0.05)
