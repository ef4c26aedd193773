"""The picture that goes back: boxes with the numbers that the answer speaks of."""

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from agestat.images.decode import decode
from agestat.scanning.examine import Face

SIDE = 1280  # pixels: what Telegram itself reduces photos to
BOX, INK = "#ffd60a", "#111111"


def draw_boxes(picture: bytes, faces: Sequence[Face]) -> bytes:
    """A JPEG of ``picture``, upright and at most `SIDE` pixels, with a numbered box on each of ``faces``."""
    decoded = decode(picture, min_side=SIDE)
    image = Image.fromarray(decoded.pixels)
    image.thumbnail((SIDE, SIDE))
    scale = image.width / decoded.width
    draw = ImageDraw.Draw(image)
    line = max(2, image.width // 300)
    for number, face in enumerate(faces, 1):
        left, top = face.x * scale, face.y * scale
        right, bottom = left + face.width * scale, top + face.height * scale
        draw.rectangle((left, top, right, bottom), outline=BOX, width=line)
        font = ImageFont.load_default(max(14, round((right - left) / 4)))
        label = draw.textbbox((left, top), str(number), font=font)
        draw.rectangle((label[0] - line, label[1] - line, label[2] + line, label[3] + line), fill=BOX)
        draw.text((left, top), str(number), font=font, fill=INK)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    return out.getvalue()
