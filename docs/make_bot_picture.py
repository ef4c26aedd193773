"""Makes docs/bot.png: a conversation with the bot, as it answers a Bot API server on this machine.

    python docs/make_bot_picture.py

Needs `agestat[bot,test]`, Playwright and Chromium. The photos are sample pictures in the public domain.
"""

import base64
import html
import shutil
import sys
import tempfile
from pathlib import Path

from make_pictures import PEOPLE, SIZES, picture
from playwright.sync_api import sync_playwright

sys.path.append(str(Path(__file__).parents[1] / "tests" / "bot"))
from api_server import ApiServer, Call
from bot_process import running_bot

SIZES["chat"] = (520, 1620)
STYLE = """
body { margin: 0; padding: 14px; background: #cfdcc8; font: 15px/1.35 "DejaVu Sans", sans-serif; }
div { max-width: 75%; width: fit-content; margin: 0 0 10px; padding: 8px 10px; border-radius: 12px;
  background: #fff; }
div.me { margin-left: auto; background: #e3fbc8; }
img { display: block; max-width: 260px; max-height: 260px; margin-bottom: 6px; border-radius: 8px; }
"""


def bubble(who: str, words: str = "", pictures: tuple[bytes, ...] = ()) -> str:
    """One message."""
    shown = "".join(f'<img src="data:image;base64,{base64.b64encode(each).decode()}">' for each in pictures)
    return f'<div class="{who}">{shown}{html.escape(words).replace(chr(10), "<br>")}</div>'


def answer(call: Call) -> str:
    """What the bot sent."""
    return bubble("bot", call.text, tuple(call.files.values()))


def main() -> None:
    """Talk, and draw it."""
    photos = [(PEOPLE / name).read_bytes() for name in ("pioneers/collins.jpg", "white_house/obama.jpg")]
    said = []
    with tempfile.TemporaryDirectory() as home, ApiServer() as server, running_bot(server, Path(home)):
        for count, (words, photo) in enumerate(
            [("/start", None), ("", photos[0]), ("", photos[1]), ("/stats", None)], 1
        ):
            if photo:
                server.send_photo(photo)
            else:
                server.send(text=words)
            said += [bubble("me", words, (photo,) if photo else ())]
            said += [answer(server.wait_for_answers(count)[-1])]
        page = Path(home) / "chat.html"
        page.write_text(f'<meta charset="utf-8"><style>{STYLE}</style>{"".join(said)}', encoding="utf-8")
        with sync_playwright() as driver:
            file = shutil.which("chromium") or shutil.which("chromium-browser")
            browser = driver.chromium.launch(executable_path=file, args=["--no-sandbox", "--disable-gpu"])
            picture(browser, page, "bot.png", "chat")
            browser.close()


if __name__ == "__main__":
    main()
