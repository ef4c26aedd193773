"""Duplicates, counts and plots of labelled sets."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from matplotlib.text import Text
from PIL import Image

from agestat.labelled.check import balance, check
from agestat.labelled.fingerprints import fingerprints, hamming, near_pairs
from agestat.report.language import open_language
from agestat.report.set_plots import plot_set, set_figures

HEAD = "file,split,gender,age,age_min,age_max,subject\n"


def scene(seed: int, size: int = 96) -> Image.Image:
    """A picture of soft blobs, unlike that of any other seed."""
    grid = np.random.default_rng(seed).integers(0, 255, (6, 6, 3)).astype(np.uint8)
    return Image.fromarray(grid).resize((size, size), Image.Resampling.BICUBIC)


@pytest.fixture
def folder(tmp_path):
    """1 copies 0 pixel by pixel in another split with another label; 2 is 0 smaller and recompressed, in
    another split; 3 copies 4 in one split; 5 is like none."""
    for number, seed in enumerate((0, 0, 0, 1, 1, 2)):
        scene(seed).save(tmp_path / f"{number}.png")
    scene(0).resize((80, 80)).save(tmp_path / "2.jpg", quality=60)
    (tmp_path / "labels.csv").write_text(
        HEAD
        + "0.png,train,male,24,,,\n1.png,val,male,31,,,\n2.jpg,val,male,24,,,\n3.png,train,female,70,,,\n"
        "4.png,train,female,70,,,\n5.png,train,female,5,,,\n6.png,train,male,5,,,\n"
    )
    return tmp_path


def test_duplicates_are_found_across_splits(folder):
    pairs = check([folder], quiet=True).duplicates
    names = [
        (row.kind, row.file[-5:], row.split, row.other[-5:], row.other_split, row.labels)
        for row in pairs.itertuples()
    ]
    assert names == [
        ("exact", "0.png", "train", "1.png", "val", "different"),
        ("exact", "3.png", "train", "4.png", "train", "same"),
        ("near", "0.png", "train", "2.jpg", "val", "same"),
    ]


def test_bad_rows_are_listed_and_the_rest_counted(folder):
    found = check([folder], quiet=True)
    assert [(problem.line, str(problem.reason)) for problem in found.problems] == [
        (8, "there is no file 6.png")
    ]
    assert balance(found.frame).to_dict("index") == {
        "female 0-9": {"train": 1, "val": 0}, "female 70-79": {"train": 2, "val": 0},
        "male 20-29": {"train": 1, "val": 1}, "male 30-39": {"train": 0, "val": 1},
    }  # fmt: skip


def test_six_classes_are_counted_as_such(figures):
    counts = balance(check([figures], quiet=True).frame)
    assert counts.to_dict() == {
        "train": dict.fromkeys(("girl", "woman", "elderly woman", "boy", "man", "elderly man"), 40),
        "val": dict.fromkeys(("girl", "woman", "elderly woman", "boy", "man", "elderly man"), 15),
    }


def two_pictures(folder, *labels):
    """The frame of a set of two, as `check` sees it."""
    (folder / "labels.csv").write_text(HEAD + "".join(f"{n}.png,{one}\n" for n, one in enumerate(labels)))
    for number in range(2):
        scene(number).save(folder / f"{number}.png")
    return check([folder], quiet=True).frame


@pytest.fixture(params=["24,,", ",18,64", ",,"], ids=["years", "buckets", "no ages"])
def frame(request, tmp_path):
    return two_pictures(tmp_path, f"train,male,{request.param},", f"val,female,{request.param},")


def test_plots_for_years_buckets_and_no_ages(tmp_path, frame):
    paths = plot_set(frame, balance(frame), tmp_path, open_language("en"))
    assert [path.name for path in paths] == ["ages.png", "classes.png", "quality.png"]
    for path in paths:
        with Image.open(path) as plot:
            assert plot.width > 600 and len(plot.convert("L").getcolors()) > 10


def test_plots_in_russian(frame):
    figures = set_figures(frame, balance(frame), open_language("ru"))
    said = {text.get_text() for figure in figures.values() for text in figure.findobj(Text)}
    assert {"снимков", "Классы по частям набора", "резкость: дисперсия лапласиана", "train", "val"} <= said
    latin = {word for text in said for word in re.findall("[A-Za-z]{2,}", text)}
    assert latin == {"train", "val"}


def test_ages_are_drawn_where_no_gender_is_labelled(tmp_path):
    """As in APPA-REAL."""
    frame = two_pictures(tmp_path, "train,,24,,,", "val,,31,,,")
    ages = plot_set(frame, balance(frame), tmp_path, open_language("en"))[0]
    with Image.open(ages) as plot:
        grey = [
            count for count, colour in plot.convert("RGB").getcolors(10**5) if colour == (0x77, 0x77, 0x77)
        ]
    assert sum(grey) > 2000


def test_fingerprints_measure_the_upright_picture(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    scene(0).crop((0, 0, 96, 64)).save(tmp_path / "turned.jpg", exif=exif)
    row = fingerprints([str(tmp_path / "turned.jpg")], quiet=True).table.iloc[0]
    assert (row["width"], row["height"]) == (64, 96)


@settings(deadline=None, max_examples=40)
@given(arrays(np.uint64, st.integers(0, 40), elements=st.integers(0, 2**64 - 1)), st.data())
def test_near_pairs_are_exactly_those_of_a_full_comparison(hashes, data):
    if len(hashes) > 3:  # some that are near
        for bit in data.draw(st.lists(st.integers(0, 63), max_size=6)):
            hashes[1] = hashes[0] ^ np.uint64(1 << bit)
            hashes[2] ^= np.uint64(1 << bit)
    expected = [
        [i, j]
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if int(hashes[i] ^ hashes[j]).bit_count() <= 4
    ]
    assert near_pairs(hashes).tolist() == expected


def test_hamming_counts_bits():
    a, b = np.array([0, 0b1011, 2**64 - 1], dtype=np.uint64), np.array([0, 0, 0], dtype=np.uint64)
    assert hamming(a, b).tolist() == [0, 3, 64]


def test_near_pairs_of_many_hashes_do_not_take_a_full_comparison():
    hashes = np.random.default_rng(0).integers(0, 2**64, 30_000, dtype=np.uint64)
    hashes[20_000] = hashes[10] ^ np.uint64(0b1001)
    assert near_pairs(hashes).tolist() == [[10, 20_000]]
