"""Files of several pictures: which frame of an animation to look at, and how many pages there are."""

import io
from typing import BinaryIO

from PIL import Image

from agestat.images.modes import to_rgb

_ANIMATED = ("GIF", "WEBP", "PNG", "AVIF")
_MOST_FRAMES = 33  # looked at where the first shows nothing
_PLAIN, _CLEAR = 16, 128  # grey levels between darkest and lightest: nothing to see, surely something
SLIDE = 1000  # milliseconds that a frame is shown: of what moves none is shown so long
_MOST_PAGES = 100  # counted; a hostile directory can chain millions
_SMALLER = 2  # times as long a picture is as its thumbnail, at least
_SAME_SHAPE = 0.03  # how far their shapes may differ
_SUBFILE, _THUMBNAIL_OR_MASK = 254, 5  # TIFF's NewSubfileType and those of its bits


def clearest(image: Image.Image) -> Image.Image:
    """The loaded first frame as RGB; of an animation that begins in one colour, as fades do, a later one."""
    first = to_rgb(image)
    if image.format not in _ANIMATED or _range(first) > _PLAIN or not getattr(image, "is_animated", False):
        return first
    best = first.copy()  # seeking changes the picture in place
    for number in range(1, _MOST_FRAMES):
        try:
            image.seek(number)
            later = to_rgb(image).copy()
        except (EOFError, OSError, SyntaxError, ValueError):  # the end, or damaged from here on
            break
        best = max(best, later, key=_range)
        if _range(best) >= _CLEAR:
            break
    return best


def _range(rgb: Image.Image) -> int:
    return max(int(high - low) for low, high in rgb.getextrema())  # type: ignore[misc]


def skip_thumbnail(image: Image.Image) -> None:
    """Of a TIFF that begins with a thumbnail of its picture, as some scanners write them, go on to that."""
    if image.format != "TIFF":
        return
    width, height = image.size
    is_smaller = False
    try:
        image.seek(1)
        longer, other = image.width / width, image.height / height
        is_smaller = min(longer, other) >= _SMALLER and abs(longer / other - 1) < _SAME_SHAPE
    except Exception:  # as in `pages`
        pass
    if not is_smaller:
        image.seek(0)


def pages(image: Image.Image, file: BinaryIO) -> int:
    """Pictures in a TIFF or HEIF ``file``, up to 100, and in a slide show as GIF, WebP, PNG or AVIF, up to
    `_MOST_FRAMES`; thumbnails, masks and the frames of what moves are none. Call before pixels are loaded."""
    if image.format == "HEIF":
        return int(getattr(image, "n_frames", 1))
    if image.format == "GIF" or (image.format in _ANIMATED and getattr(image, "is_animated", False)):
        return _slides(str(image.format), file)
    if image.format != "TIFF":
        return 1
    start = image.tell()
    number, count = start + 1, 1
    try:
        while number < _MOST_PAGES:
            image.seek(number)
            kind = image.tag_v2.get(_SUBFILE, 0)  # type: ignore[attr-defined]
            count += not int(kind) & _THUMBNAIL_OR_MASK
            number += 1
    except Exception:  # EOFError at the end; damaged directories raise nearly anything
        pass
    image.seek(start)
    return count


def _slides(kind: str, file: BinaryIO) -> int:
    """Frames that are shown for long, or 1, asked of a second reader: the first one is still to be loaded,
    and may be cut."""
    at, number = file.tell(), 0
    try:
        file.seek(0)
        with Image.open(io.BytesIO(file.read()), formats=[kind]) as other:
            for frame in range(_MOST_FRAMES):
                other.seek(frame)
                other.load()  # only then PNG and WebP tell of it
                number += other.info.get("duration", 0) >= SLIDE
                if frame and not number:  # it moves
                    break
    except (EOFError, OSError, SyntaxError, ValueError):
        pass
    finally:
        file.seek(at)
    return max(number, 1)
