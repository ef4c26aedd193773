"""The Telegram bot: a second front beside the command line. Needs the extra ``agestat[bot]``."""
