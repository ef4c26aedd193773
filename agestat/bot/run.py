"""The bot's life: connect, answer until told to stop, finish what is under way, confirm what was answered."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

from aiogram import BaseMiddleware, Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter, TelegramServerError
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.types import BotCommand, TelegramObject, Update
from aiogram.utils.backoff import BackoffConfig

from agestat.api import settings_of
from agestat.bot.chats import Chats
from agestat.bot.handlers import Service, opened, router
from agestat.bot.judge import Judge
from agestat.model.checkpoint import calibration_file, judging, load_model

TRIES = 5  # of an answer, before a network that is gone costs it
FIRST_PAUSE = 0.5  # seconds, doubled each time
FINISH_SECONDS = 60  # for what is under way when the bot is told to stop
KNOWN = 10_000  # updates that are remembered, so that none is answered twice
POLLING_SECONDS = 10
COMMANDS = ("start", "help", "model", "stats", "forget", "lang")

log = logging.getLogger("agestat.bot")


class Again(BaseRequestMiddleware):
    """Repeats requests that the network or the server lost. Not the poll: it has its own pauses."""

    async def __call__(
        self, make_request: NextRequestMiddlewareType[Any], bot: Bot, method: TelegramMethod[Any]
    ) -> Response[Any]:
        """One request."""
        pause = FIRST_PAUSE
        for _ in range(1 if isinstance(method, GetUpdates) else TRIES - 1):
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
            except (TelegramNetworkError, TelegramServerError):
                if isinstance(method, GetUpdates):
                    raise
                await asyncio.sleep(pause)
                pause *= 2
        return await make_request(bot, method)


class Ledger(BaseMiddleware):
    """Every update once, and which ones are under way."""

    def __init__(self) -> None:
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._under_way: set[asyncio.Task[Any]] = set()
        self.last = 0

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """One update."""
        assert isinstance(event, Update)
        if event.update_id in self._seen:
            return None
        self._seen[event.update_id] = None
        if len(self._seen) > KNOWN:
            self._seen.popitem(last=False)
        self.last = max(self.last, event.update_id)
        task = asyncio.current_task()
        assert task is not None
        self._under_way.add(task)
        try:
            return await handler(event, data)
        finally:
            self._under_way.discard(task)

    async def finish(self, bot: Bot) -> None:
        """Wait for what is under way and tell Telegram which updates are done: else the next start answers
        them again."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FINISH_SECONDS)
        if self.last:
            await bot.get_updates(offset=self.last + 1, limit=1, timeout=0)


def run(token: str, models: list[str], folder: Path, server: str | None, device: str) -> None:
    """Answer until SIGINT or SIGTERM. ``models`` by name, the first is the default; ``folder`` holds what
    is kept of chats; ``server`` is a Bot API server of one's own."""
    asyncio.run(_run(token, models, folder, server, device))


def _judge(name: str, device: str) -> Judge:
    info = judging(name, device)
    calibration = calibration_file(name, info["precision"]).read_bytes()
    return Judge(partial(load_model, name, device), settings_of(info), calibration)


async def _run(token: str, models: list[str], folder: Path, server: str | None, device: str) -> None:
    judges = {name: _judge(name, device) for name in models}
    api = TelegramAPIServer.from_base(server) if server else PRODUCTION
    bot = Bot(token, session=AiohttpSession(api=api))
    bot.session.middleware(Again())
    dispatcher, ledger = Dispatcher(), Ledger()
    dispatcher.update.outer_middleware(ledger)
    dispatcher.include_router(router)
    dispatcher.shutdown.register(ledger.finish)
    async with opened(Service(judges, Chats(folder))) as service, bot:
        await bot.set_my_commands([BotCommand(command=name, description=f"/{name}") for name in COMMANDS])
        log.warning("Ready: answering as @%s.", (await bot.me()).username)
        await dispatcher.start_polling(
            bot,
            polling_timeout=POLLING_SECONDS,
            backoff_config=BackoffConfig(min_delay=0.5, max_delay=30.0, factor=2.0, jitter=0.1),
            allowed_updates=["message"],
            close_bot_session=False,
            service=service,
        )
    log.warning("Stopped: everything that came in was answered.")
