"""Files that every viewer shows although something is wrong with them."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from agestat.images.decode import decode
from agestat.images.reasons import DecodeError

WIDTH, HEIGHT = 320, 240


def scene():
    """Soft noise, brightest at the left: a picture with detail in every block."""
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    return Image.fromarray(noise).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def encoded(kind, **options):
    buffer = io.BytesIO()
    scene().save(buffer, kind, **options)
    return buffer.getvalue()


def read(tmp_path, data, **options):
    (tmp_path / "a.jpg").write_bytes(data)
    return decode(tmp_path / "a.jpg", **options)


def is_same(picture, data):
    """Whether the rows that are there are those of the whole picture; those below and beside may differ."""
    whole = np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)
    rows = int(picture.there[3] * HEIGHT) - 20 if picture.there else HEIGHT
    return np.abs(picture.pixels[:rows] - whole[:rows]).max() <= 4


BASELINE, PROGRESSIVE = {"quality": 90}, {"quality": 90, "progressive": True}


@pytest.mark.parametrize("options", [BASELINE, PROGRESSIVE], ids=["baseline", "progressive"])
@pytest.mark.parametrize("missing", [2, 10, 0.05, 0.3])
@pytest.mark.parametrize("tail", [b"", bytes(3000)], ids=["cut", "zeros"])
def test_a_jpeg_without_its_end_is_read_in_part(tmp_path, options, missing, tail):
    data = encoded("JPEG", **options)
    lost = missing if missing >= 1 else int(missing * len(data))
    picture = read(tmp_path, data[:-lost] + tail)
    assert (picture.width, picture.height) == (WIDTH, HEIGHT)
    if options is BASELINE:
        assert picture.part == pytest.approx(1 - lost / len(data), abs=0.07)
        assert is_same(picture, data)
    else:  # the whole picture, with less detail
        assert picture.part == 1
        assert np.abs(picture.pixels - np.asarray(scene()).astype(int)).mean() < 15


@pytest.mark.parametrize(
    "tail",
    [
        b"\xff\r\n\r\n",
        b"\xff<html>503</html>",
        b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(20),
        b"\x89PNG\r\n\x1a\n\xff\x12\xff\xc0\0\1" * 90,
        b"\xff\xf0" * 99 + b"\xff\xd9",
    ],
    ids=["lines", "page", "jpeg", "png", "marks"],
)
def test_a_jpeg_whose_end_is_of_another_file_is_read_in_part(tmp_path, tail):
    data = encoded("JPEG", **BASELINE)
    picture = read(tmp_path, data[: int(0.8 * len(data))] + tail)
    assert picture.part == pytest.approx(0.8, abs=0.07)
    assert is_same(picture, data)


@pytest.mark.parametrize("options", [BASELINE, PROGRESSIVE], ids=["baseline", "progressive"])
@pytest.mark.parametrize("tail", [b"", bytes(3000)], ids=["cut", "zeros"])
def test_less_than_half_a_jpeg_is_a_failure(tmp_path, options, tail):
    data = encoded("JPEG", **options)
    with pytest.raises(DecodeError, match=r"^truncated$"):
        read(tmp_path, data[: int(0.2 * len(data))] + tail)


@pytest.mark.parametrize("min_side", [None, 40, 80, 160])
def test_the_part_is_the_same_at_any_scale(tmp_path, min_side):
    data = encoded("JPEG", **BASELINE)
    assert read(tmp_path, data[: int(0.7 * len(data))], min_side=min_side).part == pytest.approx(
        0.68, abs=0.04
    )


@pytest.mark.parametrize(
    ("orientation", "there"),
    [
        (1, "top"),
        (2, "top"),
        (3, "bottom"),
        (4, "bottom"),
        (5, "left"),
        (6, "right"),
        (7, "right"),
        (8, "left"),
    ],
)
def test_what_is_there_turns_with_the_picture(tmp_path, orientation, there):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded("JPEG", exif=exif)
    picture = read(tmp_path, data[: int(0.6 * len(data))])
    left, top, right, bottom = picture.there
    seen = {"top": top == 0 < bottom < 1, "bottom": 0 < top < bottom == 1,
            "left": left == 0 < right < 1, "right": 0 < left < right == 1}  # fmt: skip
    assert [side for side, holds in seen.items() if holds] == [there]
    missing = {"top": np.s_[-9:], "bottom": np.s_[:9], "left": np.s_[:, -9:], "right": np.s_[:, :9]}[there]
    assert (picture.pixels[missing] == 128).all()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_other_formats_are_read_as_far_as_they_go(tmp_path, kind):
    data = encoded(kind)
    picture = read(tmp_path, data[: int(0.8 * len(data))])
    assert 0.7 < picture.part < 0.85
    first, last = round(picture.there[1] * HEIGHT), round(picture.there[3] * HEIGHT)
    whole = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.array_equal(picture.pixels[first:last], whole[first:last])
    with pytest.raises(DecodeError, match=r"^truncated$"):
        read(tmp_path, data[: int(0.3 * len(data))])


def test_a_whole_picture_is_not_read_in_part(tmp_path):
    for data in (encoded("JPEG"), encoded("JPEG") + bytes(99), encoded("PNG"), encoded("PNG")[:-12]):
        picture = read(tmp_path, data)
        assert (picture.part, picture.there) == (None, None)


HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"
MAC_BINARY = bytes([0, 5]) + b"a.jpg".ljust(72, b"\0") + bytes(54)
JUNK = [
    b"\n",
    b"\r\n\r\n",
    b"\xef\xbb\xbf",
    bytes(7),
    bytes(2000),
    HTTP,
    MAC_BINARY,
    b"<br>\nWarning: /a.php, line 3\n",
]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "JPEG2000", "PPM"])
@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_front_of_a_picture(tmp_path, kind, junk):
    picture = read(tmp_path, junk + encoded(kind))
    assert (picture.format, picture.width, picture.height, picture.part) == (kind, WIDTH, HEIGHT, None)
    assert is_same(picture, encoded(kind))


APPLE_SINGLE = struct.pack(">IIxxxxxxxxxxxxxxxxHIII", 0x51600, 0x20000, 1, 1, 38, 9999)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "JPEG2000"])
@pytest.mark.parametrize(
    "junk", [b"\xff\xff", b"\xff\xfe", b"\0\0\x12\x34", APPLE_SINGLE, b"\x01\x02\x03", b"\n"]
)
def test_a_few_bytes_of_any_kind_in_front_of_what_can_be_nothing_else(tmp_path, kind, junk):
    picture = read(tmp_path, junk + encoded(kind))
    assert (picture.format, picture.part) == (kind, None)
    assert is_same(picture, encoded(kind))


@pytest.mark.parametrize(
    "front", [b"%PDF-1.4\n", b"ID3\3\0\0\0", b"fLaC\0\0\0\x22", b"PK\3\4\x14\0", b"MZ" + bytes([144]) * 99]
)
def test_pictures_in_other_files_are_not_those_files(tmp_path, front):
    with pytest.raises(DecodeError, match=r"^not a picture$"):
        read(tmp_path, front + encoded("JPEG"))


@pytest.mark.parametrize("junk", [b"\0", b"\xff\0\xff\1", b"abc", bytes(300), b"\xff\xff\xff"])
@pytest.mark.parametrize("place", [2, "tables", "frame"])
def test_bytes_between_the_markers_of_a_jpeg(tmp_path, junk, place):
    data = encoded("JPEG")
    at = place if isinstance(place, int) else data.index({"tables": b"\xff\xdb", "frame": b"\xff\xc0"}[place])
    assert is_same(read(tmp_path, data[:at] + junk + data[at:]), data)


def test_several_faults_at_once(tmp_path):
    data = encoded("JPEG", **BASELINE)
    picture = read(tmp_path, b"\r\n" + data[:2] + b"\xff\0\xff\1" + data[2:-500] + bytes(999))
    assert 0.9 < picture.part < 1
    assert is_same(picture, data)


@pytest.mark.parametrize("share", [0.9, 0.6, 0.3])
def test_an_end_mark_before_the_last_rows(tmp_path, share):
    data = encoded("JPEG", **BASELINE)
    ended = data[: int(share * len(data))] + b"\xff\xd9" + bytes(20)
    if share < 0.5:
        with pytest.raises(DecodeError, match=r"^truncated$"):
            read(tmp_path, ended)
    else:
        assert read(tmp_path, ended).part == pytest.approx(share, abs=0.1)


@pytest.mark.parametrize("options", [BASELINE, PROGRESSIVE], ids=["baseline", "progressive"])
def test_a_grey_bar_at_the_bottom_is_no_missing_part(tmp_path, options):
    picture = Image.open(io.BytesIO(encoded("PNG"))).convert("RGB")
    for top in (0, HEIGHT // 2, HEIGHT - 32):
        picture.paste((128, 128, 128), (0, top, WIDTH, HEIGHT))
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", **options)
        assert read(tmp_path, buffer.getvalue()).part is None


@pytest.mark.parametrize("size", [0, 99, 10**9])
def test_a_webp_that_tells_a_wrong_size(tmp_path, size):
    data = encoded("WEBP")
    picture = read(tmp_path, data[:4] + struct.pack("<I", size) + data[8:])
    assert is_same(picture, data)


def chunk(kind, body, checksum=None):
    crc = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", crc)


def with_chunk(made):
    data = encoded("PNG")
    return data[:33] + made + data[33:]


LONG = np.random.default_rng(1).integers(65, 90, 3 << 20, np.uint8).tobytes()


@pytest.mark.parametrize(
    "made",
    [
        chunk(b"zTXt", b"XML:com.adobe.xmp\0\0" + zlib.compress(LONG)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(LONG)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + LONG),
        chunk(b"tEXt", b"Comment\0" + LONG),
        chunk(b"iCCP", b"profile\0\0" + zlib.compress(LONG)),
        chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(200_000_000))),
        *(
            chunk(kind, bytes(9), 1234)
            for kind in (
                b"pHYs",
                b"tEXt",
                b"iCCP",
                b"gAMA",
                b"tIME",
                b"zTXt",
                b"prVt",
                b"eXIf",
                b"acTL",
                b"tRNS",
            )
        ),
        chunk(b"IHDR", bytes(13)),
    ],
    ids=lambda made: f"{made[4:8].decode()} of {len(made)}",
)
def test_chunks_that_no_pixel_needs(tmp_path, made):
    assert is_same(read(tmp_path, with_chunk(made)), encoded("PNG"))


def test_a_wrong_checksum_of_the_size_is_damage(tmp_path):
    data = bytearray(encoded("PNG"))
    data[30] ^= 1
    with pytest.raises(DecodeError, match=r"^damaged$"):
        read(tmp_path, bytes(data))


def test_pngs_as_apple_packs_them_are_named_and_not_read_as_noise(tmp_path):
    data = encoded("PNG")
    with pytest.raises(DecodeError, match=r"^unsupported format$"):
        read(tmp_path, data[:8] + chunk(b"CgBI", bytes(4)) + data[8:])


def of_kind(code, bits=8):
    data = bytearray(encoded("JPEG"))
    at = data.index(b"\xff\xc0")
    data[at + 1], data[at + 4] = code, bits
    return bytes(data)


@pytest.mark.parametrize("code", [0xC3, 0xC5, 0xC6, 0xC7, 0xCB, 0xCD, 0xCE, 0xCF])
def test_lossless_and_hierarchical_jpegs_are_named(tmp_path, code):
    with pytest.raises(DecodeError, match=r"^unsupported kind of JPEG$"):
        read(tmp_path, of_kind(code))


def test_jpegs_of_12_bits_are_named(tmp_path):
    with pytest.raises(DecodeError, match=r"^unsupported kind of JPEG$"):
        read(tmp_path, of_kind(0xC1, bits=12))


@pytest.mark.parametrize(
    ("kind", "options"),
    [("JPEG", BASELINE), ("JPEG", PROGRESSIVE), ("PNG", {}), ("GIF", {}), ("WEBP", {}), ("AVIF", {})],
)
def test_a_transfer_in_text_mode_is_undone(tmp_path, kind, options):
    """Which makes every line feed two bytes, those after a carriage return too."""
    data = encoded(kind, **options)
    assert b"\n" in data.replace(b"\r\n", b"")
    picture = read(tmp_path, data.replace(b"\n", b"\r\n"))
    assert picture.part is None
    assert np.array_equal(picture.pixels, read(tmp_path, data).pixels)


def test_what_a_transfer_in_text_mode_left_out_is_gone(tmp_path):
    with pytest.raises(DecodeError, match=r"^changed by a transfer in text mode$"):
        read(tmp_path, encoded("PNG").replace(b"\r\n", b"\n"))


@pytest.mark.parametrize("kind", ["BMP", "PPM", "TIFF"])
def test_samples_that_are_line_ends_are_left_alone(tmp_path, kind):
    buffer = io.BytesIO()
    pixels = np.tile(np.array([13, 10], np.uint8), (40, 60)).reshape(40, 40, 3)
    Image.fromarray(pixels).save(buffer, kind)
    assert np.array_equal(read(tmp_path, buffer.getvalue()).pixels, pixels)


FILLERS = [b"\xcc", b"\xaa", b"U", b"\xe5", b" ", b"\xde\xad\xbe\xef", b"BAD!", b"<html>no</html>\n"]


@pytest.mark.parametrize("options", [BASELINE, {"quality": 90, "optimize": True}], ids=["usual", "own codes"])
@pytest.mark.parametrize("filler", FILLERS)
@pytest.mark.parametrize("there", [0.4, 0.7, 0.9])
def test_what_fills_up_a_jpeg_is_no_part_of_it(tmp_path, options, filler, there):
    data = encoded("JPEG", **options)
    cut = data[: int(there * len(data))]
    filled = cut + (filler * len(data))[: len(data) - len(cut)]
    if there < 0.5:
        with pytest.raises(DecodeError, match="truncated"):
            read(tmp_path, filled)
    else:
        assert read(tmp_path, filled).part == read(tmp_path, cut).part == pytest.approx(there, abs=0.06)


@pytest.mark.parametrize("options", [{}, {"subsampling": 0}, {"quality": 95}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_one_colour_at_the_end_is_not_taken_for_a_filler(tmp_path, options, mode):
    """It is coded as a few bytes over and over."""
    image = scene()
    image.paste((250, 240, 230), (0, HEIGHT // 4, WIDTH, HEIGHT))
    buffer = io.BytesIO()
    image.convert(mode).resize((1280, 960)).save(buffer, "JPEG", **options)
    assert read(tmp_path, buffer.getvalue()[:-2]).part == 1
    assert read(tmp_path, buffer.getvalue()[:-10]).part >= 0.98


RESERVED = [("PNG", {}), ("WEBP", {"quality": 80}), ("WEBP", {"lossless": True}), ("AVIF", {}),
            ("GIF", {"interlace": 0})]  # fmt: skip


@pytest.mark.parametrize(("kind", "options"), RESERVED)
@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"A", b"BAD!"])
def test_what_fills_the_place_of_a_picture_is_no_part_of_it(tmp_path, kind, options, filler):
    image = scene().resize((640, 480))
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    data = buffer.getvalue()

    def filled(there):
        return data[: int(there * len(data))] + (filler * len(data))[: len(data) - int(there * len(data))]

    assert 0.5 <= read(tmp_path, filled(0.8)).part <= 0.85  # AVIF codes squares of 64 pixels
    with pytest.raises(DecodeError, match=r"^truncated$"):
        read(tmp_path, filled(0.3))
    padded = read(tmp_path, data + filler * 3000)
    assert (padded.part, padded.pixels.shape) == (None, (480, 640, 3))
