"""Raw files of cameras, made by hand: the largest picture that they hold."""

import io
import struct

import numpy as np
import pytest
from PIL import Image

from agestat.images.decode import decode
from agestat.images.reasons import DecodeError


def jpeg(size, orientation=None, colour=(200, 60, 40)):
    image = Image.new("RGB", size, colour)
    image.paste((0, 0, 255), (0, 0, size[0] // 2, size[1] // 2))
    buffer = io.BytesIO()
    exif = Image.Exif()
    if orientation:
        exif[0x0112] = orientation
    image.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def directory(order, entries, start):
    """A TIFF directory at ``start``: tag, type, count, value; longer values behind it."""
    mark = "<" if order == b"II" else ">"
    body, rest = b"", b""
    behind = start + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in sorted(entries):
        if isinstance(value, bytes):
            value, rest = behind + len(rest), rest + value
        body += struct.pack(mark + ("HHIHxx" if kind == 3 else "HHII"), tag, kind, count, value)
    return struct.pack(mark + "H", len(entries)) + body + bytes(4) + rest


def tiff_like(magic, previews, orientation=1, order=b"II"):
    """Header, a directory with camera and orientation, samples, and previews wherever they fall."""
    entries = [(0x010F, 2, 6, b"Maker\0"), (0x0110, 2, 6, b"Model\0"), (0x0112, 3, 1, orientation),
               (0x0132, 2, 20, b"2019:05:03 12:00:00\0")]  # fmt: skip
    start = struct.pack("<I" if order == b"II" else ">I", 8)
    head = magic + start + directory(order, entries, 8)
    return head + b"\x77" * 5000 + (b"\0" * 77).join(previews) + b"\x55" * 3000


THUMBNAIL = jpeg((160, 120))
LOSSLESS = jpeg((3000, 2000)).replace(b"\xff\xc0", b"\xff\xc3", 1)  # how cameras keep their samples
KINDS = {
    "a.nef": (b"MM\0*", b"MM"),
    "a.dng": (b"II*\0", b"II"),
    "a.cr2": (b"II*\0", b"II"),
    "a.ARW": (b"II*\0", b"II"),
    "a.orf": (b"IIRO", b"II"),
    "a.rw2": (b"IIU\0", b"II"),
}


@pytest.mark.parametrize("name", KINDS)
def test_the_largest_preview_is_the_picture(tmp_path, name):
    magic, order = KINDS[name]
    previews = [THUMBNAIL, LOSSLESS, jpeg((1600, 1200)), jpeg((640, 480), colour=(0, 255, 0))]
    (tmp_path / name).write_bytes(tiff_like(magic, previews, order=order))
    picture = decode(tmp_path / name, min_side=800)
    assert (picture.width, picture.height, picture.camera) == (1600, 1200, "Maker Model")
    assert picture.taken_at == "2019-05-03T12:00:00"
    assert picture.pixels[-1, -1].tolist() == pytest.approx([200, 60, 40], abs=4)
    assert picture.part is None


@pytest.mark.parametrize(("outer", "inner", "corner"), [(1, None, 0), (6, None, 1), (6, 8, 2), (1, 3, 3)])
def test_it_is_turned_as_the_raw_file_says_unless_the_preview_says_it(tmp_path, outer, inner, corner):
    (tmp_path / "a.nef").write_bytes(tiff_like(b"II*\0", [jpeg((800, 600), inner)], outer))
    pixels = decode(tmp_path / "a.nef").pixels
    corners = [pixels[9, 9], pixels[9, -9], pixels[-9, 9], pixels[-9, -9]]
    assert int(np.argmax([c[2] - int(c[0]) for c in np.array(corners, int)])) == corner


def test_a_file_of_fuji_and_one_of_canon(tmp_path):
    (tmp_path / "a.raf").write_bytes(
        b"FUJIFILMCCD-RAW 0201" + bytes(64) + jpeg((800, 600), 6) + b"\x33" * 999
    )
    assert decode(tmp_path / "a.raf").pixels.shape == (800, 600, 3)
    cmt1 = b"II*\0" + struct.pack("<I", 8) + directory(b"II", [(0x0112, 3, 1, 8)], 8)
    box = struct.pack(">I4s", 8 + len(cmt1), b"CMT1") + cmt1
    data = b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + box + b"PRVW" + jpeg((800, 600)) + b"\x44" * 999
    (tmp_path / "a.cr3").write_bytes(data)
    assert decode(tmp_path / "a.cr3").pixels.shape == (800, 600, 3)


@pytest.mark.parametrize("previews", [[], [THUMBNAIL], [THUMBNAIL, LOSSLESS], [jpeg((399, 300))]])
@pytest.mark.parametrize("name", KINDS)
def test_a_raw_file_without_a_large_preview_has_failed(tmp_path, name, previews):
    magic, order = KINDS[name]
    (tmp_path / name).write_bytes(tiff_like(magic, previews, order=order))
    with pytest.raises(DecodeError, match=r"^raw file without a large preview$"):
        decode(tmp_path / name)


def noise(size):
    buffer = io.BytesIO()
    values = np.random.default_rng(0).integers(0, 256, (size[1] // 16, size[0] // 16, 3), np.uint8)
    Image.fromarray(values).resize(size).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


LARGE, SMALLER = noise((1600, 1200)), noise((800, 600))


@pytest.mark.parametrize(
    ("previews", "width", "part"),
    [
        ([SMALLER, LARGE[: len(LARGE) * 8 // 10]], 800, None),  # cut off, with a whole one before
        ([LARGE[: len(LARGE) * 8 // 10]], 1600, 0.8),
        ([SMALLER, LARGE[:20] + bytes(400) + LARGE[420:]], 800, None),  # damaged
    ],
)
def test_of_a_raw_file_whose_largest_preview_is_not_whole(tmp_path, previews, width, part):
    whole = tiff_like(b"II*\0", previews)
    (tmp_path / "a.nef").write_bytes(whole[:-3000])
    picture = decode(tmp_path / "a.nef")
    assert (picture.width, picture.camera) == (width, "Maker Model")
    assert picture.part == (None if part is None else pytest.approx(part, abs=0.05))


def test_the_thumbnail_that_a_tiff_reader_would_show_is_not_the_picture(tmp_path):
    Image.new("RGB", (160, 120)).save(tmp_path / "a.dng", "TIFF")
    with pytest.raises(DecodeError, match="raw file"):
        decode(tmp_path / "a.dng")
    Image.new("RGB", (800, 600)).save(tmp_path / "b.dng", "TIFF")  # a scan, whole and readable
    assert decode(tmp_path / "b.dng").width == 800


def test_a_jpeg_named_as_a_raw_file_is_a_jpeg(tmp_path):
    (tmp_path / "a.nef").write_bytes(THUMBNAIL)
    assert decode(tmp_path / "a.nef").width == 160
