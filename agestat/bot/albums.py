"""Albums: Telegram brings each picture of one as a message of its own."""

import asyncio

from aiogram.types import Message

QUIET_SECONDS = 1.0  # after the last picture of an album; Telegram sends them together
LARGEST = 10  # pictures of an album


class Albums:
    """Messages that belong together."""

    def __init__(self, quiet: float = QUIET_SECONDS) -> None:
        self._quiet = quiet
        self._open: dict[str, list[Message]] = {}

    async def gather(self, message: Message) -> list[Message]:
        """All messages of an album in order for the one that came first, none for the others; a message
        that belongs to no album alone."""
        if message.media_group_id is None:
            return [message]
        key = f"{message.chat.id} {message.media_group_id}"
        if key in self._open:
            self._open[key].append(message)
            return []
        album = self._open[key] = [message]
        seen = 0
        while seen < len(album) < LARGEST:
            seen = len(album)
            await asyncio.sleep(self._quiet)
        del self._open[key]
        return sorted(album, key=lambda each: each.message_id)
