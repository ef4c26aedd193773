"""Makes the pictures in this folder; see README.md for where the photographs come from.

Needs scikit-image and matplotlib, which carry the two portraits: ``python sample_images/make.py``.
"""

import io
from importlib.resources import files
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageOps
from skimage import data

HERE = Path(__file__).parent
SKINS = ("#f1c9a5", "#8d5a3b", "#d9a27a", "#5c3a28")
HAIRS = ("#2b1d14", "#8a8a8a", "#b5651d", "#e6e6e6")


def exif(taken: str, orientation: int = 1) -> Image.Exif:
    """EXIF with a time and an orientation."""
    block = Image.Exif()
    block[0x0110] = "Drawn camera"
    block[0x0112] = orientation
    block.get_ifd(0x8769)[0x9003] = taken
    return block


def save(image: Image.Image, name: str, taken: str | None = None, orientation: int = 1) -> None:
    """Write a picture small; the ending says the format."""
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    block = {"exif": exif(taken, orientation)} if taken else {}
    image.save(path, **({"quality": 85} if path.suffix in (".jpg", ".webp") else {}), **block)


def figure(number: int, long_hair: bool) -> Image.Image:
    """A drawn portrait, soft enough to look a little like a photograph."""
    scale = 2
    image = Image.new("RGB", (320 * scale, 360 * scale), ("#9db8c9", "#c9b89d", "#a9c99d", "#b9a3c4")[number])
    draw = ImageDraw.Draw(image)
    skin, hair = SKINS[number], HAIRS[number]

    def oval(x: float, y: float, w: float, h: float, colour: str) -> None:
        draw.ellipse([scale * v for v in (x - w, y - h, x + w, y + h)], fill=colour)

    if long_hair:
        oval(160, 180, 96, 130, hair)
    oval(160, 350, 130, 80, "#34495e")
    draw.rectangle([scale * v for v in (132, 235, 188, 300)], fill=skin)
    oval(160, 165, 74, 98, skin)
    oval(160, 92, 72, 42, hair)
    for x in (130, 190):
        oval(x, 155, 15, 8, "#ffffff")
        oval(x, 155, 7, 7, "#3b2a20")
        draw.arc([scale * v for v in (x - 18, 132, x + 18, 156)], 200, 340, fill=hair, width=5 * scale)
    draw.polygon([(scale * x, scale * y) for x, y in ((160, 158), (148, 198), (172, 198))], fill=_dark(skin))
    oval(160, 225, 28, 8, "#b03a48" if long_hair else "#9a5b50")
    if not long_hair:
        oval(160, 211, 32, 6, hair)
    soft = image.filter(ImageFilter.GaussianBlur(3 * scale))
    return Image.blend(image, soft, 0.5).resize((320, 360), Image.Resampling.LANCZOS)


def _dark(colour: str) -> str:
    parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    return "#" + "".join(f"{int(0.85 * part):02x}" for part in parts)


def landscape() -> Image.Image:
    """Hills under a sky: nobody."""
    image = Image.new("RGB", (480, 320), "#87ceeb")
    draw = ImageDraw.Draw(image)
    for x, height, colour in ((60, 120, "#6b8e6b"), (250, 170, "#557755"), (420, 130, "#446644")):
        draw.ellipse((x - 220, 320 - height, x + 220, 320 + height), fill=colour)
    draw.ellipse((380, 30, 440, 90), fill="#fff3b0")
    return image


def main() -> None:
    """Write every picture."""
    astronaut = Image.fromarray(data.astronaut())
    sample = files("matplotlib").joinpath("mpl-data/sample_data/grace_hopper.jpg").read_bytes()
    admiral = Image.open(io.BytesIO(sample)).convert("RGB")

    save(astronaut.crop((0, 0, 448, 448)), "photos/astronaut.jpg", "1992:07:07 10:00:00")
    save(ImageOps.mirror(astronaut.crop((100, 0, 360, 300))), "photos/astronaut_mirrored.webp")
    save(astronaut.convert("L"), "photos/astronaut_grey.png")
    save(astronaut.resize((128, 128), Image.Resampling.LANCZOS), "photos/astronaut_small.jpg")
    sideways = astronaut.transpose(Image.Transpose.ROTATE_90)
    save(sideways, "photos/astronaut_rotated_by_exif.jpg", "1992:07:07 10:05:00", orientation=6)
    save(admiral, "photos/admiral.jpg", "1984:01:20 09:30:00")
    save(admiral.convert("P", palette=Image.Palette.ADAPTIVE), "photos/admiral_palette.gif")
    two = Image.new("RGB", (900, 512), "#808080")
    two.paste(astronaut.crop((0, 0, 450, 512)), (0, 0))
    two.paste(ImageOps.fit(admiral, (450, 512)), (450, 0))
    save(two, "photos/two_faces.jpg", "1992:07:07 11:00:00")

    for number in range(4):
        save(
            figure(number, long_hair=number % 2 == 0),
            f"drawn/figure_{number + 1}.jpg",
            f"202{number}:05:01 12:00:00",
        )
    group = Image.new("RGB", (1280, 360))
    for number in range(4):
        group.paste(figure(number, long_hair=number % 2 == 1), (320 * number, 0))
    save(group, "drawn/group.png")

    save(landscape(), "others/landscape.png")
    save(Image.fromarray(data.coffee()), "others/coffee.jpg", "2013:04:01 08:15:00")
    whole = io.BytesIO()
    astronaut.save(whole, "JPEG", quality=85)
    (HERE / "others/corrupt.jpg").write_bytes(whole.getvalue()[:9000])


if __name__ == "__main__":
    main()
