"""What the bot answers, as a process against a Bot API server on loopback, with the models that ship."""

import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from api_server import TOKEN, ApiServer
from bot_process import PORTRAIT, running_bot
from PIL import Image

FACE = re.compile(r"^1\. perceived as female \(9\d\u00a0%\), (\d\d) years \((\d\d)–(\d\d)\)$")


def picture(width=64, height=64, kind="PNG"):
    """Noise: a picture without a face."""
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def test_photo_comes_back_with_a_numbered_box_and_words(bot, server, portrait):
    server.send_photo(portrait, chat=1)
    (answer,) = server.wait_for_answers(1, chat=1)
    assert answer.method == "sendPhoto"
    age, low, high = map(int, FACE.match(answer.text).groups())
    assert 20 <= low <= age <= high <= 60
    (drawn,) = answer.files.values()
    before, after = Image.open(io.BytesIO(portrait)), Image.open(io.BytesIO(drawn))
    assert after.size == before.size
    yellow = np.asarray(after).astype(int) - (255, 214, 10)
    assert (np.abs(yellow).sum(axis=2) < 60).sum() > 200


def test_while_it_works_the_chat_shows_that_it_does(bot, server, portrait):
    server.send_photo(portrait, chat=13)
    server.wait_for_answers(1, chat=13)
    mine = [call.method for call in server.calls if call.fields.get("chat_id") == "13"]
    assert mine.index("sendChatAction") < mine.index("sendPhoto")


def test_file_is_judged_like_a_photo(bot, server, portrait):
    server.send_file(portrait, chat=2, mime="image/jpeg")
    (answer,) = server.wait_for_answers(1, chat=2)
    assert FACE.match(answer.text)


def test_album_is_answered_as_one(bot, server, portrait):
    for _ in range(3):
        server.send_photo(portrait, chat=3, media_group_id="a")
    server.send_photo(picture(), chat=3, media_group_id="a")
    album, words = server.wait_for_answers(2, chat=3)
    assert album.method == "sendMediaGroup" and len(album.files) == 3
    assert [line[:3] for line in album.text.split("\n")] == ["[1]", "1. ", "[2]", "1. ", "[3]", "1. "]
    assert words.text == "[4]\nI find no face in this picture."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"sticker": {"file_id": "s", "file_unique_id": "s", "type": "regular", "width": 9, "height": 9,
                      "is_animated": False, "is_video": False}}, "I can only look at pictures"),
        ({"video": {"file_id": "v", "file_unique_id": "v", "width": 9, "height": 9, "duration": 1}},
         "I can only look at pictures"),
        ({"text": "hello"}, "I can only look at pictures"),
        ({"text": "/start"}, "I identify nobody"),
        ({"text": "/help"}, "/forget"),
        ({"text": "/model horses"}, "/model faces, /model simpsons"),
        ({"text": "/lang xx"}, "/lang en, /lang ru"),
        ({"text": "/stats"}, "No face has been counted in this chat yet."),
    ],
)  # fmt: skip
def test_what_is_no_picture_gets_a_friendly_sentence(bot, server, request, content, said):
    chat = 1000 + crc32(request.node.name.encode()) % 100_000
    server.send(chat, **content)
    (answer,) = server.wait_for_answers(1, chat=chat)
    assert said in answer.text


@pytest.mark.parametrize(
    ("data", "size", "said"),
    [
        (b"garbage", None, "This picture cannot be read (not a picture): send another one."),
        (b"", None, "This picture cannot be read (empty file): send another one."),
        (picture()[:500], None, "This picture cannot be read (truncated): send another one."),
        (picture(), None, "I find no face in this picture."),
        (picture(), 21 << 20, "The file is too large: bots may fetch 20 MB."),
    ],
)
def test_bad_pictures_get_a_friendly_sentence(bot, server, request, data, size, said):
    chat = 200_000 + crc32(request.node.name.encode()) % 100_000
    server.send_file(data, chat=chat, size=size)
    (answer,) = server.wait_for_answers(1, chat=chat)
    assert answer.text == said


def test_language_is_the_user_s_until_chosen(bot, server, portrait):
    server.send_photo(portrait, chat=4, language="ru-RU")
    (answer,) = server.wait_for_answers(1, chat=4)
    assert answer.text.startswith("1. воспринимается как женщина (9")
    server.send(4, text="/lang en", language="ru")
    assert server.wait_for_answers(2, chat=4)[1].text == "I answer in English from now on."
    server.send(4, text="/start", language="ru")
    assert server.wait_for_answers(3, chat=4)[2].text.startswith("Send a photo")


def test_cartoon_model_answers_in_six_classes(bot, server, portrait):
    server.send(5, text="/model simpsons")
    server.wait_for_answers(1, chat=5)
    server.send_photo(portrait, chat=5)
    answer = server.wait_for_answers(2, chat=5)[1]
    assert answer.method == "sendMessage"
    first, second = answer.text.split("\n")
    kinds = "(Girl|Adult woman|Old woman|Boy|Adult man|Old man)"
    assert re.match(rf"{kinds}: \d+\u00a0%", first) and re.match(rf"{kinds}: \d+\u00a0%", second)


def group_photo(people):
    """One picture of portraits side by side."""
    picture = Image.new("RGB", (300 * people, 300))
    for number in range(people):
        one = Image.open(PORTRAIT if number % 2 else PORTRAIT.parent / "hopper.jpg").convert("RGB")
        picture.paste(one.resize((300, 300)), (300 * number, 0))
    stream = io.BytesIO()
    picture.save(stream, "JPEG")
    return stream.getvalue()


def test_statistics_are_counts_without_names_and_are_forgotten(bot, server, folder, portrait):
    server.send_photo(portrait, chat=6)
    server.send_photo((PORTRAIT.parent / "hopper.jpg").read_bytes(), chat=6)
    server.send_photo(portrait, chat=6)  # a copy counts once
    server.wait_for_answers(3, chat=6)
    kept = set((folder / "data").iterdir())
    server.send(6, text="/stats")
    assert "2 perceived faces: too few to estimate shares." in server.wait_for_answers(4, chat=6)[3].text
    server.send_photo(group_photo(8), chat=6)
    server.wait_for_answers(5, chat=6)
    server.send(6, text="/stats")
    answer = server.wait_for_answers(6, chat=6)[5]
    assert answer.method == "sendPhoto"
    assert "Of 10 perceived faces in 3 photos" in answer.text
    assert Image.open(io.BytesIO(next(iter(answer.files.values())))).format == "PNG"
    for path in kept:
        data = path.read_bytes()
        # Words long enough not to stand by chance in the model's calibration set, which is kept as well.
        assert not [word for word in (b"ada_secret", b"Lovelace", b"\0\x10JFIF") if word in data]
    server.send(6, text="/forget")
    server.wait_for_answers(7, chat=6)
    assert len(set((folder / "data").iterdir())) < len(kept)
    server.send(6, text="/stats")
    assert server.wait_for_answers(8, chat=6)[7].text == "No face has been counted in this chat yet."


def test_lost_connections_lose_and_double_nothing(bot, server, portrait):
    server.drop |= {"getUpdates": 2, "sendPhoto": 2, "file": 1, "getFile": 1}
    server.send_photo(portrait, chat=7)
    server.wait(lambda: not any(server.drop.values()) and server.answers(7))
    server.send(7, text="/help")
    assert [call.method for call in server.wait_for_answers(2, chat=7)] == ["sendPhoto", "sendMessage"]


def test_answer_waits_for_a_network_that_is_gone_for_a_while(bot, server, portrait):
    server.drop |= {"getUpdates": 3, "sendPhoto": 6}
    server.send_photo(portrait, chat=12)
    (answer,) = server.wait_for_answers(1, chat=12)
    assert FACE.match(answer.text)


@pytest.mark.parametrize(
    ("token", "lost", "said", "code"),
    [
        (TOKEN, {"setMyCommands": 9}, "Telegram does not answer: check the network, and start it again.", 1),
        ("654321:other", {}, "Telegram does not know this token: ask @BotFather for it again.", 2),
    ],
)
def test_start_that_fails_is_one_sentence(tmp_path, token, lost, said, code):
    with ApiServer() as server:
        server.drop |= lost
        ended = subprocess.run(
            [sys.executable, "-m", "agestat", "bot", "--data", str(tmp_path), "--device", "cpu"],
            env={**os.environ, "AGESTAT_BOT_TOKEN": token, "AGESTAT_BOT_API": server.url},
            capture_output=True,
            text=True,
        )
    assert ended.returncode == code
    assert ended.stderr.splitlines()[-1] == f"Error: {said}"
    assert "Traceback" not in ended.stderr and token not in ended.stderr


def test_slow_download_holds_up_nobody(bot, server, portrait):
    server.send_photo(portrait, chat=8, slow=4.0)
    server.send_photo(portrait, chat=9)
    server.wait_for_answers(1, chat=9)
    assert not server.answers(8)
    server.wait_for_answers(1, chat=8)


def rss(process):
    """Resident memory in MiB."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="reads memory from /proc")
def test_flood_is_answered_one_by_one_in_flat_memory(bot, server, portrait):
    def flood(first_chat):
        for number in range(200):
            server.send_photo(portrait, chat=first_chat + number % 50)
        chats = range(first_chat, first_chat + 50)
        server.wait(lambda: sum(call.chat in chats for call in server.answers()) >= 200, 240)
        return [call for call in server.answers() if call.chat in chats]

    flood(500_000)
    before = rss(bot)
    found = flood(600_000)
    assert len(found) == 200
    assert {call.chat: 4 for call in found} == {
        chat: sum(call.chat == chat for call in found) for chat in range(600_000, 600_050)
    }
    busy = [call for call in found if "Too many pictures wait" in call.text]
    assert len([call for call in found if FACE.match(call.text)]) == 200 - len(busy) >= 64
    assert rss(bot) - before < 60


def test_one_user_may_not_take_all(bot, server):
    for _ in range(25):
        server.send_file(b"x", chat=10)
    answers = server.wait_for_answers(25, chat=10)
    assert sum("send them again in" in call.text for call in answers) == 5


def test_told_to_stop_it_answers_what_came_in_and_confirms_it(tmp_path, portrait):
    with ApiServer() as server, running_bot(server, tmp_path, "--model", "faces") as process:
        server.send_photo(portrait, chat=11)
        server.wait(lambda: any(call.method == "getFile" for call in server.calls))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        assert len(server.answers(11)) == 1
        assert server.unconfirmed == []
    assert TOKEN not in (tmp_path / "bot.log").read_text()


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("", "There is no token: set AGESTAT_BOT_TOKEN to the one that @BotFather gave you."),
        ("secret", "AGESTAT_BOT_TOKEN holds no token: it looks like 123456:ABC..., as @BotFather gave it."),
    ],
)
def test_without_a_token_there_is_a_sentence(token, said):
    ended = subprocess.run(
        [sys.executable, "-m", "agestat", "bot"],
        env={**os.environ, "AGESTAT_BOT_TOKEN": token},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (2, f"Error: {said}\n")


def test_token_is_never_printed(bot, folder):
    assert TOKEN not in (folder / "bot.log").read_text()
    assert json.dumps(TOKEN)[1:-1].split(":")[1] not in (folder / "bot.log").read_text()
