"""Copies count once, scenes are as many as there are of them, and nobody is taken for somebody else."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

import agestat
from agestat.analysis.comparison import compare
from agestat.analysis.copies import Picture, Same, counted
from agestat.images.fingerprint import BITS, content, look
from agestat.images.walk import Found
from agestat.model.label_space import SIX
from agestat.report.language import open_language
from agestat.report.words import copies
from agestat.scanning.examine import Examined, Face
from agestat.scanning.store import Row, Store


def picture(seed, size=(320, 240)):
    """A smooth picture that no other seed looks like."""
    coarse = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), np.uint8)
    return Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC)


def look_of(image):
    return look(np.asarray(image.convert("RGB")))


def scene_of(*looks, times=None, folders=None, names=None):
    times = times or [None] * len(looks)
    folders = folders or [b"a"] * len(looks)
    names = names or [b"%d.jpg" % i for i in range(len(looks))]
    return Same.of(
        [Picture(str(i), one, time, None, folder + b"/" + name) for i, (one, time, folder, name) in enumerate(
            zip(looks, times, folders, names, strict=True))]
    ).scene.tolist()  # fmt: skip


@pytest.mark.parametrize(
    "edit",
    [
        lambda image: image.resize((160, 120)),
        lambda image: image.resize((1280, 960)),
        lambda image: ImageEnhance.Brightness(image).enhance(1.2),
        lambda image: ImageEnhance.Contrast(image).enhance(1.2),
        lambda image: image.convert("L"),
    ],
)
def test_an_edited_copy_is_of_the_same_scene_wherever_it_lies(edit):
    one, other = look_of(picture(1)), look_of(edit(picture(1)))
    assert len(set(scene_of(one, look_of(picture(2)), other, folders=[b"a", b"b", b"c"]))) == 2


def moved(image, pixels):
    return image.transform(image.size, Image.Transform.AFFINE, (1, 0, pixels, 0, 1, 0))


def test_a_series_is_one_scene_by_names_or_by_times():
    frames = [look_of(moved(picture(3), 2 * step)) for step in range(12)]
    assert set(scene_of(*frames)) == {0}
    seconds = [f"2024-06-11T12:00:{2 * step:02}" for step in range(12)]
    assert set(scene_of(*frames, times=seconds, folders=[bytes([i]) for i in range(12)])) == {0}


@pytest.mark.parametrize("name", [b"frame%d.jpg", b"%04d.png", b"clip 2 (%d).jpg", b"out-%d-of-120.jpg"])
def test_frames_of_a_film_are_neighbours_however_their_numbers_are_written(name):
    people = [[look_of(moved(picture(20 + one), 8 * step)) for step in range(20)] for one in range(6)]
    frames = [frame for one in people for frame in one]
    names = [name % (1 + number) for number in range(len(frames))]
    order = sorted(range(len(frames)), key=names.__getitem__)
    found = scene_of(*[frames[i] for i in order], names=[names[i] for i in order])
    assert len(set(found)) == 6


def test_a_series_over_midnight_is_one_scene():
    frames = [look_of(moved(picture(4), 3 * step)) for step in range(6)]
    times = ["2024-06-11T23:59:57", "2024-06-11T23:59:58", "2024-06-11T23:59:59",
             "2024-06-12T00:00:00", "2024-06-12T00:00:01", "2024-06-12T00:00:02"]  # fmt: skip
    assert set(scene_of(*frames, times=times, folders=[bytes([i]) for i in range(6)])) == {0}


def test_pictures_that_only_follow_each_other_are_not():
    looks = [look_of(picture(seed)) for seed in range(60)]
    assert len(set(scene_of(*looks, times=[f"2024-06-11T12:00:{i:02}" for i in range(60)]))) == 60


def test_pictures_without_hashes_are_each_their_own():
    for nothing in ([], [Picture(None, None, None, None, b"")] * 3):
        assert Same.of(nothing).scene.tolist() == Same.of(nothing).first.tolist() == [*range(len(nothing))]


@pytest.mark.parametrize(
    "name",
    [
        "Copy of IMG_1.jpg", "Copy (2) of IMG_1.jpg", "IMG_1 (1).jpg", "IMG_1(1).JPG", "IMG_1 - Copy.jpg",
        "IMG_1 copy 2.jpg", "IMG_1 - Kopie (3).png", "IMG_1 — копия.jpg", "Копия IMG_1.jpg", "IMG_1 2.jpg",
        "Kopie von IMG_1.jpg", "img_1.webp", "IMG_1~2.jpg", "IMG_1のコピー.jpg",
        "web_IMG_1.jpg", "IMG_1-2048px.jpg", "IMG_1.sync-conflict-20240611-120000-ABCDEFG.jpg",
        "IMG_1-DESKTOP-1AB2C.jpg",
        "IMG_1 (Anna's conflicted copy 2024-06-11).jpg", "IMG_1_копи\u0438\u0306.jpg",
    ],
)  # fmt: skip
def test_copies_that_were_encoded_anew_count_once_by_name_and_look(name):
    """The largest counts; another picture of the name, and the same one of another name or folder, are no
    copies: what looks the same may be the badges of two."""
    original, small, other = map(look_of, (picture(1), picture(1).resize((240, 180)), picture(2)))
    files = [("IMG_1.jpg", original, 9), (name, small, 4), ("WA0001.jpg", small, 4), ("IMG_11.jpg", small, 4)]
    files += [(f"d/{path}", other, 9) for path, *_ in files] + [("e/IMG_1.jpg", original, 9)]
    same = Same.of(
        Picture(str(number), one, None, None, path.encode(), pixels)
        for number, (path, one, pixels) in enumerate(sorted(files))
    )
    first = dict(zip((path for path, *_ in sorted(files)), same.first.tolist(), strict=True))
    assert first["IMG_1.jpg"] == first[name] != first["d/IMG_1.jpg"] == first[f"d/{name}"]
    assert len(set(first.values())) == 7
    counts = counted(np.zeros(9), same, keep_copies=False, once=False)
    left = [path for (path, *_), mine in zip(sorted(files), counts, strict=True) if not mine]
    assert name in left
    assert len(left) == 2


@settings(max_examples=50)
@given(st.lists(st.sampled_from("abc") | st.none(), max_size=12))
def test_the_first_of_copies(contents):
    first = Same.of(Picture(one, None, None, None, b"") for one in contents).first
    for index, one in enumerate(contents):
        assert first[index] == (index if one is None else contents.index(one))


def test_hashes_are_of_bytes_and_of_looks(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3_000_000)
    assert content(str(tmp_path / "a")) == content(b"x" * 3_000_000) != content(b"x")
    assert len(look(np.zeros((1, 1, 3), np.uint8))) == len(look_of(picture(1))) == BITS // 4


@pytest.fixture
def write(tmp_path, whole_model):
    """A store of faces, one a picture, that the test makes: paths, hashes and cells."""

    def run(name, rows):
        about = {"model": "whole", "model_digest": "abc", "space": "six", "agestat": "0", "roots": ["/r"]}
        info = {"name": "whole", "space": "six", "sha256": "abc", "input_size": 32, "crop": "whole"}
        with Store(tmp_path / name) as store:
            store.keep_model(info, (whole_model / "calibration.npz").read_bytes())
            number = store.begin_run("settings", about)
            logits = 4.0 * np.eye(6)[[cell for *_, cell in rows]] + np.random.default_rng(0).normal(
                0, 1, (len(rows), 6)
            )
            blobs = SIX.pack(SIX.softmax(logits.astype(np.float32)))
            with store.transaction():
                for (path, same, one, _), blob in zip(rows, blobs, strict=True):
                    answer = Examined("ok", faces=[Face(0, 0, 9, 9, 1, 9, 9)], content=same, look=one)
                    store.write(number, [Row(Found("/r", path, 1, 1), answer, [blob], [None])])
            store.end_run(number)
        return agestat.open(tmp_path / name)

    return run


def random_look(rng):
    return rng.bytes(BITS // 8).hex()


def test_copies_count_once_in_the_whole_and_in_each_group(write):
    rng = np.random.default_rng(0)
    looks = [random_look(rng) for _ in range(4)]
    rows = [(f"a/{i}.jpg", str(i), looks[i], i) for i in range(4)]
    rows += [(f"a/{i} (1).jpg", str(i), looks[i], i) for i in range(4)] + [("b/0.jpg", "0", looks[0], 0)]
    scan = write("s.sqlite", rows)
    assert {key: scan.counts[key] for key in ("found", "faces", "photos", "scenes", "copies")} == {
        "found": 9, "faces": 4, "photos": 4, "scenes": 4, "copies": 5,
    }  # fmt: skip
    assert list(copies(scan, open_language("en"))) == ["5 copies counted once"]
    table = scan.estimate("folder", "seed", method="cc").table
    assert table.groupby("group")["n"].sum().to_dict() == {"a": 4, "b": 1}
    scan.keep_copies = True
    assert (scan.counts["faces"], scan.counts["copies"]) == (9, 0)
    assert scan.estimate(bands="seed", method="cc").table["n"].sum() == 9


def burst(rng, people, frames, women):
    """Pictures of people, each in so many frames that look nearly the same."""
    rows = []
    for person in range(people):
        seen = np.frombuffer(rng.bytes(BITS // 8), np.uint8)
        for frame in range(frames):
            changed = seen ^ (np.frombuffer(rng.bytes(BITS // 8), np.uint8) & 1 & (rng.random(32) < 0.5))
            rows.append((f"{person:03}/{frame:03}.jpg", f"{person:08x}{frame:08x}", changed.tobytes().hex(),
                         1 if person < women else 4))  # fmt: skip
    return rows


def test_frames_of_a_burst_are_worth_one_picture(write):
    """Width of the interval and p value of 240 frames are those of the 12 pictures that they show."""
    rng = np.random.default_rng(0)
    many = {women: write(f"m{women}.sqlite", burst(rng, 12, 20, women)) for women in (4, 7)}
    few = {women: write(f"f{women}.sqlite", burst(rng, 12, 1, women)) for women in (4, 7)}
    widths = []
    for scan in (many[4], few[4]):
        row = scan.estimate(bands="seed", method="cc").margin("all", gender="female")
        widths.append(row["share_high"] - row["share_low"])
    assert (many[4].counts["photos"], many[4].counts["scenes"]) == (240, 12)
    assert widths[0] == pytest.approx(widths[1], rel=0.2)
    assert list(copies(many[4], open_language("en"))) == [
        "240 photos show 12 scenes, and are as many for the intervals"
    ]
    one = SimpleNamespace(counts={"copies": 0, "photos": 4, "scenes": 1}, once=False)
    assert list(copies(one, open_language("en"))) == [
        "4 photos show 1 scene, and are as one for the intervals"
    ]
    p = [compare(*pair, bands="seed").global_p for pair in ((many[4], many[7]), (few[4], few[7]))]
    assert p[0] == pytest.approx(p[1], abs=0.3)
    blind = [
        write(f"b{women}.sqlite", [(*row[:2], None, row[3]) for row in burst(rng, 12, 20, women)])
        for women in (4, 7)
    ]
    assert compare(*blind, bands="seed").global_p < 0.05 < 0.3 < p[0]  # as if nobody looked
    many[4].once = True
    assert (many[4].counts["faces"], many[4].counts["copies"]) == (12, 228)
    assert many[4].estimate(bands="seed", method="cc").table["n"].sum() == 12
