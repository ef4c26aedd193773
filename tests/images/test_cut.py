"""Pictures without their end, in formats whose decoders do not say how far they came."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from agestat.images.decode import decode
from agestat.images.reasons import DecodeError


def scene():
    """Soft noise: a picture with detail in every block."""
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    return Image.fromarray(noise).resize((320, 240), Image.Resampling.BICUBIC)


def encoded(kind, **options):
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    buffer = io.BytesIO()
    picture = scene().convert("P") if kind == "GIF" else scene()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _interlaced_png(picture: Image.Image) -> bytes:
    """Adam7, which Pillow reads and does not write."""
    passes = (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    )
    pixels = np.asarray(picture)
    rows = [row for y, x, down, right in passes for row in pixels[y::down, x::right]]
    body = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows), 1)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", *picture.size, 8, 2, 0, 0, 1)),
        (b"IDAT", body),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


CUT = {  # format and options, and whether a cut leaves rows (and not detail) missing
    "gif": ("GIF", {"interlace": 0}, True),
    "interlaced gif": ("GIF", {"interlace": 1}, False),
    "lossy webp": ("WEBP", {"quality": 90}, True),
    "lossless webp": ("WEBP", {"lossless": True}, True),
    "avif": ("AVIF", {"speed": 10}, True),
    "heic": ("HEIF", {"quality": 80}, True),
    "interlaced png": (None, {}, False),
}


@pytest.mark.parametrize("name", CUT)
def test_a_picture_of_any_format_is_read_up_to_where_it_was_cut(name):
    kind, options, has_rows = CUT[name]
    data = _interlaced_png(scene()) if kind is None else encoded(kind, **options)
    whole = decode(data)
    assert whole.part is None
    cut = decode(data[: int(0.8 * len(data))])
    assert cut.pixels.shape == whole.pixels.shape
    if has_rows:
        assert 0.6 < cut.part < 0.9
        rows = round(cut.part * cut.height) - 1  # the last may be there in part
        assert np.abs(cut.pixels[:rows].astype(int) - whole.pixels[:rows]).mean() < 0.1
    else:
        assert cut.part == 1
        assert np.abs(cut.pixels.astype(int) - whole.pixels).mean() < 8
    with pytest.raises(DecodeError, match="truncated"):
        decode(data[: int(0.3 * len(data))])


@pytest.mark.parametrize("missing", [1, 2, 7, 10, 33, 500])
@pytest.mark.parametrize("quality", [30, 80, 95])
def test_a_webp_without_its_last_bytes_is_read(missing, quality):
    assert decode(encoded("WEBP", quality=quality)[:-missing]).part > 0.8


@pytest.mark.parametrize("no_jp2", [True, False])
def test_a_jpeg_2000_that_was_cut_is_named(no_jp2):
    with pytest.raises(DecodeError, match=r"^truncated$"):
        decode(encoded("JPEG2000", no_jp2=no_jp2)[:-500])


AS_IT_IS = [
    ("BMP", "RGB"),
    ("BMP", "L"),
    ("BMP", "P"),
    ("PPM", "RGB"),
    ("PPM", "L"),
    ("TIFF", "RGB"),
    ("TIFF", "L"),
]


def stored(picture, kind):
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(("kind", "mode"), AS_IT_IS)
@pytest.mark.parametrize("missing", [1, 99])  # rows and a few pixels
def test_zeros_in_place_of_the_last_rows_are_not_there(kind, mode, missing):
    """As an interrupted copy leaves them that had reserved the place of the file."""
    data = stored(scene().convert(mode), kind)
    whole, row = decode(data), len(data) // 240
    there = len(data) - missing * row - row // 3
    cut, plain = decode(data[:there] + bytes(len(data) - there)), decode(data[:there])
    assert cut.there == plain.there
    assert 0.57 < cut.part < 1
    rows = slice(*(round(240 * edge) for edge in cut.there[1::2]))
    assert (cut.pixels[rows] == whole.pixels[rows]).all()
    with pytest.raises(DecodeError, match=r"^truncated$"):
        decode(data[: len(data) // 3] + bytes(len(data) - len(data) // 3))


@pytest.mark.parametrize(("kind", "mode"), AS_IT_IS)
def test_black_at_the_end_is_a_colour(kind, mode):
    black, bar, slanted = Image.new("RGB", (320, 240)), scene(), scene()
    bar.paste((0, 0, 0), (0, 100, 320, 240))
    bar.paste((0, 0, 0), (300, 0, 320, 240))
    ImageDraw.Draw(slanted).polygon([(0, 150), (320, 60), (320, 240), (0, 240)], (0, 0, 0))
    frame = ImageOps.expand(scene(), 40, (0, 0, 0))
    for picture in (black, bar, slanted, frame, frame.rotate(7), ImageOps.flip(bar), ImageOps.flip(slanted)):
        assert decode(stored(picture.convert(mode), kind)).part is None


def test_zeros_from_a_block_of_the_disk_on_are_no_colour():
    """Rows of 1,024 bytes behind a header of 512: a copy can end with a row."""
    picture = scene().resize((1024, 240)).convert("L")
    pixels = np.maximum(np.asarray(picture), 1).tobytes()
    head = b"P5\n#" + b"-" * (512 - 4 - len("\n1024 240\n255\n")) + b"\n1024 240\n255\n"
    there = pixels[: 180 * 1024] + bytes(60 * 1024)
    assert decode(head + there).part == 0.75
    assert decode(head[:4] + head[99:] + there).part is None


@pytest.mark.parametrize("compression", ["packbits", "tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_a_tiff_whose_directory_is_missing_is_named(compression):
    data = encoded("TIFF", compression=compression)
    for end in (b"", bytes(1000)):
        with pytest.raises(DecodeError, match=r"^truncated$"):
            decode(data[: int(0.9 * len(data))] + end)


@pytest.mark.parametrize("compression", ["zlib", "lzw", "jpeg"])
def test_strips_of_a_tiff_that_are_there_are_read(compression):
    tifffile = pytest.importorskip("tifffile")
    pytest.importorskip("imagecodecs")
    file = io.BytesIO()
    tifffile.imwrite(file, np.asarray(scene()), compression=compression, rowsperstrip=16, photometric="rgb")
    whole, cut = decode(file.getvalue()), decode(file.getvalue()[: int(0.8 * len(file.getvalue()))])
    assert 0.5 < cut.part < 0.9
    rows = round(cut.part * cut.height) - 1  # the last may be there in part
    assert (cut.pixels[:rows] == whole.pixels[:rows]).all()
