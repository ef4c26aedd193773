"""Files of every kind to upright RGB, or a reason."""

import os
import struct
import sys
import warnings

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from agestat.images import reduced
from agestat.images.decode import decode
from agestat.images.formats import sniff
from agestat.images.reasons import DecodeError

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(size=(64, 32)):
    """Red, green over blue, white."""
    image = Image.new("RGB", size)
    w, h = size[0] // 2, size[1] // 2
    for colour, corner in zip((RED, GREEN, BLUE, WHITE), ((0, 0), (w, 0), (0, h), (w, h)), strict=True):
        image.paste(colour, (*corner, corner[0] + w, corner[1] + h))
    return image


def corners(pixels):
    """Names of the colours of the four quarters, read row by row."""
    h, w = pixels.shape[:2]
    names = {RED: "red", GREEN: "green", BLUE: "blue", WHITE: "white"}
    found = []
    for y, x in ((h // 4, w // 4), (h // 4, 3 * w // 4), (3 * h // 4, w // 4), (3 * h // 4, 3 * w // 4)):
        nearest = min(names, key=lambda colour: np.abs(pixels[y, x].astype(int) - colour).sum())
        assert np.abs(pixels[y, x].astype(int) - nearest).max() < 30
        found.append(names[nearest])
    return " ".join(found)


@pytest.mark.parametrize(
    ("extension", "options", "expected"),
    [
        ("jpg", {}, "JPEG"),
        ("png", {}, "PNG"),
        ("webp", {}, "WEBP"),
        ("bmp", {}, "BMP"),
        ("tiff", {}, "TIFF"),
        ("tiff", {"compression": "tiff_lzw"}, "TIFF"),
        ("gif", {}, "GIF"),
        ("avif", {}, "AVIF"),
        ("jp2", {}, "JPEG2000"),
        ("j2k", {}, "JPEG2000"),
        ("ppm", {}, "PPM"),
    ],
)
def test_formats_are_told_by_content(tmp_path, extension, options, expected):
    quarters().save(tmp_path / f"a.{extension}", **options)
    (tmp_path / f"a.{extension}").rename(tmp_path / "a.dat")
    picture = decode(tmp_path / "a.dat")
    assert (picture.format, picture.width, picture.height, picture.scale) == (expected, 64, 32, 1.0)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.flags.c_contiguous
    assert corners(picture.pixels) == "red green blue white"
    assert sniff((tmp_path / "a.dat").read_bytes()[:32]) == expected


TURNED = {  # EXIF orientation -> what an upright viewer shows of "red green / blue white"
    1: "red green blue white",
    2: "green red white blue",
    3: "white blue green red",
    4: "blue white red green",
    5: "red blue green white",
    6: "blue red white green",
    7: "white green blue red",
    8: "green white red blue",
}


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", TURNED)
def test_exif_rotation(tmp_path, extension, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    quarters().save(tmp_path / f"a.{extension}", exif=exif)
    picture = decode(tmp_path / f"a.{extension}")
    assert corners(picture.pixels) == TURNED[orientation]
    assert (picture.width, picture.height) == ((32, 64) if orientation >= 5 else (64, 32))
    assert picture.pixels.shape == (picture.height, picture.width, 3)


XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="{}"/></rdf:RDF>'
    "</x:xmpmeta>"
)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp", "tiff"])
@pytest.mark.parametrize("orientation", TURNED)
def test_rotation_that_only_xmp_tells(tmp_path, kind, orientation):
    xmp = XMP.format(orientation)
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", xmp)
    options = {"png": {"pnginfo": texts}, "tiff": {"tiffinfo": {700: xmp.encode()}}}
    quarters().save(tmp_path / "a", kind, **options.get(kind, {"xmp": xmp.encode()}))
    picture = decode(tmp_path / "a")
    assert corners(picture.pixels) == TURNED[orientation]
    assert (picture.width, picture.height) == ((32, 64) if orientation >= 5 else (64, 32))


ORIENTATIONS = [
    *[(kind, b"\6") for kind in (1, 6, 7)],
    *[(2, text) for text in (b"6\0", b" 6 \0")],
    *[(3, b"\6\0"), (3, b"\6\0\1\0"), (8, b"\6\0"), (4, b"\6\0\0\0"), (9, b"\6\0\0\0")],
    *[(7, raw) for raw in (b"\6\0", b"\0\6", b"6\0\0\0")],
    *[(5, struct.pack("<II", 6, 1)), (11, struct.pack("<f", 6)), (12, struct.pack("<d", 6))],
]
TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 11: 4, 12: 8}


@pytest.mark.parametrize(("kind", "value"), ORIENTATIONS)
def test_orientation_written_as_another_type_is_obeyed(tmp_path, kind, value):
    inline, behind = (value.ljust(4, b"\0"), b"") if len(value) <= 4 else (struct.pack("<I", 26), value)
    entry = struct.pack("<HHI", 0x0112, kind, len(value) // TYPE_SIZES[kind]) + inline
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4) + behind
    quarters().save(tmp_path / "a.jpg", exif=b"Exif\0\0" + tiff)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        assert corners(decode(tmp_path / "a.jpg").pixels) == TURNED[6]


@pytest.mark.parametrize("value", [b"\0", b"\x09", b"x\0", b"", b"\xff"])
def test_nonsense_as_orientation_is_none(tmp_path, value):
    entry = struct.pack("<HHI", 0x0112, 7, len(value)) + value.ljust(4, b"\0")
    tiff = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    quarters().save(tmp_path / "a.jpg", exif=b"Exif\0\0" + tiff)
    assert corners(decode(tmp_path / "a.jpg").pixels) == TURNED[1]


@pytest.mark.parametrize(
    ("name", "mode", "white"),
    [("a.pgm", "L", 255), ("a.pbm", "1", 255), ("a.ppm", "RGB", (255,) * 3), ("a.ppm", "F", 0.8)],
)
def test_portable_maps(tmp_path, name, mode, white):
    image = Image.new(mode, (8, 4))
    image.paste(white, (0, 0, 4, 4))
    image.save(tmp_path / name)
    assert decode(tmp_path / name).pixels[0, :, 0].tolist() == [255] * 4 + [0] * 4


def test_portable_greys_of_16_bits(tmp_path):
    values = np.array([[0, 0x4000, 0x8000, 0xFFFF]], ">u2")
    (tmp_path / "a.pgm").write_bytes(b"P5 4 1 65535\n" + values.tobytes())
    assert decode(tmp_path / "a.pgm").pixels[0, :, 0].tolist() == [0, 0x40, 0x80, 0xFF]


def test_exif_time_and_camera(tmp_path):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Canon\0", "Canon EOS 5D"
    exif.get_ifd(0x8769)[0x9003] = "2019:07:01 12:34:56"
    quarters().save(tmp_path / "a.jpg", exif=exif)
    picture = decode(tmp_path / "a.jpg")
    assert picture.taken_at == "2019-07-01T12:34:56"
    assert picture.camera == "Canon EOS 5D"


@pytest.mark.parametrize(("dtype", "white"), [(np.uint16, 65535), (np.float32, 1.0)])
def test_tiffs_whose_zero_is_white_are_no_negatives(tmp_path, dtype, white):
    values = np.linspace(0, white, 64).astype(dtype).reshape(8, 8)
    Image.fromarray(values).save(tmp_path / "a.tif", tiffinfo={262: 0})
    with Image.open(tmp_path / "a.tif") as image:
        assert image.tag_v2[262] == 0
    pixels = decode(tmp_path / "a.tif").pixels
    assert pixels[0, 0].tolist() == [255, 255, 255] and pixels[-1, -1].max() <= 1


def write_tiff(path, values, sample_format, bits=None):
    """``values (H, W[, 3])`` as a TIFF by hand: Pillow writes fewer kinds than there are."""
    samples = values.shape[2] if values.ndim == 3 else 1
    start = 8 + 2 + 10 * 12 + 4
    tags = {
        256: values.shape[1], 257: values.shape[0], 258: (bits or 8 * values.itemsize, start), 259: 1,
        262: 2 if samples == 3 else 1, 273: start + 12, 277: samples, 278: values.shape[0],
        279: values.nbytes, 339: (sample_format, start + 6),
    }  # fmt: skip
    head = struct.pack("<2sHIH", b"II", 42, 8, len(tags))
    for tag, value in tags.items():
        each, where = value if isinstance(value, tuple) else (value, None)
        several = where is not None and samples > 1
        head += struct.pack(
            "<HHII", tag, 3 if where else 4, samples if where else 1, where if several else each
        )
    head += struct.pack("<I", 0)
    for tag in (258, 339):
        head += struct.pack("<3H", *[tags[tag][0]] * 3)
    path.write_bytes(head + values.tobytes())


def test_greys_of_12_bits_keep_their_range(tmp_path):
    write_tiff(tmp_path / "a.tif", np.array([[0x000F, 0xFF00]], ">u2"), 1, bits=12)
    with Image.open(tmp_path / "a.tif") as image:
        assert (image.mode, image.tag_v2[258]) == ("I;16", (12,))
    assert decode(tmp_path / "a.tif").pixels[0, :, 0].tolist() == [0, 255]


def test_unsigned_greys_of_32_bits(tmp_path):
    write_tiff(tmp_path / "a.tif", np.linspace(0, 4e9, 64).astype("<u4").reshape(8, 8), 1)
    pixels = decode(tmp_path / "a.tif").pixels[..., 0].ravel()
    assert pixels[[0, 32, 63]].tolist() == [0, 129, 255]
    write_tiff(tmp_path / "b.tif", np.linspace(-2e9, 2e9, 64).astype("<i4").reshape(8, 8), 2)
    signed = decode(tmp_path / "b.tif").pixels[..., 0].ravel()
    assert np.abs(signed.astype(int) - pixels).max() <= 1


@pytest.mark.parametrize("values", [np.zeros((8, 8)), np.zeros((8, 8, 3), "<f4")])
def test_tiffs_that_pillow_does_not_read_name_the_extra(tmp_path, monkeypatch, values):
    write_tiff(tmp_path / "a.tif", values, 3)
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(DecodeError, match=r"^this TIFF needs agestat\[tiff\]$"):
        decode(tmp_path / "a.tif")
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:30])
    with pytest.raises(DecodeError, match="damaged"), warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize(("kind", "top"), [("<f4", 1.0), ("<f8", 250.0), ("<u2", 65535)])
@pytest.mark.parametrize("planes", [False, True])
def test_tiffs_of_many_bits_are_read_with_the_extra(tmp_path, kind, top, planes):
    """Planes of 16 bits come out of Pillow as noise, without a word."""
    tifffile = pytest.importorskip("tifffile", reason="needs the extra agestat[tiff]")
    values = (np.asarray(quarters()) * (top / 255)).astype(kind)
    config = "separate" if planes else "contig"
    stored = np.moveaxis(values, 2, 0) if planes else values
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=config)
    picture = decode(tmp_path / "a.tif")
    assert (picture.format, picture.width, picture.height) == ("TIFF", 64, 32)
    assert corners(picture.pixels) == "red green blue white"


def test_one_infinite_pixel_does_not_make_a_picture_black(tmp_path):
    values = np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8)
    values[0, 0] = np.inf
    Image.fromarray(values).save(tmp_path / "a.tif")
    pixels = decode(tmp_path / "a.tif").pixels[..., 0]
    assert pixels[0, 0] == 255 and pixels[4, 4] == 143


@pytest.mark.parametrize(
    "taken",
    ["2020:01:02 03:04:05.678", "2020-01-02T03:04:05+02:00", "2020/01/02 03:04:05", "2020:1:2 3:4:5"],
)
def test_dates_are_read_as_cameras_and_programs_write_them(tmp_path, taken):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = taken
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg", exif=exif)
    assert decode(tmp_path / "a.jpg").taken_at == "2020-01-02T03:04:05"


@pytest.mark.parametrize(
    "taken", ["0000:00:00 00:00:00", "0001:01:01 00:00:00", "yesterday", "    :  :     :  :  "]
)
def test_absurd_exif_is_no_exif(tmp_path, taken):
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = taken
    exif[0x0112] = 99
    quarters().save(tmp_path / "a.jpg", exif=exif)
    picture = decode(tmp_path / "a.jpg")
    assert (picture.taken_at, picture.camera) == (None, None)
    assert corners(picture.pixels) == "red green blue white"


def test_cmyk(tmp_path):
    quarters().convert("CMYK").save(tmp_path / "a.jpg", quality=95)
    assert corners(decode(tmp_path / "a.jpg").pixels) == "red green blue white"


def test_palette(tmp_path):
    quarters().convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "a.png")
    assert corners(decode(tmp_path / "a.png").pixels) == "red green blue white"


@pytest.mark.parametrize("extension", ["png", "tiff"])
def test_sixteen_bit_grey_keeps_its_range(tmp_path, extension):
    grey = np.array([[0, 0x4000], [0x8000, 0xFFFF]], dtype=np.uint16).repeat(8, 0).repeat(8, 1)
    Image.fromarray(grey).save(tmp_path / f"a.{extension}")
    assert decode(tmp_path / f"a.{extension}").pixels[::8, ::8, 0].tolist() == [[0, 0x40], [0x80, 0xFF]]


def test_float_grey_is_stretched(tmp_path):
    Image.fromarray(np.array([[0.0, 0.5], [0.25, 1.0]], dtype=np.float32)).save(tmp_path / "a.tiff")
    assert decode(tmp_path / "a.tiff").pixels[:, :, 1].tolist() == [[0, 127], [63, 255]]


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_laid_on_white(tmp_path, mode):
    image = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 8, 16))
    if mode == "P":
        image = Image.new("P", (16, 16), 1)
        image.putpalette([0, 0, 0, 9, 9, 9])
        image.paste(0, (0, 0, 8, 16))
        image.save(tmp_path / "a.png", transparency=1)
    else:
        image.convert(mode).save(tmp_path / "a.png")
    pixels = decode(tmp_path / "a.png").pixels
    assert pixels[8, 4].tolist() == [0, 0, 0]
    assert pixels[8, 12].tolist() == [255, 255, 255]


def test_a_bitmap_without_its_file_header(tmp_path):
    quarters().save(tmp_path / "a.dib")
    assert corners(decode(tmp_path / "a.dib").pixels) == "red green blue white"


def test_first_frame_of_a_gif(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in (RED, GREEN, BLUE)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert decode(tmp_path / "a.gif").pixels[4, 4].tolist() == [255, 0, 0]


def test_jpeg_is_reduced_only_as_far_as_asked(tmp_path):
    quarters((1600, 800)).save(tmp_path / "a.jpg")
    sizes = {
        side: decode(tmp_path / "a.jpg", min_side=side).pixels.shape[1] for side in (100, 200, 201, 800, 801)
    }
    assert sizes == {100: 200, 200: 200, 201: 400, 800: 800, 801: 1600}
    picture = decode(tmp_path / "a.jpg", min_side=200)
    assert (picture.width, picture.height, picture.scale) == (1600, 800, 0.125)
    assert corners(picture.pixels) == "red green blue white"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"hello, world, this is a text file named .jpg", "not a picture"),
        (b"\xff\xd8\xff", "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (bytes(range(256)) * 40, "not a picture"),
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(99), "damaged"),
        (b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(99), "unsupported format"),
        (b"8BPS" + bytes(99), "unsupported format"),
        (b"\0\0\0\x18ftypcrx \0\0\0\1", "raw file without a large preview"),
    ],
)
def test_reasons(tmp_path, data, reason):
    (tmp_path / "a.jpg").write_bytes(data)
    with pytest.raises(DecodeError, match=f"^{reason}$"):
        decode(tmp_path / "a.jpg")


def test_heic(tmp_path):
    heif = pytest.importorskip("pillow_heif", reason="needs an encoder of HEIC: pip install pillow-heif")
    heif.from_pillow(quarters()).save(tmp_path / "a.heic")
    assert corners(decode(tmp_path / "a.heic").pixels) == "red green blue white"


@pytest.mark.parametrize("extension", ["jpg", "png", "webp", "tiff", "bmp", "jp2"])
def test_truncated(tmp_path, extension):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(
        tmp_path / f"a.{extension}"
    )
    data = (tmp_path / f"a.{extension}").read_bytes()
    (tmp_path / f"a.{extension}").write_bytes(data[: len(data) // 2])
    with pytest.raises(DecodeError) as caught:
        decode(tmp_path / f"a.{extension}")
    assert str(caught.value) in ("truncated", "damaged")


@pytest.mark.parametrize("compression", ["jpeg2000", "lerc", "jpegxl"])
def test_rare_compressions_of_tiffs(tmp_path, monkeypatch, compression):
    tifffile = pytest.importorskip("tifffile", reason="needs the extra agestat[tiff]")
    pytest.importorskip("imagecodecs", reason="needs the extra agestat[tiff]")
    tifffile.imwrite(tmp_path / "a.tif", np.asarray(quarters()), photometric="rgb", compression=compression)
    assert corners(decode(tmp_path / "a.tif").pixels) == "red green blue white"
    monkeypatch.setitem(sys.modules, "tifffile", None)
    with pytest.raises(DecodeError, match=r"^this TIFF needs agestat\[tiff\]$"):
        decode(tmp_path / "a.tif")


@pytest.mark.parametrize("extension", ["png", "tiff", "webp", "palette.png", "bmp"])
def test_transparency_that_hides_all_hides_nothing(tmp_path, extension):
    """Programs write a channel of zeros that no viewer of BMPs obeys; in half of a picture it is meant."""
    path, picture = tmp_path / f"a.{extension}", quarters().convert("RGBA")
    for alpha, shown in ((0, "red green blue white"), (1, "white white white white")):
        if extension == "bmp":  # Pillow writes none with an alpha that is read
            head = struct.pack("<IiiHHIIiiII", 124, *picture.size, 1, 32, 3, 0, 0, 0, 0, 0)
            masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
            picture.putalpha(alpha)
            pixels = picture.transpose(Image.Transpose.FLIP_TOP_BOTTOM).tobytes("raw", "BGRA")
            path.write_bytes(
                b"BM" + struct.pack("<IHHI", 138 + len(pixels), 0, 0, 138) + head + masks + bytes(68) + pixels
            )
        elif extension == "palette.png":
            quarters().convert("P").save(path, transparency=bytes([alpha] * 256))
        else:
            picture.putalpha(alpha)
            picture.save(path, **({"lossless": True, "exact": True} if extension == "webp" else {}))
        assert corners(decode(path).pixels) == shown


@pytest.mark.parametrize("mode", ["L", "1"])
@pytest.mark.parametrize("extension", ["png", "tiff", "bmp"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_whole_pages_in_grey_come_halved(tmp_path, monkeypatch, mode, extension, orientation):
    """Of as many bytes as colours may have; boxes are in pixels of the whole page."""
    page = Image.new("L", (160, 100), 255)
    page.paste(0, (0, 0, 80, 50))
    tags = Image.Exif()
    tags[274] = orientation
    kept = {} if extension == "bmp" else {"exif": tags}
    page.convert(mode).save(tmp_path / f"a.{extension}", **kept)
    whole = decode(tmp_path / f"a.{extension}")
    monkeypatch.setattr(reduced, "MAX_PIXELS", 9_000)
    monkeypatch.setattr(reduced, "_MAX_GREY", 18_000)
    half = decode(tmp_path / f"a.{extension}", min_side=40)
    assert (half.width, half.height, half.scale) == (whole.width, whole.height, 0.5)
    assert (half.pixels == whole.pixels[::2, ::2]).all()
    monkeypatch.setattr(reduced, "_MAX_GREY", 9_000)
    with pytest.raises(DecodeError, match=r"^too many pixels$"):
        decode(tmp_path / f"a.{extension}")


@pytest.mark.parametrize("no_jp2", [True, False])
def test_a_jpeg_2000_comes_reduced_as_a_jpeg_does(tmp_path, monkeypatch, no_jp2):
    path = tmp_path / "a.jp2"
    quarters().resize((1600, 800)).save(path, no_jp2=no_jp2, num_resolutions=4)
    sizes = {side: decode(path, min_side=side).pixels.shape[1] for side in (100, 200, 201, 800, 801, None)}
    assert sizes == {100: 200, 200: 200, 201: 400, 800: 800, 801: 1600, None: 1600}
    picture = decode(path, min_side=200)
    assert (picture.width, picture.height, picture.scale) == (1600, 800, 0.125)
    assert corners(picture.pixels) == "red green blue white"
    monkeypatch.setattr(reduced, "MAX_PIXELS", 400_000)
    assert decode(path).pixels.shape == (400, 800, 3)
    quarters().resize((1600, 800)).save(path, no_jp2=no_jp2, num_resolutions=1)  # it cannot be halved
    with pytest.raises(DecodeError, match=r"^too many pixels$"):
        decode(path, min_side=200)


def test_bomb(tmp_path):
    Image.new("1", (20_000, 20_000)).save(tmp_path / "a.png")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(DecodeError, match=r"^too many pixels$"):
            decode(tmp_path / "a.png")


def jpeg_that_claims(path, width, height):
    quarters().save(path)
    data = bytearray(path.read_bytes())
    at = data.find(b"\xff\xc0")
    data[at + 5 : at + 9] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    path.write_bytes(data)
    return path


def test_a_jpeg_beyond_any_camera_is_told_by_its_header(tmp_path, monkeypatch):
    """Reduced by 8 it would be small enough, after reading 4,290 million pixels."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # as in workers
    with pytest.raises(DecodeError, match=r"^too many pixels$"):
        decode(jpeg_that_claims(tmp_path / "a.jpg", 65_500, 65_500), min_side=960)
    with pytest.raises(DecodeError, match=r"^truncated$"):  # it is read, and most of its rows are not there
        decode(jpeg_that_claims(tmp_path / "b.jpg", 16_320, 12_240), min_side=960)


def test_not_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    for path, reason in (
        (tmp_path / "pipe.jpg", "not a regular file"),
        (tmp_path, "not a regular file"),
        ("/dev/zero", "not a regular file"),
        (tmp_path / "none.jpg", "vanished"),
        (tmp_path / ("x" * 300), "path too long"),
    ):
        with pytest.raises(DecodeError, match=f"^{reason}$"):
            decode(path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    quarters().save(tmp_path / "a.png")
    (tmp_path / "a.png").chmod(0)
    with pytest.raises(DecodeError, match=r"^no permission$"):
        decode(tmp_path / "a.png")


def test_bytes_are_decoded_like_a_file_that_holds_them(tmp_path):
    quarters().save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    assert np.array_equal(decode(data).pixels, decode(tmp_path / "a.png").pixels)
    for bad, reason in ((b"", "empty file"), (b"words", "not a picture"), (data[:50], "truncated")):
        with pytest.raises(DecodeError, match=reason):
            decode(bad)
