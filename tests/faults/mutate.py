"""Valid pictures in every format, and seeded ways to damage them; the fuzzers in benchmarks/ share this."""

import io
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, features

MAGIC = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\x01", b"\xff\xff")


def valid_pictures() -> dict[str, bytes]:
    """File name to content: each format and each mode that decodes on a path of its own."""
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 255, (60, 80, 3), np.uint8)).resize((160, 120))
    ImageDraw.Draw(image).ellipse([40, 20, 110, 100], fill=(220, 180, 150))
    exif = Image.Exif()
    exif.update({0x0112: 6, 0x010F: "Maker", 0x0110: "Model", 0x0132: "2021:02:03 04:05:06"})
    grey16 = Image.fromarray(rng.integers(0, 65535, (60, 80)).astype(np.uint16))
    frames = {"save_all": True, "append_images": [image.rotate(90), image.rotate(180)]}
    made = {
        "rgb.jpg": _saved(image, "JPEG", exif=exif, icc_profile=b"\0" * 400),
        "progressive.jpg": _saved(image, "JPEG", progressive=True),
        "cmyk.jpg": _saved(image.convert("CMYK"), "JPEG"),
        "rgb.png": _saved(image, "PNG", exif=exif),
        "palette.png": _saved(image.convert("P"), "PNG", transparency=3),
        "grey16.png": _saved(grey16, "PNG"),
        "alpha.png": _saved(image.convert("RGBA"), "PNG"),
        "animated.png": _saved(image, "PNG", **frames),
        "animated.gif": _saved(image.convert("P"), "GIF", **frames),
        "rgb.bmp": _saved(image, "BMP"),
        "bits.bmp": _saved(image.convert("1"), "BMP"),
        "raw.tif": _saved(image, "TIFF", exif=exif),
        "lzw.tif": _saved(image, "TIFF", compression="tiff_lzw"),
        "jpeg.tif": _saved(image, "TIFF", compression="jpeg"),
        "frames.tif": _saved(image, "TIFF", **frames),
        "float.tif": _saved(image.convert("F"), "TIFF"),
        "map.ppm": _saved(image, "PPM"),
    }
    if features.check("jpg_2000"):
        made["lossy.jp2"] = _saved(image, "JPEG2000", quality_layers=[30])
    if features.check("webp"):
        made["lossy.webp"] = _saved(image, "WEBP", exif=exif)
        made["lossless.webp"] = _saved(image.convert("RGBA"), "WEBP", lossless=True)
        made["animated.webp"] = _saved(image, "WEBP", **frames)
    if features.check("avif"):
        made["rgb.avif"] = _saved(image, "AVIF", speed=10)
    return made


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def mutants(count: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """``count`` damaged pictures as name and content: flips, cuts, splices, runs and edge values."""
    pictures = sorted(valid_pictures().items())
    rng = np.random.default_rng(seed)
    for number in range(count):
        name, data = pictures[number % len(pictures)]
        _, other = pictures[rng.integers(len(pictures))]
        damage = DAMAGES[rng.integers(len(DAMAGES))]
        yield f"{number:06}_{name}", damage(bytearray(data), other, rng)


def _place(data: bytes | bytearray, rng: np.random.Generator) -> int:
    """Half of the damage goes to the first 512 bytes, where formats keep what they allocate by."""
    return int(rng.integers(min(512, len(data)) if rng.random() < 0.5 else len(data)))


def flip_bits(data: bytearray, other: bytes, rng: np.random.Generator) -> bytes:
    for _ in range(int(2 ** rng.integers(0, 7))):
        data[_place(data, rng)] ^= 1 << int(rng.integers(8))
    return bytes(data)


def cut_off(data: bytearray, other: bytes, rng: np.random.Generator) -> bytes:
    return bytes(data[: _place(data, rng)])


def splice(data: bytearray, other: bytes, rng: np.random.Generator) -> bytes:
    return bytes(data[: _place(data, rng)]) + other[_place(other, rng) :]


def repeat_or_drop(data: bytearray, other: bytes, rng: np.random.Generator) -> bytes:
    start, length = _place(data, rng), int(2 ** rng.integers(1, 9))
    times = int(rng.choice([0, 2, 50]))
    return bytes(data[:start] + data[start : start + length] * times + data[start + length :])


def edge_value(data: bytearray, other: bytes, rng: np.random.Generator) -> bytes:
    """Lengths, sizes and counts at their ends."""
    for _ in range(int(rng.integers(1, 4))):
        value, start = MAGIC[rng.integers(len(MAGIC))], _place(data, rng)
        data[start : start + len(value)] = value
    return bytes(data)


def lose_the_end(data: bytearray, other: bytes, rng: np.random.Generator) -> bytes:
    """A download that was not finished, with or without its place reserved."""
    kept = int(len(data) * rng.uniform(0.3, 1))
    return bytes(data[:kept]) + bytes(int(rng.choice([0, 1, 20, len(data) - kept])))


def put_in_front(data: bytearray, other: bytes, rng: np.random.Generator) -> bytes:
    junk = (b"\r\n", b"\xef\xbb\xbf", bytes(128), b"HTTP/1.1 200 OK\r\n\r\n", other[:99])
    return junk[rng.integers(len(junk))] + bytes(data)


DAMAGES = (flip_bits, cut_off, splice, repeat_or_drop, edge_value, lose_the_end, put_in_front)
