"""Errors that a user can act on: one sentence that names the thing and says what to do."""


class AgestatError(Exception):
    """Anything the command line shows as one sentence and exit code 1.

    ``message`` is the sentence in English with ``{name}`` places for ``values``; without values it stands as
    it is. Errors among the values are shown in their own words, those of a tuple one a line. ``str`` gives it
    in English, `agestat.report.language.Language.error` in another language.
    """

    def __init__(self, message: str, /, **values: object) -> None:
        shown = {
            name: "\n".join(map(str, value)) if type(value) is tuple else value
            for name, value in values.items()
        }
        super().__init__(message.format(**shown) if values else message)
        self.message, self.values = message, values


class UsageError(AgestatError):
    """The options or their values cannot be used as given; exit code 2."""


def N_(message: str) -> str:  # noqa: N802 (gettext's own name for a message that is translated later)
    """Mark ``message`` for the catalogues."""
    return message
