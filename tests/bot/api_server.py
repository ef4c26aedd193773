"""A Bot API server on loopback: the methods that the bot calls, as Telegram's documentation describes them.

It keeps what is sent to it, hands out updates until they are confirmed, and can be told to fail.
"""

import asyncio
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

TOKEN = "123456:a-token-that-must-not-be-seen"
ANSWERS = ("sendMessage", "sendPhoto", "sendMediaGroup")


@dataclass
class Call:
    """One request: method, its fields, and the bytes of the files in it."""

    method: str
    fields: dict[str, str]
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def chat(self):
        return int(self.fields["chat_id"])

    @property
    def text(self):
        """All words that a person would read."""
        media = json.loads(self.fields.get("media", "[]"))
        captions = [each.get("caption", "") for each in media]
        return "\n".join([self.fields.get("text", ""), self.fields.get("caption", ""), *captions]).strip()


class ApiServer:
    """Use it in a ``with`` statement; all methods may be called from the test's thread."""

    def __init__(self):
        self.calls: list[Call] = []
        self.drop: dict[str, int] = {}  # how many of the next requests lose their connection before an answer
        self.slow_files: dict[str, float] = {}  # seconds that a file takes
        self._files: dict[str, bytes] = {}
        self._updates: list[dict[str, Any]] = []
        self._last = 0
        self._changed = threading.Condition()

    def __enter__(self):
        self._loop = asyncio.new_event_loop()
        started = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=[started], daemon=True)
        self._thread.start()
        started.wait()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self, started):
        asyncio.set_event_loop(self._loop)

        async def start():
            app = web.Application(client_max_size=64 << 20)
            app.router.add_route("*", f"/bot{TOKEN}/{{method}}", self._call)
            app.router.add_route("*", "/bot{token}/{method}", self._refuse)
            app.router.add_get(f"/file/bot{TOKEN}/{{file}}", self._file)
            runner = self._runner = web.AppRunner(app, shutdown_timeout=0)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"

        self._loop.run_until_complete(start())
        started.set()
        self._loop.run_forever()

    def send(self, chat=1, user=None, language="en", **content):
        """An update with a message; returns its number."""
        with self._changed:
            self._last += 1
            person = {"id": user or chat, "is_bot": False, "first_name": "Lovelace", "username": "ada_secret"}
            message = {
                "message_id": self._last,
                "date": int(time.time()),
                "chat": {"id": chat, "type": "private"},
                "from": {**person, "language_code": language},
                **content,
            }
            if (text := content.get("text", "")).startswith("/"):
                length = len(text.split()[0])
                message["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
            self._updates.append({"update_id": self._last, "message": message})
            return self._last

    def send_photo(self, data, chat=1, size=None, slow=0.0, **content):
        """A message with a photo in two sizes; the larger one is ``data``."""
        name = self._keep(data, slow)
        sizes = [
            {"file_id": "thumb", "file_unique_id": "t", "width": 90, "height": 90, "file_size": 1000},
            {
                "file_id": name,
                "file_unique_id": name,
                "width": 800,
                "height": 800,
                "file_size": size or len(data),
            },
        ]
        return self.send(chat, photo=sizes, **content)

    def send_file(self, data, chat=1, mime="image/png", size=None, **content):
        """A message with a document."""
        name = self._keep(data, 0.0)
        document = {
            "file_id": name,
            "file_unique_id": name,
            "mime_type": mime,
            "file_size": size or len(data),
        }
        return self.send(chat, document=document, **content)

    def _keep(self, data, slow):
        name = f"f{len(self._files)}"
        self._files[name], self.slow_files[name] = data, slow
        return name

    def answers(self, chat=None):
        """Messages, photos and albums that the bot sent."""
        return [
            call for call in list(self.calls)
            if call.method in ANSWERS and (chat is None or call.chat == chat)
        ]  # fmt: skip

    def wait(self, ready, seconds=60):
        """Wait until ``ready()``; fails with what was sent so far."""
        with self._changed:
            assert self._changed.wait_for(ready, seconds), [(c.method, c.text) for c in self.answers()]

    def wait_for_answers(self, count, chat=None, seconds=60):
        """The first ``count`` answers, once they are there."""
        self.wait(lambda: len(self.answers(chat)) >= count, seconds)
        return self.answers(chat)

    @property
    def unconfirmed(self):
        return [update["update_id"] for update in self._updates]

    async def _call(self, request):
        method = request.match_info["method"]
        if self.drop.get(method, 0) > 0:
            self.drop[method] -= 1
            request.transport.close()
            return web.Response()
        fields, files = {}, {}
        for key, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[key] = value.file.read()
            else:
                fields[key] = value
        call = Call(method, fields, files)
        result = await self._updates_for(call) if method == "getUpdates" else self._result(call)
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        return web.json_response({"ok": True, "result": result})

    async def _refuse(self, request):
        refusal = {"ok": False, "error_code": 401, "description": "Unauthorized"}
        return web.json_response(refusal, status=401)

    async def _updates_for(self, call):
        offset, until = (
            int(call.fields.get("offset", 0)),
            time.monotonic() + float(call.fields.get("timeout", 0)),
        )
        with self._changed:
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
        while not self._updates and time.monotonic() < until:
            await asyncio.sleep(0.02)
        return self._updates[: int(call.fields.get("limit", 100))]

    def _result(self, call):
        if call.method == "getMe":
            return {"id": 123456, "is_bot": True, "first_name": "agestat", "username": "agestat_bot"}
        if call.method == "getFile":
            name = call.fields["file_id"]
            return {"file_id": name, "file_unique_id": name, "file_path": name}
        if call.method in ANSWERS:
            message = {
                "message_id": 10_000 + len(self.calls), "date": int(time.time()),
                "chat": {"id": call.chat, "type": "private"},
            }  # fmt: skip
            return [message] if call.method == "sendMediaGroup" else message
        return True

    async def _file(self, request):
        name = request.match_info["file"]
        if self.drop.get("file", 0) > 0:
            self.drop["file"] -= 1
            request.transport.close()
            return web.Response()
        data, seconds = self._files[name], self.slow_files[name]
        response = web.StreamResponse()
        await response.prepare(request)
        for start in range(0, len(data), 1 + len(data) // 10):
            await asyncio.sleep(seconds / 10)
            await response.write(data[start : start + 1 + len(data) // 10])
        return response
