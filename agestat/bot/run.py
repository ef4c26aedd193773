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
from aiogram.exceptions import (
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates, Response, TelegramMethod
from aiogram.types import BotCommand, TelegramObject, Update
from aiogram.utils.backoff import BackoffConfig

from agestat.api import settings_of
from agestat.bot.chats import Chats
from agestat.bot.handlers import Service, opened, router
from agestat.bot.judge import Judge
from agestat.errors import AgestatError, UsageError
from agestat.model.checkpoint import calibration_file, judging, load_model

TRIES = 15  # of an answer, about a minute, before a network that is gone costs it
START_TRIES = 4  # when the bot is started, and somebody waits to see whether it runs
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # seconds, doubled each time
FINISH_SECONDS = 60  # for what is under way when the bot is told to stop
KNOWN = 10_000  # updates that are remembered, so that none is answered twice
POLLING_SECONDS = 10
COMMANDS = ("start", "help", "model", "stats", "forget", "lang")

log = logging.getLogger("agestat.bot")


class Again(BaseRequestMiddleware):
    """Repeats requests that the network or the server lost. Not the poll: it has its own pauses."""

    tries = START_TRIES

    async def __call__(
        self, make_request: NextRequestMiddlewareType[Any], bot: Bot, method: TelegramMethod[Any]
    ) -> Response[Any]:
        """One request."""
        pause = FIRST_PAUSE
        for _ in range(1 if isinstance(method, GetUpdates) else self.tries - 1):
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
            except (TelegramNetworkError, TelegramServerError):
                if isinstance(method, GetUpdates):
                    raise
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
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


async def _introduce(bot: Bot) -> str | None:
    """Tell Telegram the commands; returns the bot's name. What aiogram says of an error may hold the token,
    so it is not repeated."""
    commands = [BotCommand(command=name, description=f"/{name}") for name in COMMANDS]
    try:
        await bot.set_my_commands(commands)
        return (await bot.me()).username
    except (TelegramUnauthorizedError, TelegramNotFound) as error:
        raise UsageError("Telegram does not know this token: ask @BotFather for it again.") from error
    except (TelegramNetworkError, TelegramServerError) as error:
        raise AgestatError("Telegram does not answer: check the network, and start it again.") from error


async def _run(token: str, models: list[str], folder: Path, server: str | None, device: str) -> None:
    judges = {name: _judge(name, device) for name in models}
    api = TelegramAPIServer.from_base(server) if server else PRODUCTION
    bot = Bot(token, session=AiohttpSession(api=api))
    again = Again()
    bot.session.middleware(again)
    dispatcher, ledger = Dispatcher(), Ledger()
    dispatcher.update.outer_middleware(ledger)
    dispatcher.include_router(router)
    dispatcher.shutdown.register(ledger.finish)
    async with bot:
        name = await _introduce(bot)  # before models are loaded: a wrong token is told at once
        again.tries = TRIES
        async with opened(Service(judges, Chats(folder))) as service:
            log.warning("Ready: answering as @%s.", name)
            await dispatcher.start_polling(
                bot,
                polling_timeout=POLLING_SECONDS,
                backoff_config=BackoffConfig(min_delay=0.5, max_delay=30.0, factor=2.0, jitter=0.1),
                allowed_updates=["message"],
                close_bot_session=False,
                service=service,
            )
    log.warning("Stopped: everything that came in was answered.")
