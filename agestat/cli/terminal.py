"""Where tables for people are printed."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from agestat.files import drop_stdout
from agestat.report.page import Table
from agestat.report.text import printable


class Terminal(Console):
    """A rich console whose reader may go away before the end: rich would end the program."""

    def on_broken_pipe(self) -> None:
        drop_stdout()

    def show(self, table: Table) -> None:
        """Print a table as wide as it needs."""
        shown = RichTable(
            box=SIMPLE_HEAD, title=printable(table.caption), title_justify="left", padding=(0, 1, 0, 0)
        )
        for number, head in enumerate(table.heads):
            shown.add_column(Text(printable(head)), justify="right" if number else "left")
        for row in table.rows:
            shown.add_row(*(Text(printable(cell)) for cell in row))
        self.print(shown)
