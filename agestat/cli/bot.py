"""``agestat bot``."""

import os
from pathlib import Path

import click

from agestat.cli.options import device_option, message_lang_option, offer
from agestat.errors import N_, AgestatError, UsageError
from agestat.files import user_folder

_NO_HOME = N_("This user has no home folder to keep the counts of chats in: name a folder with --data.")
TOKEN, SERVER = "AGESTAT_BOT_TOKEN", "AGESTAT_BOT_API"
EXAMPLES = """\b
Examples:
  AGESTAT_BOT_TOKEN=... agestat bot
  agestat bot --model simpsons --data /var/lib/agestat-bot
"""


@click.command("bot", epilog=EXAMPLES)
@click.option(
    "--model",
    "models",
    multiple=True,
    default=("faces", "simpsons"),
    show_default=True,
    shell_complete=offer("faces", "simpsons"),
    help="Models that chats may choose from, the first is the default; names or checkpoint folders.",
)
@click.option(
    "--data", metavar="FOLDER", help="Where the counts of chats are kept; default: the user's data folder."
)
@device_option
@message_lang_option
def command(models: tuple[str, ...], data: str | None, device: str) -> None:
    """Answer photos in Telegram with perceived gender and age.

    The token from @BotFather is read from AGESTAT_BOT_TOKEN, and from nowhere else; AGESTAT_BOT_API names a
    Bot API server of your own. Pictures stay in memory; what is kept of a chat are its faces' probabilities,
    without names, until /forget.
    """
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise UsageError("There is no token: set {name} to the one that @BotFather gave you.", name=TOKEN)
    try:
        from aiogram.utils.token import TokenValidationError, validate_token

        from agestat.bot.run import run
    except ImportError as error:
        raise AgestatError("The bot needs aiogram: run `pip install 'agestat[bot]'`.") from error
    try:
        validate_token(token)
    except TokenValidationError as error:
        raise UsageError(
            "{name} holds no token: it looks like 123456:ABC..., as @BotFather gave it.", name=TOKEN
        ) from error
    from platformdirs import user_data_path

    folder = Path(data) if data else user_folder(user_data_path, _NO_HOME) / "bot"
    run(token, list(models), folder, os.environ.get(SERVER) or None, device)
