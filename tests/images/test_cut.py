"""Pictures without their end, in formats whose decoders do not say how far they came."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

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
