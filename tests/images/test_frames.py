"""Animations that begin with nothing to see, and files of several pages."""

import numpy as np
import pytest
from PIL import Image

from agestat.images.decode import decode

RED = (250, 40, 30)


def half_red(rest=(0, 0, 0)):
    image = Image.new("RGB", (40, 30), rest)
    image.paste(RED, (0, 0, 20, 30))
    return image


def red_pixels(pixels):
    return (np.abs(pixels.astype(int) - RED).max(axis=2) < 40).sum()


def save(path, frames, kind):
    options = {"lossless": True} if kind == "webp" else {}
    frames[0].save(path, kind, save_all=True, append_images=frames[1:], duration=100, **options)
    return path


@pytest.mark.parametrize("kind", ["gif", "webp", "png", "avif"])
@pytest.mark.parametrize("begin", [(0, 0, 0), (255, 255, 255), (60, 60, 60)])
@pytest.mark.parametrize("length", [1, 3, 12])
def test_an_animation_that_begins_in_one_colour_is_seen_later(tmp_path, kind, begin, length):
    blank = [Image.new("RGB", (40, 30), (*begin[:2], min(begin[2] + n, 255))) for n in range(length)]
    pixels = decode(save(tmp_path / "a", [*blank, *[half_red(begin)] * 20], kind)).pixels
    assert red_pixels(pixels) == pytest.approx(600, abs=20)


@pytest.mark.parametrize("kind", ["gif", "webp", "png"])
def test_the_first_frame_counts_if_there_is_something_on_it(tmp_path, kind):
    later = Image.new("RGB", (40, 30), (0, 0, 255))
    assert red_pixels(decode(save(tmp_path / "a", [half_red(), later], kind)).pixels) == pytest.approx(
        600, abs=20
    )


def test_the_clearest_frame_of_a_fade(tmp_path):
    frames = [Image.blend(Image.new("RGB", (40, 30)), half_red(), part) for part in np.linspace(0, 1, 30)]
    assert red_pixels(decode(save(tmp_path / "a", frames, "png")).pixels) == 0
    assert decode(tmp_path / "a").pixels[..., 0].max() > 127


def test_an_animation_of_one_colour_is_that_colour(tmp_path):
    frames = [Image.new("RGB", (40, 30), (n, 0, 0)) for n in range(5)]
    assert decode(save(tmp_path / "a", frames, "png")).pixels.max() <= 4


@pytest.mark.parametrize(("size", "is_first_read"), [((20, 15), False), ((5, 4), True), ((30, 22), True)])
def test_a_tiff_that_begins_with_its_thumbnail(tmp_path, size, is_first_read):
    """Of another shape, or not much smaller, it is a picture of its own."""
    picture = decode(save(tmp_path / "a.tif", [half_red().resize(size), half_red(), half_red()], "tiff"))
    if is_first_read:
        assert ((picture.width, picture.height), picture.pages) == (size, 3)
    else:
        assert (picture.width, picture.pages, red_pixels(picture.pixels)) == (40, 2, 600)


@pytest.mark.parametrize(("number", "expected"), [(1, 1), (3, 3), (150, 100)])
def test_pages_of_a_tiff_are_counted(tmp_path, number, expected):
    picture = decode(save(tmp_path / "a.tif", [half_red()] * number, "tiff"))
    assert (picture.pages, red_pixels(picture.pixels)) == (expected, 600)


@pytest.mark.parametrize("kind", ["gif", "webp", "png", "avif"])
@pytest.mark.parametrize(
    ("shown", "expected"),
    [([2000] * 3, 3), ([100] * 3, 1), ([2000] * 40, 33), ([2000], 1), ([100, 3000, 3000], 2)],
)
def test_slides_are_pages_and_frames_of_what_moves_are_not(tmp_path, kind, shown, expected):
    first, *others = [half_red((0, 0, 6 * n)) for n in range(len(shown))]
    options = {"lossless": True} if kind == "webp" else {}
    first.save(tmp_path / "a", kind, save_all=True, append_images=others,
               duration=shown if others else shown[0], **options)  # fmt: skip
    picture = decode(tmp_path / "a")
    assert (picture.pages, red_pixels(picture.pixels)) == (expected, pytest.approx(600, abs=20))


@pytest.mark.parametrize("second", [half_red((0, 0, 6)), half_red().resize((8, 6))])
def test_the_second_eye_and_previews_are_no_pages(tmp_path, second):
    half_red().save(tmp_path / "a.mpo", save_all=True, append_images=[second])
    picture = decode(tmp_path / "a.mpo")
    assert (picture.format, picture.pages) == ("MPO", 1)


def test_thumbnails_in_a_tiff_are_no_pages(tmp_path):
    half_red().save(
        tmp_path / "a.tif", save_all=True, append_images=[half_red().resize((8, 6))], tiffinfo={254: 1}
    )
    assert decode(tmp_path / "a.tif").pages == 1


def test_pages_of_a_heic_are_counted(tmp_path):
    heif = pytest.importorskip("pillow_heif", reason="needs an encoder of HEIC: pip install pillow-heif")
    file = heif.from_pillow(half_red().resize((64, 64)))
    file.add_from_pillow(half_red().resize((64, 64)))
    file.save(tmp_path / "a.heic")
    picture = decode(tmp_path / "a.heic")
    assert (picture.format, picture.pages) == ("HEIF", 2)
