"""Help that shows options under headings, those that matter first."""

import click

from agestat.cli.messages import spoken_language
from agestat.errors import N_

HEADINGS = {
    N_("First of all"): "--by --bands --html --csv --model",
    N_("Files"): "--from-file --include --exclude --all-files --limit --shard --dry-run",
    N_("Faces"): "--min-face --min-score --tiles --exclude-faces --keep-copies --once",
    N_("Groups"): "--groups --reference --metadata --trust-mtime --min-n",
    N_("Statistics"): "--method --raw --level --labels --labels-b --cluster",
    N_("Outputs"): "--csv-dialect --json --parquet --xlsx --margins --ages --faces --files --png --theme "
               "--thumbnails --review --anonymous",
    N_("Speed"): "--device --batch-size --workers --engine --address --actors --gpus-per-actor "
             "--parts",
    N_("Store"): "--db --fresh --stores",
    N_("Messages"): "--lang --quiet --verbose --help",
}  # fmt: skip
"""Options in the order in which they are shown; each command has some of them."""
OTHERS = N_("More")


class HeadedCommand(click.Command):
    """A command with many options."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write them under `HEADINGS`."""
        options = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        left = {name: param for param in options for name in param.opts}
        sections = {}
        for heading, names in HEADINGS.items():
            sections[heading] = [left.pop(name) for name in names.split() if name in left]
        named = [param for params in sections.values() for param in params]
        sections[OTHERS] = [param for param in dict.fromkeys(left.values()) if param not in named]
        for heading, params in sections.items():
            records = [record for param in params if (record := param.get_help_record(ctx))]
            if records:
                with formatter.section(spoken_language().term(heading)):
                    formatter.write_dl(records)
