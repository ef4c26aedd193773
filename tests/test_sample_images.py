"""The pictures that the project ships, and what is known of them."""

import csv
from pathlib import Path

import pytest

import agestat

SHIPPED = Path(__file__).parents[1] / "sample_images"


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    db = tmp_path_factory.mktemp("shipped") / "s.sqlite"
    with agestat.scan(SHIPPED, db=db, device="cpu") as scan:
        assert dict(scan.failures) == {"truncated": 1}
        return scan.faces


@pytest.fixture(scope="module")
def truth():
    with (SHIPPED / "truth.csv").open(newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def test_every_picture_shows_one_person_whose_age_is_in_the_interval(faces, truth):
    assert sorted(faces["path"]) == sorted(truth)
    said = faces.set_index("path")
    for path, row in truth.items():
        assert said.loc[path, "age_low"] <= int(row["age_max"]), path
        assert said.loc[path, "age_high"] >= int(row["age_min"]), path


def test_one_gender_at_most_is_wrong(faces, truth):
    """An admiral of 77 in a cap has been taken for a man."""
    said = ["female" if p > 0.5 else "male" for p in faces["p_female"]]
    right = [gender == truth[path]["gender"] for path, gender in zip(faces["path"], said, strict=True)]
    assert sum(right) >= 4


def test_every_picture_is_small_and_its_terms_are_told():
    pictures = sorted(SHIPPED.rglob("*.jpg"))
    assert sum(path.stat().st_size for path in pictures) < 500_000
    told = (SHIPPED / "README.md").read_text()
    assert all(f"`{path.relative_to(SHIPPED)}`" in told for path in pictures)
