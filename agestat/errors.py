"""Errors that a user can act on: one sentence that names the thing and says what to do."""


class AgestatError(Exception):
    """Anything the command line shows as one sentence and exit code 1."""


class UsageError(AgestatError):
    """The options or their values cannot be used as given; exit code 2."""
