"""What is kept of a chat: its choices, and a store of its faces' probabilities. No pictures, no names.

A chat's files carry a keyed hash of its number, and the key lies beside them: to forget a chat is to delete
its files.
"""

import hashlib
import hmac
import io
import json
import os
import secrets
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from agestat import __version__
from agestat.analysis.groups import FEWEST
from agestat.analysis.scan import Scan
from agestat.bot.judge import Judge, Judged
from agestat.images.walk import Found
from agestat.report import words
from agestat.report.language import Language
from agestat.scanning.store import Row, Store, StoredRun

if TYPE_CHECKING:
    from agestat.model.predict import Model

ROOT = "chat"  # in place of a folder: rows of a bot come from nowhere that could be read again


class Chats:
    """The chats' files in one private folder. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = folder / "key"
        if not key.is_file():
            with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(secrets.token_bytes(32))
        self._key = key.read_bytes()
        self._lock = Lock()

    def choice(self, chat: int, name: str) -> str | None:
        """What a chat has chosen, ``model`` or ``lang``."""
        return self._choices(chat).get(name)

    def choose(self, chat: int, **choices: str) -> None:
        """Keep choices of a chat."""
        with self._lock:
            path = self._path(chat, ".json")
            path.with_suffix(".new").write_text(json.dumps({**self._choices(chat), **choices}))
            path.with_suffix(".new").replace(path)

    def _choices(self, chat: int) -> dict[str, str]:
        path = self._path(chat, ".json")
        return dict(json.loads(path.read_text())) if path.is_file() else {}

    def remember(self, chat: int, judge: Judge, judged: Judged) -> None:
        """Count a picture: sizes and looks of its faces and what the model said, not when."""
        answer = judged.answer
        answer.taken_at = answer.camera = None
        blobs = judge.model.space.pack(judged.probabilities)
        novelty = [None if value != value else round(float(value), 3) for value in judged.novelty]
        picture = Found(ROOT, secrets.token_hex(8), 0, 0)
        path = self._store(chat, judge.model)
        with self._lock:
            run = StoredRun.latest(path).run if path.is_file() else None
            with Store(path) as store:
                run = run or self._begin(store, judge)
                with store.transaction():
                    store.write(run, [Row(picture, answer, blobs, novelty)])

    def _begin(self, store: Store, judge: Judge) -> int:
        model = judge.model
        store.keep_model(model.info, judge.calibration)
        about = {
            "model": model.name,
            "model_digest": model.digest,
            "space": model.space.name,
            "agestat": __version__,
        }
        run = store.begin_run(f"bot {model.digest}", about)
        store.end_run(run)  # a chat's run is whole at any moment
        return run

    def statistics(self, chat: int, model: "Model", t: Language) -> tuple[str, bytes | None] | None:
        """A sentence and the population pyramid (PNG) of all faces of a chat, corrected as everywhere; of too
        few faces no pyramid, and nothing before the first face."""
        from agestat.report.plots import pyramid

        path = self._store(chat, model)
        if not path.is_file():
            return None
        with self._lock, Scan.open(path) as scan:
            if not scan.counts["faces"]:
                return None
            estimate = scan.estimate(min_n=FEWEST)
            text = "\n\n".join([words.summary(scan, estimate, t), words.perceived(t)])
        if estimate.few:
            return text, None
        stream = io.BytesIO()
        pyramid(estimate, t=t).savefig(stream, format="png", dpi=200)
        return text, stream.getvalue()

    def forget(self, chat: int) -> None:
        """Delete all that is kept of a chat."""
        with self._lock:
            for path in self._folder.glob(f"{self._name(chat)}*"):
                path.unlink()

    def _store(self, chat: int, model: "Model") -> Path:
        return self._path(chat, f"-{model.digest[:12]}.sqlite")

    def _path(self, chat: int, ending: str) -> Path:
        return self._folder / f"{self._name(chat)}{ending}"

    def _name(self, chat: int) -> str:
        return hmac.new(self._key, str(chat).encode(), hashlib.sha256).hexdigest()[:32]
