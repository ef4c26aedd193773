"""What the bot does with what Telegram brings: commands, pictures, and everything else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiogram import Bot, F, Router
from aiogram.exceptions import TelegramAPIError
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import BufferedInputFile, Document, InputMediaPhoto, Message, PhotoSize
from aiogram.utils.chat_action import ChatActionSender
from aiohttp import ClientError

from agestat.bot import answers
from agestat.bot.albums import Albums
from agestat.bot.chats import Chats
from agestat.bot.drawing import draw_boxes
from agestat.bot.judge import BusyError, Judge
from agestat.bot.limits import RateLimit
from agestat.report.language import LANGUAGES, Language, open_language

MEGABYTES = 20  # what Telegram hands to bots
DOWNLOAD_SECONDS = 30
PAUSE_SECONDS = 0.5  # before a download that broke off is begun again
JUDGE_SECONDS = 90
PICTURES = F.photo | (F.document & F.document.mime_type.startswith("image/"))

log = logging.getLogger("agestat.bot")
router = Router()


@dataclass
class Service:
    """What handlers share."""

    judges: dict[str, Judge]  # by name of the model; the first is the default
    chats: Chats
    rate: RateLimit = field(default_factory=RateLimit)
    albums: Albums = field(default_factory=Albums)

    def judge_of(self, chat: int) -> Judge:
        """The model that a chat has chosen."""
        return self.judges.get(self.chats.choice(chat, "model") or "") or next(iter(self.judges.values()))

    def language_of(self, message: Message) -> Language:
        """The language that a chat has chosen, else that of who writes."""
        code = (message.from_user.language_code if message.from_user else None) or "en"
        chosen = self.chats.choice(message.chat.id, "lang") or code[:2]
        return open_language(chosen if chosen in LANGUAGES else "en")


@dataclass(frozen=True)
class Answer:
    """To one picture: words, and the picture with boxes where there is something to show."""

    text: str
    picture: bytes | None = None


@router.message(CommandStart())
async def on_start(message: Message, service: Service) -> None:
    await message.answer(answers.start(service.language_of(message)))


@router.message(Command("help"))
async def on_help(message: Message, service: Service) -> None:
    await message.answer(answers.help_(service.language_of(message)))


@router.message(Command("model"))
async def on_model(message: Message, command: CommandObject, service: Service) -> None:
    t, name = service.language_of(message), (command.args or "").strip().lower()
    if name not in service.judges:
        await message.answer(answers.which_model(list(service.judges), t))
        return
    service.chats.choose(message.chat.id, model=name)
    await message.answer(answers.model_chosen(name, t))


@router.message(Command("lang"))
async def on_lang(message: Message, command: CommandObject, service: Service) -> None:
    code = (command.args or "").strip().lower()
    if code not in LANGUAGES:
        await message.answer(answers.which_language(LANGUAGES, service.language_of(message)))
        return
    service.chats.choose(message.chat.id, lang=code)
    await message.answer(answers.language_chosen(open_language(code)))


@router.message(Command("forget"))
async def on_forget(message: Message, service: Service) -> None:
    t = service.language_of(message)
    await asyncio.to_thread(service.chats.forget, message.chat.id)
    await message.answer(answers.forgotten(t))


@router.message(Command("stats"))
async def on_stats(message: Message, bot: Bot, service: Service) -> None:
    t, judge = service.language_of(message), service.judge_of(message.chat.id)
    async with ChatActionSender.upload_photo(bot=bot, chat_id=message.chat.id):
        found = await asyncio.to_thread(service.chats.statistics, message.chat.id, judge.model, t)
    if found is None:
        await message.answer(answers.nothing_yet(t))
        return
    words, pyramid = found
    more = answers.parts(words, answers.CAPTION)
    if pyramid:
        await message.answer_photo(BufferedInputFile(pyramid, "pyramid.png"), caption=more.pop(0))
    for text in more:
        await message.answer(text)


@router.message(PICTURES)
async def on_pictures(message: Message, bot: Bot, service: Service) -> None:
    messages = await service.albums.gather(message)
    if not messages:  # another message of the album answers for all
        return
    t = service.language_of(message)
    user = message.from_user.id if message.from_user else message.chat.id
    if wait := service.rate.wait(user, len(messages)):
        await message.reply(answers.too_fast(wait, t))
        return
    judge = service.judge_of(message.chat.id)
    if judge.is_busy:
        await message.reply(answers.busy(t))
        return
    async with ChatActionSender.typing(bot=bot, chat_id=message.chat.id):
        found = await asyncio.gather(*(_answer(each, bot, judge, service, t) for each in messages))
        await _send(message, found)


@router.message()
async def on_anything_else(message: Message, service: Service) -> None:
    if message.chat.type == "private":  # a group talks of other things too
        await message.answer(answers.no_picture(service.language_of(message)))


async def _answer(message: Message, bot: Bot, judge: Judge, service: Service, t: Language) -> Answer:
    """What is said of one picture, whatever happens on the way."""
    try:
        picture = await _download(message, bot)
        if picture is None:
            return Answer(answers.too_large(MEGABYTES, t))
        judged = await asyncio.wait_for(judge.judge(picture), JUDGE_SECONDS)
        await asyncio.to_thread(service.chats.remember, message.chat.id, judge, judged)
        text = answers.faces(judged, judge.model.space, t)
        if not judged.answer.faces or judge.settings.crop == "whole":
            return Answer(text)
        return Answer(text, await asyncio.to_thread(draw_boxes, picture, judged.answer.faces))
    except BusyError:
        return Answer(answers.busy(t))
    except (TimeoutError, asyncio.TimeoutError, TelegramAPIError, OSError):
        return Answer(answers.not_loaded(t))
    except Exception:
        log.exception("A picture could not be judged.")
        return Answer(answers.failed(t))


async def _download(message: Message, bot: Bot) -> bytes | None:
    """The bytes of a message's picture; None where Telegram hands over none so large."""
    file = message.photo[-1] if message.photo else message.document
    assert file is not None
    if (file.file_size or 0) > MEGABYTES << 20:
        return None
    return await asyncio.wait_for(_fetch(file, bot), DOWNLOAD_SECONDS)


async def _fetch(file: PhotoSize | Document, bot: Bot) -> bytes:
    while True:
        try:
            stream = await bot.download(file, timeout=DOWNLOAD_SECONDS)
            return stream.read() if stream else b""
        except ClientError:  # the connection was lost on the way
            await asyncio.sleep(PAUSE_SECONDS)


async def _send(message: Message, found: Sequence[Answer]) -> None:
    """One reply for one picture; for an album the drawn pictures as an album, and the rest as words."""
    shown = [(number, answer) for number, answer in enumerate(found, 1) if answer.picture]
    single = len(found) == 1
    media, texts = [], []
    for number, answer in enumerate(found, 1):
        text = answer.text if single else f"[{number}]\n{answer.text}"
        if answer.picture is None:
            texts += answers.parts(text)
            continue
        caption, *more = answers.parts(text, answers.CAPTION)
        media.append((BufferedInputFile(answer.picture, f"{number}.jpg"), caption))
        texts += answers.parts("\n".join(more))
    if len(shown) == 1:
        await message.reply_photo(media[0][0], caption=media[0][1])
    elif shown:
        await message.reply_media_group([InputMediaPhoto(media=file, caption=words) for file, words in media])
    for text in texts:
        await message.reply(text)


@asynccontextmanager
async def opened(service: Service) -> AsyncIterator[Service]:
    """``service`` with its models loaded and its decoders running."""
    started: list[Judge] = []
    try:
        for judge in service.judges.values():
            started.append(await judge.__aenter__())
        yield service
    finally:
        for judge in started:
            await judge.__aexit__()
