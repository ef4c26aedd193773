"""Which format a file's first bytes announce."""

import re

import pi_heif

pi_heif.register_heif_opener(thumbnails=False)

FORMATS = ["JPEG", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "AVIF", "HEIF", "JPEG2000", "PPM"]
# JPEG XL, Photoshop, and PNG as Apple packs it for its devices, of which Pillow would read noise.
_OTHERS = re.compile(rb"\0\0\0\x0cJXL |\xff\x0a|8BPS|\x89PNG\r\n\x1a\n....CgBI", re.S)
_PNM = re.compile(rb"P[1-6]\s+(#|\d{1,6}\s)")


def sniff(head: bytes) -> str | None:
    """The format that a file's first 32 bytes announce, or None."""
    for magic, kind in (
        (b"\xff\xd8\xff", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"GIF87a", "GIF"),
        (b"GIF89a", "GIF"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"II+\0", "TIFF"),
        (b"MM\0+", "TIFF"),
        (b"\0\0\0\x0cjP  ", "JPEG2000"),
        (b"\xff\x4f\xff\x51", "JPEG2000"),
    ):
        if head.startswith(magic):
            return kind
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return "BMP"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if _PNM.match(head):
        return "PPM"
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        if brand in (b"avif", b"avis"):
            return "AVIF"
        if brand in (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"):
            return "HEIF"
    return None


def is_other(head: bytes) -> bool:
    """Whether these are the first bytes of a picture of a format that is not read."""
    return bool(_OTHERS.match(head))
