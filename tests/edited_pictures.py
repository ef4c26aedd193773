"""Portraits in many formats, drawn heads, and pictures of nobody: what `tests` scan.

The two photographs are those of the sample collection; everything else is drawn here.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageOps

PEOPLE = Path(__file__).parents[1] / "sample_images" / "people"
SKINS = ("#f1c9a5", "#8d5a3b", "#d9a27a", "#5c3a28")
HAIRS = ("#2b1d14", "#8a8a8a", "#b5651d", "#e6e6e6")


def make_pictures(folder: Path) -> None:
    """Write 16 files: 13 pictures with 17 faces, two without a face, one that is cut off."""
    for name in ("photos", "drawn", "others"):
        (folder / name).mkdir(parents=True)
    _write_portraits(folder / "photos")
    for number in range(4):
        taken = f"202{number}:05:01 12:00:00"
        _save(_head(number, long_hair=number % 2 == 0), folder / f"drawn/figure_{number + 1}.jpg", taken)
    group = Image.new("RGB", (1280, 360))
    for number in range(4):
        group.paste(_head(number, long_hair=number % 2 == 1), (320 * number, 0))
    _save(group, folder / "drawn/group.png")
    _save(_landscape(), folder / "others/landscape.png")
    _save(_cup(), folder / "others/coffee.jpg", "2013:04:01 08:15:00")
    portrait = (PEOPLE / "pioneers/collins.jpg").read_bytes()
    (folder / "others/corrupt.jpg").write_bytes(portrait[:9000])


def _write_portraits(folder: Path) -> None:
    astronaut = Image.open(PEOPLE / "pioneers/collins.jpg")
    admiral = Image.open(PEOPLE / "pioneers/hopper.jpg")
    _save(astronaut.crop((0, 0, 448, 448)), folder / "astronaut.jpg", "1992:07:07 10:00:00")
    _save(ImageOps.mirror(astronaut.crop((100, 0, 360, 300))), folder / "astronaut_mirrored.webp")
    _save(astronaut.convert("L"), folder / "astronaut_grey.png")
    _save(astronaut.resize((128, 128), Image.Resampling.LANCZOS), folder / "astronaut_small.jpg")
    sideways = astronaut.transpose(Image.Transpose.ROTATE_90)
    _save(sideways, folder / "astronaut_rotated_by_exif.jpg", "1992:07:07 10:05:00", orientation=6)
    _save(admiral, folder / "admiral.jpg", "1984:01:20 09:30:00")
    _save(admiral.convert("P", palette=Image.Palette.ADAPTIVE), folder / "palette.gif")
    two = Image.new("RGB", (900, 512), "#808080")
    two.paste(astronaut.crop((0, 0, 450, 512)), (0, 0))
    two.paste(ImageOps.fit(admiral, (450, 512)), (450, 0))
    _save(two, folder / "two_faces.jpg", "1992:07:07 11:00:00")


def _save(image: Image.Image, path: Path, taken: str | None = None, orientation: int = 1) -> None:
    """Write a picture small; the ending says the format."""
    block = Image.Exif()
    if taken:
        block[0x0110], block[0x0112] = "Drawn camera", orientation
        block.get_ifd(0x8769)[0x9003] = taken
    image.save(path, exif=block, **({"quality": 85} if path.suffix in (".jpg", ".webp") else {}))


def _head(number: int, long_hair: bool) -> Image.Image:
    """A drawn portrait, soft enough for a detector to take it for a face."""
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
    nose = [(scale * x, scale * y) for x, y in ((160, 158), (148, 198), (172, 198))]
    darker = tuple(int(0.85 * int(skin[at : at + 2], 16)) for at in (1, 3, 5))
    draw.polygon(nose, fill=darker)
    oval(160, 225, 28, 8, "#b03a48" if long_hair else "#9a5b50")
    if not long_hair:
        oval(160, 211, 32, 6, hair)
    soft = image.filter(ImageFilter.GaussianBlur(3 * scale))
    return Image.blend(image, soft, 0.5).resize((320, 360), Image.Resampling.LANCZOS)


def _landscape() -> Image.Image:
    """Hills under a sky."""
    image = Image.new("RGB", (480, 320), "#87ceeb")
    draw = ImageDraw.Draw(image)
    for x, height, colour in ((60, 120, "#6b8e6b"), (250, 170, "#557755"), (420, 130, "#446644")):
        draw.ellipse((x - 220, 320 - height, x + 220, 320 + height), fill=colour)
    draw.ellipse((380, 30, 440, 90), fill="#fff3b0")
    return image


def _cup() -> Image.Image:
    """A cup on a table, seen from above."""
    image = Image.new("RGB", (600, 400), "#7a4a2b")
    draw = ImageDraw.Draw(image)
    for side, colour in ((180, "#e8e4dc"), (130, "#f7f5f0"), (110, "#4b2a17")):
        draw.ellipse((300 - side, 200 - side, 300 + side, 200 + side), fill=colour)
    draw.rectangle((420, 185, 520, 215), fill="#f7f5f0")
    return image.filter(ImageFilter.GaussianBlur(2))
