"""Makes the pictures of the documentation from the sample pictures and the shipped model.

    python docs/make_pictures.py

Needs Playwright and Chromium. ``report.png``, ``report-phone.png`` and ``label.png`` are what a browser
shows; ``terminal.png`` is what `agestat scan` prints.
"""

import html
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

DOCS = Path(__file__).parent
PEOPLE = DOCS.parent / "sample_images" / "people"
SIZES = {"desktop": (1180, 1180), "phone": (390, 1300)}
COLOURS = 256  # a palette keeps each file below 250 KB


def agestat(*words: str, folder: Path) -> str:
    """Standard output of the command, in a terminal of 80 columns."""
    command = [str(Path(sys.executable).with_name("agestat")), *words]
    variables = {**os.environ, "XDG_CACHE_HOME": str(folder), "COLUMNS": "80", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    ).stdout


def picture(browser: Browser, page: Path, target: str, size: str, keys: str = "") -> None:
    """What a browser of a certain size shows of a page."""
    width, height = SIZES[size]
    view = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=1)
    view.goto(page.as_uri())
    for key in keys:
        view.keyboard.press(key)
    view.screenshot(path=DOCS / target)
    view.close()
    image = Image.open(DOCS / target).convert("RGB")
    image.quantize(COLOURS).save(DOCS / target, optimize=True)


def main() -> None:
    """Write all four."""
    browser_file = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as home, sync_playwright() as driver:
        folder = Path(home)
        (folder / "photos").symlink_to(PEOPLE)
        printed = agestat(
            "scan", "photos", "--min-n", "5", "--report", "report.html", "--lang", "en", folder=folder
        )
        agestat("label", "photos", "--html", "label.html", "--lang", "en", folder=folder)
        text = html.escape(f"$ agestat scan photos --min-n 5 --report report.html\n{printed}")
        (folder / "terminal.html").write_text(
            '<meta charset="utf-8"><body style="margin:0;background:#15161c;color:#ecedf2;padding:1.2rem">'
            f'<pre style="font:15px/1.35 DejaVu Sans Mono,monospace;margin:0">{text}</pre>', encoding="utf-8",
        )  # fmt: skip
        browser = driver.chromium.launch(executable_path=browser_file, args=["--no-sandbox", "--disable-gpu"])
        picture(browser, folder / "report.html", "report.png", "desktop")
        picture(browser, folder / "report.html", "report-phone.png", "phone")
        picture(browser, folder / "label.html", "label.png", "desktop", "m")
        SIZES["terminal"] = (800, 40 + 21 * (printed.count("\n") + 2))
        picture(browser, folder / "terminal.html", "terminal.png", "terminal")
        browser.close()


if __name__ == "__main__":
    main()
