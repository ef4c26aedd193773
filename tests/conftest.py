"""Pictures that the tests draw themselves."""

import csv
import os
import shutil
import sys
from pathlib import Path

# Workers side by side would wait for each other's threads; set before a library starts its own.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import numpy as np
import pytest
from PIL import Image, ImageDraw

sys.path.append(str(Path(__file__).parent))
from edited_pictures import make_pictures

from agestat.report.language import choose_language

# The same examples every time, so that a change is to blame for a failure; AGESTAT_LONG looks for new ones.
hypothesis.settings.register_profile("agestat", derandomize=not os.environ.get("AGESTAT_LONG"))
hypothesis.settings.load_profile("agestat")

FIGURES = {
    "girl": ("female", 0, 12),
    "woman": ("female", 18, 64),
    "elderly woman": ("female", 65, 100),
    "boy": ("male", 0, 12),
    "man": ("male", 18, 64),
    "elderly man": ("male", 65, 100),
}


def draw_figure(name: str, rng: np.random.Generator, size: int = 64) -> Image.Image:
    """A cartoon figure: height says the age, grey hair the old, a skirt and long hair the female."""
    gender, low, _ = FIGURES[name]
    image = Image.new("RGB", (size, size), tuple(int(v) for v in rng.integers(90, 200, 3)))
    draw = ImageDraw.Draw(image)
    height = size * (0.5 if low == 0 else 0.9) * rng.uniform(0.92, 1.05)
    x, top = size / 2 + rng.uniform(-5, 5), size - height
    head = height * (0.2 if low == 0 else 0.14)
    hair = (225, 225, 225) if low == 65 else (70, 40, 10)
    if gender == "female":
        draw.rectangle([x - 1.4 * head, top, x + 1.4 * head, top + 3.2 * head], fill=hair)
    draw.ellipse([x - 1.1 * head, top - 0.2 * head, x + 1.1 * head, top + head], fill=hair)
    draw.ellipse([x - head, top + 0.3 * head, x + head, top + 2.2 * head], fill=(255, 217, 15))
    body = tuple(int(v) for v in rng.integers(0, 255, 3))
    waist, foot = top + 2.2 * head, size - 1
    if gender == "female":
        draw.polygon([(x, waist), (x - 0.28 * height, foot), (x + 0.28 * height, foot)], fill=body)
    else:
        draw.rectangle([x - 0.15 * height, waist, x - 0.03 * height, foot], fill=body)
        draw.rectangle([x + 0.03 * height, waist, x + 0.15 * height, foot], fill=body)
    return image


def draw_set(folder: Path, per_class: dict[str, int], seed: int = 0) -> Path:
    """A labelled set in the ``labels.csv`` layout: ``per_class`` pictures of each figure in each split."""
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True)
    with (folder / "labels.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "split", "gender", "age", "age_min", "age_max", "subject"])
        for split, count in per_class.items():
            for name, (gender, low, high) in FIGURES.items():
                for number in range(count):
                    picture = f"images/{split}_{name.replace(' ', '_')}_{number}.png"
                    draw_figure(name, rng).save(folder / picture)
                    writer.writerow([picture, split, gender, "", low, high, ""])
    return folder


@pytest.fixture(scope="session")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled set of drawn figures: 40 of each class to train on, 15 held out."""
    return draw_set(tmp_path_factory.mktemp("figures") / "set", {"train": 40, "val": 15})


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two portraits in many formats, drawn heads, a cut-off file: see `make_pictures`. Not to be changed."""
    folder = tmp_path_factory.mktemp("pictures") / "samples"
    make_pictures(folder)
    (folder / "README.md").write_text("Not a picture.")
    return folder


@pytest.fixture(scope="session")
def chromium():
    """A real browser, where there is one."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("there is no Chromium on this machine")
    quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=quiet)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def _language():
    """What --lang chose in one test is not chosen in the next."""
    yield
    choose_language(None)


@pytest.fixture
def agestat_data() -> Path:
    """The folder of the real labelled sets, where the environment names one."""
    folder = os.environ.get("AGESTAT_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("AGESTAT_DATA names no folder with the labelled sets")
    return Path(folder)
