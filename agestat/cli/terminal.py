"""Where tables for people are printed."""

from rich.console import Console

from agestat.files import drop_stdout


class Terminal(Console):
    """A rich console whose reader may go away before the end: rich would end the program."""

    def on_broken_pipe(self) -> None:
        drop_stdout()
