"""Decoder processes that die, hang or eat memory cost one file."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from zlib import crc32

import pytest
from PIL import Image

from agestat.images.walk import Found
from agestat.images.yunet import detector
from agestat.scanning.decoder import Limits, command, receive
from agestat.scanning.decoder_pool import Decoder, DecoderPool, cores
from agestat.scanning.examine import Settings

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@pytest.fixture
def picture(samples):
    return str(samples / "photos/astronaut.jpg")


@pytest.fixture
def decoder():
    made = []

    def make(**limits):
        made.append(Decoder(Settings(), Limits(**limits)))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.close()


def soon(action):
    threading.Timer(0.05, action).start()


def test_a_killed_decoder_costs_one_file(decoder, picture):
    one = decoder()
    one.process.send_signal(signal.SIGSTOP)
    soon(one.process.kill)
    assert one.examine(picture).reason == "crashed its decoder"
    assert one.examine(picture).status == "ok"


def test_a_hanging_decoder_costs_one_file(decoder, picture):
    one = decoder(seconds=3)
    one.process.send_signal(signal.SIGSTOP)
    start = time.monotonic()
    assert one.examine(picture).reason == "took too long"
    assert time.monotonic() - start < 10
    assert one.examine(picture).status == "ok"


def test_time_that_is_up_just_after_an_answer_blames_nobody(decoder, picture, monkeypatch):
    one = decoder()

    def receive_late(stream):
        answer = receive(stream)
        one._watch._until = 0.0
        assert one._watch._is_late()
        return answer

    one.ask(picture)
    one.ask(picture)
    with monkeypatch.context() as patch:
        patch.setattr("agestat.scanning.decoder_pool.receive", receive_late)
        assert one.answer().status == "ok"
    assert one.answer().status == "ok"


def test_what_was_asked_ahead_is_asked_again_after_a_crash(decoder, samples, picture):
    one = decoder()
    one.process.send_signal(signal.SIGSTOP)
    one.ask(picture)
    one.ask(str(samples / "others/coffee.jpg"))
    one.process.kill()
    assert one.answer().reason == "crashed its decoder"
    assert one.answer().status == "no_face"


def test_questions_larger_than_a_pipe_wait_for_their_turn(decoder, samples):
    data = (samples / "photos/astronaut.jpg").read_bytes()
    assert len(data) > 4000
    one = decoder()
    for _ in range(3):
        one.ask(data + bytes(1 << 20))
    assert [one.answer().status for _ in range(3)] == ["ok"] * 3


def test_a_decoder_that_is_killed_while_it_starts_gets_another_try(picture, monkeypatch, tmp_path):
    def killed_at_first(*arguments):
        mark = str(tmp_path / "mark")
        first = f"import os; os.path.exists({mark!r}) or (os.mkdir({mark!r}), os.abort())"
        python, option, program, settings = command(*arguments)
        return [python, option, f"{first}; {program}", settings]

    monkeypatch.setattr("agestat.scanning.decoder_pool.command", killed_at_first)
    one = Decoder(Settings(), Limits())
    one.start()
    assert one.examine(picture).status == "ok"
    one.close()


def test_processors_are_those_of_the_container(monkeypatch):
    """joblib knows the quotas of containers."""
    monkeypatch.setattr("joblib.cpu_count", lambda: 3)
    assert cores() == 3


def test_memory_is_limited(decoder, picture, tmp_path):
    Image.new("L", (9000, 9000)).save(tmp_path / "large.png", compress_level=1)
    one = decoder(memory=700 << 20)
    assert one.examine(str(tmp_path / "large.png")).reason == "out of memory"
    assert one.examine(picture).status == "ok"


def test_a_bomb_is_told_by_its_header(decoder, tmp_path):
    Image.new("1", (8, 8)).save(tmp_path / "bomb.png")
    data = (tmp_path / "bomb.png").read_bytes()
    header = b"IHDR" + (50_000).to_bytes(4, "big") * 2 + data[24:29]
    (tmp_path / "bomb.png").write_bytes(data[:12] + header + crc32(header).to_bytes(4, "big") + data[33:])
    assert decoder().examine(str(tmp_path / "bomb.png")).reason == "too many pixels"


def test_every_file_is_answered_once(samples, tmp_path):
    names = ["photos/astronaut.jpg", "others/corrupt.jpg", "others/coffee.jpg"] * 10
    files = [Found(str(samples), name, 0, number) for number, name in enumerate(names)]
    with DecoderPool(Settings(), Limits(), 2) as decoders:
        answers = {file.mtime_ns: answer.status for file, answer in decoders.run(iter(files))}
    assert [answers[number] for number in range(30)] == ["ok", "failed", "no_face"] * 10


def test_leaving_early_ends_the_processes(picture, tmp_path):
    with DecoderPool(Settings(), Limits(), 2) as decoders:
        run = decoders.run(Found("/", picture[1:], 0, 0) for _ in range(1000))
        next(run)
        processes = [decoder.process for decoder in decoders._decoders]
    assert processes
    assert all(process.wait(5) is not None for process in processes)


def test_leaving_early_does_not_wait_for_decoders_that_still_start(picture, monkeypatch):
    stuck = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr("agestat.scanning.decoder_pool.command", lambda *_: stuck)
    start = time.monotonic()

    def files():
        yield Found("/", picture[1:], 0, 0)
        time.sleep(0.5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), DecoderPool(Settings(), Limits(), 2) as decoders:
        next(decoders.run(files()))
    processes = [decoder.process for decoder in decoders._decoders]
    assert time.monotonic() - start < 10
    assert all(process.poll() is not None for process in processes)


def test_a_signal_that_another_thread_took_is_heard(picture, monkeypatch):
    """The kernel may hand a signal to any thread; Python runs its handler in the main one when that wakes."""

    def heard(number, frame):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, heard)
    try:
        with pytest.raises(KeyboardInterrupt), DecoderPool(Settings(), Limits(), 1) as decoders:
            run = decoders.run(Found("/", picture[1:], 0, 0) for _ in range(1000))
            next(run)
            decoders._decoders[0].process.send_signal(signal.SIGSTOP)
            other = decoders._threads[0].ident
            threading.Timer(1, signal.pthread_kill, [other, signal.SIGUSR1]).start()
            start = time.monotonic()
            for _ in run:
                pass
        assert time.monotonic() - start < 10
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_decoder_ends_with_its_parent(picture):
    process = subprocess.Popen(command(Settings(), Limits()), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.read(4)
    process.stdin.close()
    assert process.wait(5) == 0


def test_decoders_never_import_torch():
    code = "import agestat.scanning.decoder, agestat.scanning.examine, sys; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "False\n"


def test_modules_in_the_current_folder_are_not_imported(tmp_path, monkeypatch, decoder, picture):
    (tmp_path / "json.py").write_text("raise SystemExit('imported a stranger')")
    monkeypatch.chdir(tmp_path)
    assert decoder().examine(picture).status == "ok"


def test_a_decoder_is_replaced_before_its_library_has_eaten_its_memory(decoder, picture, monkeypatch):
    monkeypatch.setattr(type(detector()), "lifetime", 2)
    one = decoder()
    pids = []
    for _ in range(5):
        assert one.examine(picture).status == "ok"
        pids.append(one.process.pid)
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


def test_a_picture_in_memory_is_examined_like_its_file(decoder, picture):
    one, data = decoder(), Path(picture).read_bytes()
    from_file, from_memory = one.examine(picture), one.examine(data)
    assert from_memory.faces == from_file.faces and len(from_file.faces) == 1
    assert one.examine(b"").reason == "empty file"
