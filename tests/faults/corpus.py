"""A folder of everything that should not be in a folder of pictures, with the row that each must become."""

import io
import os
import random
import socket
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

from mutate import valid_pictures
from PIL import Image, features

OK = "ok"  # instead of a reason: the picture is read
MADE: list[tuple[bytes, str, Callable[[], bytes]]] = []


def hostile(name: str | bytes, reason: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Add a function that returns the content of a file, which must become a row with this reason."""

    def add(make: Callable[[], bytes]) -> Callable[[], bytes]:
        MADE.append((os.fsencode(name), reason, make))
        return make

    return add


def _png(width: int, height: int, chunks: list[tuple[bytes, bytes]], data: bytes = b"\0" * 99) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def _tiff(entries: list[tuple[int, int, int, int]], next_directory: int = 0) -> bytes:
    """One directory at offset 8: tag, type, count, value or offset."""
    body = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + body + struct.pack("<I", next_directory)


def _grey_tiff(width: int, height: int, next_directory: int = 0) -> bytes:
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1)]
    entries += [(273, 4, 1, 200), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, width * height % 2**32)]
    return _tiff(entries, next_directory).ljust(200, b"\0") + b"\x77" * 4096


def _jpeg(*markers: tuple[int, bytes], size: tuple[int, int] | None = None, **options: object) -> bytes:
    """A picture of 160 x 120 with more APPn blocks, perhaps claiming another size."""
    buffer = io.BytesIO()
    Image.new("RGB", (160, 120), "teal").save(buffer, "JPEG", **options)
    data = bytearray(buffer.getvalue())
    if size:
        at = data.find(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0")
        data[at + 5 : at + 9] = struct.pack(">HH", size[1], size[0])
    blocks = b"".join(struct.pack(">BBH", 255, 0xE0 + app, len(body) + 2) + body for app, body in markers)
    return bytes(data[:2]) + blocks + bytes(data[2:])


def _exif(directory: bytes) -> bytes:
    return _jpeg((1, b"Exif\0\0" + directory))


def _long_chunk(png: bytes) -> bytes:
    """Its pixels said to take 2 GB."""
    at = png.find(b"IDAT")
    return png[: at - 4] + b"\x7f\xff\xff\xff" + png[at:]


def _negative_offset(tiff: bytes) -> bytes:
    """Its pixels said to stand 36 bytes before the file, in a number of one signed byte."""
    return tiff.replace(struct.pack("<HHII", 273, 4, 1, 200), struct.pack("<HHII", 273, 6, 1, 0xDC))


def _part(name: str, share: float) -> bytes:
    data = valid_pictures()[name]
    return data[: int(share * len(data))]


def _of_kind(code: int, bits: int) -> bytes:
    """A JPEG that claims another coding."""
    data = bytearray(valid_pictures()["rgb.jpg"])
    at = data.find(b"\xff\xc0")
    data[at + 1], data[at + 4] = code, bits
    return bytes(data)


def _claiming(name: str, mark: bytes, size: bytes) -> bytes:
    """A valid picture that claims another size, which stands right after ``mark``."""
    data = valid_pictures()[name]
    at = data.index(mark) + len(mark)
    return data[:at] + size + data[at + len(size) :]


hostile("empty.jpg", "empty file")(lambda: b"")
hostile("random.jpg", "not a picture")(lambda: random.Random(0).randbytes(20_000))
hostile("random.tiff", "not a picture")(lambda: random.Random(1).randbytes(20_000))
hostile("text.jpg", "not a picture")(lambda: b"Dear diary, nobody decodes me.\n" * 50)
hostile("page.png", "not a picture")(lambda: b"<!DOCTYPE html><script>alert(1)</script>")
hostile("vector.jpg", "not a picture")(lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
hostile("header only.png", "damaged")(lambda: b"\x89PNG\r\n\x1a\n")
hostile("truncated.jpg", "truncated")(lambda: _part("rgb.jpg", 0.4))
hostile("truncated.png", "truncated")(lambda: _part("rgb.png", 0.4))
hostile("in part.jpg", OK)(lambda: _part("rgb.jpg", 0.95))
hostile("in part, then zeros.jpg", OK)(lambda: _part("rgb.jpg", 0.95) + bytes(5000))
hostile("all scans but the last.jpg", OK)(lambda: _part("progressive.jpg", 0.9))
hostile("in part.png", OK)(lambda: _part("rgb.png", 0.9))
hostile("half of its zeros.jpg", "truncated")(lambda: _part("rgb.jpg", 0.4) + bytes(50_000_000))
hostile("after a header.jpg", OK)(lambda: b"HTTP/1.1 200 OK\r\n\r\n" + valid_pictures()["rgb.jpg"])
hostile("after zeros.tif", OK)(lambda: bytes(512) + valid_pictures()["lzw.tif"])
hostile("after a mark.png", OK)(lambda: b"\xef\xbb\xbf" + valid_pictures()["rgb.png"])
hostile("after a length.jpg", OK)(lambda: b"\0\0\x12\x34" + valid_pictures()["rgb.jpg"])
hostile("ended early.jpg", "truncated")(lambda: _part("rgb.jpg", 0.4) + b"\xff\xd9")
hostile("apple's.png", "unsupported format")(
    lambda: _png(9, 9, []).replace(b"\0\0\0\rIHDR", b"\0\0\0\4CgBIP\0 \2\0\0\0\0\0\0\0\rIHDR")
)
hostile("in a document.jpg", "not a picture")(lambda: b"%PDF-1.4\n" + valid_pictures()["rgb.jpg"])
hostile("between markers.jpg", OK)(lambda: b"\xff\xd8\xff\0\xff\1" + valid_pictures()["rgb.jpg"][2:])
hostile("endless markers.jpg", "truncated")(lambda: b"\xff\xd8" + b"\xff\xe0\0\2" * 100_000)
hostile("of 12 bits.jpg", "unsupported kind of JPEG")(lambda: _of_kind(0xC1, 12))
hostile("lossless.jpg", "unsupported kind of JPEG")(lambda: _of_kind(0xC3, 8))
hostile("without a preview.nef", "raw file without a large preview")(lambda: _grey_tiff(160, 120))
hostile("marks of previews.cr2", "raw file without a large preview")(
    lambda: b"II*\0\x10\0\0\0CR" + b"\xff\xd8\xff\xd9" * 1_000_000
)
hostile("map.pgm", OK)(lambda: b"P5 9 9 255\n" + bytes(81))
hostile("bomb.ppm", "too many pixels")(lambda: b"P6 60000 60000 255\n" + bytes(99))
hostile("bomb.png", "too many pixels")(lambda: _png(50_000, 50_000, []))
hostile("bomb.tif", "too many pixels")(lambda: _grey_tiff(60_000, 60_000))
hostile("largest size.tif", "too many pixels")(lambda: _grey_tiff(2**31 - 1, 2**31 - 1))
hostile("bomb.gif", "too many pixels")(
    lambda: (
        b"GIF89a" + struct.pack("<HH", 65535, 65535) + b"\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;"
    )
)
hostile("bomb.bmp", "too many pixels")(
    lambda: b"BM" + struct.pack("<IIIIiiHHIIIIII", 58, 0, 54, 40, 2**20, 2**20, 1, 24, 0, 0, 0, 0, 0, 0)
)
hostile("bomb baseline.jpg", "too many pixels")(lambda: _jpeg(size=(65_500, 65_500)))
hostile("largest camera.jpg", "truncated")(lambda: _jpeg(size=(16_320, 12_240)))
hostile("bomb progressive.jpg", "too many pixels")(lambda: _jpeg(size=(65_500, 65_500), progressive=True))
if features.check("webp"):
    hostile("of no size.webp", OK)(lambda: _claiming("lossy.webp", b"RIFF", bytes(4)))
    hostile("without its last byte.webp", OK)(lambda: valid_pictures()["lossy.webp"][:-1])
    hostile("bomb lossy.webp", "damaged")(
        lambda: _claiming("lossy.webp", b"\x9d\x01\x2a", struct.pack("<HH", 16_383, 16_383))
    )
    hostile("bomb lossless.webp", "too many pixels")(
        lambda: _claiming("lossless.webp", b"\x2f", struct.pack("<I", 2**28 - 1))
    )
if features.check("avif"):
    hostile("bomb.avif", "damaged")(
        lambda: _claiming("rgb.avif", b"ispe\0\0\0\0", struct.pack(">II", 60_000, 60_000))
    )
# Found by mutation: the first was "out of memory", the others "cannot be read (Invalid argument)".
hostile("chunk of 2 GB.png", OK)(lambda: _long_chunk(valid_pictures()["rgb.png"]))
hostile("far away.tif", "damaged")(lambda: b"II+\0\x08\0\0\0" + struct.pack("<Q", 2**62) + bytes(99))
hostile("before its beginning.tif", "damaged")(lambda: _negative_offset(_grey_tiff(60, 60)))
hostile("text bomb.png", OK)(
    lambda: _png(99, 99, [(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000)))], bytes(99 * 100))
)
hostile("profile bomb.png", OK)(
    lambda: _png(9, 9, [(b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000)))], b"\0" * 90)
)
hostile("profile.jpg", OK)(
    lambda: _jpeg(*[(2, b"ICC_PROFILE\0" + bytes([n + 1, 200]) + b"\xff" * 65_000) for n in range(200)])
)
hostile("exif of noise.jpg", OK)(lambda: _exif(b"II*\0" + random.Random(2).randbytes(65_000)))
hostile("exif in a loop.jpg", OK)(lambda: _exif(_tiff([(0x8769, 4, 1, 8)], next_directory=8)))
hostile("exif too long.jpg", OK)(lambda: _exif(_tiff([(0x010F, 2, 2**32 - 1, 8), (0x9003, 2, 2**31, 9)])))
hostile("exif of year 1.jpg", OK)(lambda: _exif(_tiff([(0x0132, 2, 20, 26)]) + b"0001:01:01 00:00:00\0"))
hostile("exif of 2562.jpg", OK)(lambda: _exif(_tiff([(0x0132, 2, 20, 26)]) + b"2562:99:99 99:99:99\0"))
hostile("exif at 24.jpg", OK)(lambda: _exif(_tiff([(0x0132, 2, 20, 26)]) + b"9999:12:31 24:00:60\0"))
hostile("IMG_99999999_999999.jpg", OK)(lambda: _jpeg())
hostile(".cloud.jpg.icloud", "not downloaded")(lambda: b"bplist00")
hostile("exif thumbnail.jpg", OK)(lambda: _exif(_tiff([(0x0112, 3, 1, 99)], next_directory=2**32 - 1)))
hostile("frames in a loop.tif", OK)(lambda: _grey_tiff(60, 60, next_directory=8))
hostile("float.tif", OK)(lambda: _saved(Image.new("F", (9, 9), float("nan")), "TIFF"))
hostile("huge floats.tif", OK)(lambda: _saved(Image.new("F", (9, 9), 3e38), "TIFF"))
hostile("lab.tif", OK)(lambda: _saved(Image.new("LAB", (9, 9)), "TIFF"))
hostile("one pixel.gif", OK)(lambda: _saved(Image.new("P", (1, 1)), "GIF"))
hostile("thin.png", OK)(lambda: _png(1, 60_000, [], b"\0\x80" * 60_000))
hostile("picture without ending", OK)(lambda: valid_pictures()["rgb.png"])
hostile("\U0001f600 \u202egpj.jpg", OK)(lambda: valid_pictures()["cmyk.jpg"])
hostile("two\nlines\r\x1b[31m.jpg", OK)(lambda: valid_pictures()["rgb.jpg"])
hostile(b"\xff\xfe no utf-8.png", OK)(lambda: valid_pictures()["grey16.png"])
hostile(b"\xff\xfe folder/1.jpg", OK)(lambda: valid_pictures()["rgb.jpg"])
hostile("n" * 251 + ".gif", OK)(lambda: valid_pictures()["animated.gif"])
hostile("--help.jpg", OK)(lambda: valid_pictures()["progressive.jpg"])
hostile("=cmd|'calc'!A1.jpg", OK)(lambda: valid_pictures()["rgb.jpg"])
hostile("'; DROP TABLE files; --.jpg", OK)(lambda: valid_pictures()["rgb.jpg"])


@hostile("frames.gif", OK)
def _many_frames() -> bytes:
    """50,000 frames after the first."""
    data = _saved(Image.new("P", (16, 16)), "GIF")
    frame = b",\0\0\0\0\x10\0\x10\0\0\x02\x02L\x01\0"
    return data[:-1] + frame * 50_000 + b";"


def _saved(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def make_corpus(folder: Path) -> dict[bytes, str]:
    """Fill ``folder``; returns relative path to reason of every row that a scan of it must give."""
    rows = {}
    for name, reason, make in MADE:
        path = Path(os.fsdecode(bytes(folder) + b"/" + name))
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(make())
        rows[name] = reason
    return rows | _special_files(folder) | _too_deep(folder)


def _special_files(folder: Path) -> dict[bytes, str]:
    """Pipe, socket, devices, links; whatever is opened by mistake here hangs or never ends."""
    rows = {b"pipe.jpg": "not a regular file", b"socket.jpg": "not a regular file"}
    os.mkfifo(folder / "pipe.jpg")
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(folder)  # names of sockets are at most 108 bytes
    listener.bind("socket.jpg")
    os.chdir(here)
    listener.close()
    (folder / "folder.jpg").mkdir()
    for name, target, reason in (
        ("zero.jpg", "/dev/zero", "not a regular file"),
        ("nowhere.jpg", "gone", "broken link"),
        ("itself.jpg", "itself.jpg", "link loop"),
    ):
        (folder / name).symlink_to(target)
        rows[name.encode()] = reason
    (folder / "loop").symlink_to(folder)
    (folder / "again.jpg").symlink_to("one pixel.gif")  # the same file is not counted twice
    (folder / "closed.jpg").write_bytes(valid_pictures()["rgb.jpg"])
    (folder / "closed.jpg").chmod(0)
    (folder / "closed folder").mkdir(mode=0)
    return rows | {b"closed.jpg": "no permission", b"closed folder": "no permission"}


def _too_deep(folder: Path) -> dict[bytes, str]:
    """Folders deeper than a path can name: one row for the first that is out of reach."""
    part = "d" * 250
    script = f"cd '{folder}' && for i in {{1..20}}; do mkdir {part} && cd -P {part} || exit; done"
    subprocess.run(["bash", "-c", script], check=True)
    count = (4095 - len(bytes(folder))) // (len(part) + 1)
    return {"/".join([part] * (count + 1)).encode(): "path too long"}
