"""``agestat scan``."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from agestat.cli.headings import HeadedCommand
from agestat.cli.messages import tell
from agestat.cli.options import (
    Source,
    device_option,
    engine_options,
    estimate_options,
    group_options,
    offer,
    output_options,
)
from agestat.errors import UsageError
from agestat.written.paths import read_list

if TYPE_CHECKING:
    from agestat.report.language import Language
    from agestat.scanning.pipeline import Progress

WALKED = ("include", "exclude", "all_files")  # options that say what is met

EXAMPLES = """\b
Examples:
  agestat scan ./photos --csv out.csv
  agestat scan ./photos --by folder:1 --by year --bands 0,18,35,50,65
  agestat scan ./photos --by column:campaign --metadata campaigns.csv --csv -
  agestat scan ./photos --by '(?P<city>[^/]+)/(?P<year>\\d{4})' --faces faces.parquet
  agestat scan ./frames --model simpsons --bands seed
  agestat scan s3://bucket/photos --engine ray --address auto --actors 8 --parts s3://bucket/parts
  find . -name '*.jpg' -print0 | agestat scan --from-file - --db nightly.sqlite
"""


@click.command("scan", cls=HeadedCommand, epilog=EXAMPLES)
@click.argument("paths", nargs=-1, metavar="PATH...", type=Source())
@click.option("--from-file", metavar="LIST|-", help="File with one path per line, or NUL between paths.")
@click.option(
    "--include", multiple=True, metavar="GLOB", help="Only files whose path below PATH, or name, matches."
)
@click.option("--exclude", multiple=True, metavar="GLOB", help="No files or folders that match.")
@click.option("--all-files", is_flag=True, help="Also thumbnails, trash and other files that machines keep.")
@click.option(
    "--model",
    metavar="MODEL",
    default="faces",
    show_default=True,
    shell_complete=offer("faces", "simpsons"),
    help="faces: every face in every picture; simpsons: the whole picture; or a checkpoint folder.",
)
@group_options
@estimate_options
@output_options
@click.option("--db", metavar="FILE", help="The store; default: in the user's cache folder, by PATHs.")
@click.option("--fresh", is_flag=True, help="Scan everything again, whatever the store holds.")
@click.option(
    "--min-face", type=click.IntRange(0), metavar="PIXELS", help="Leave smaller faces out; default: 24."
)
@click.option(
    "--min-score",
    metavar="SCORE",
    type=click.FloatRange(0, 1),
    help="Leave less certain faces out; default: 0.5.",
)
@click.option(
    "--tiles",
    type=click.Choice(["auto", "off", "always"]),
    default="auto",
    show_default=True,
    help="Look at the full picture in tiles, for faces below 2.5 % of its longer side: auto does so in long "
    "or huge pictures and in crowds.",
)
@device_option
@click.option("--batch-size", default="auto", show_default=True, metavar="auto|N", help="Faces at once.")
@click.option(
    "--workers", metavar="N", type=click.IntRange(1), help="Processes that decode; default: one per core."
)
@engine_options
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N files.")
@click.option(
    "--shard", metavar="I/N", help="Only part I of N, the same on every machine; see agestat merge."
)
@click.option("--dry-run", is_flag=True, help="List what would be scanned, and stop.")
@click.option("-q", "--quiet", is_flag=True, help="No summary and no progress bar.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Also method, model, its known errors, the store, and every file that failed.",
)
def command(paths: tuple[str, ...], from_file: str | None, dry_run: bool, **options: Any) -> int:
    """Estimate shares of perceived gender and age in pictures.

    PATH are files, folders, or URLs like s3://bucket/folder. What was scanned is kept, so that the next scan
    reads only what is new, and a scan that was killed goes on. Exit code 3: finished, but some files could
    not be read.
    """
    from agestat.scanning.shards import parse_shard

    options["shard"] = options["shard"] and parse_shard(options["shard"])
    scanned = [*paths, *_listed(from_file)]
    if not scanned:
        if from_file:
            raise UsageError("There is nothing to scan: the list {list} is empty.", list=from_file)
        raise UsageError("There is nothing to scan: give at least one PATH, or --from-file.")
    if dry_run:
        return _dry_run(scanned, options)
    return _scan(scanned, from_file, options)


def _scan(paths: list[str], from_file: str | None, options: dict[str, Any]) -> int:
    from agestat.api import StoppedError, check_plan, scan
    from agestat.cli.check import check
    from agestat.cli.deliver import deliver, warn_of_missing
    from agestat.model.checkpoint import calibration_file, judging
    from agestat.model.label_space import SPACES
    from agestat.scanning.store import Store, store_of

    keys = (
        "model",
        "fresh",
        "include",
        "exclude",
        "all_files",
        "min_face",
        "min_score",
        "tiles",
        "device",
        "workers",
        "limit",
        "shard",
        "engine",
        "address",
        "actors",
        "gpus_per_actor",
        "parts",
    )
    chosen = {key: options[key] for key in keys}
    chosen["batch_size"] = _batch_size(options["batch_size"])
    inputs = [*filter(None, [options["db"], from_file]), *paths]
    info = judging(options["model"], options["device"])
    check(options, SPACES[info["space"]], inputs)
    calibration = calibration_file(options["model"], info["precision"])
    if not calibration.is_file():
        raise UsageError(
            "The model {model} has no {calibration}, which tells its errors: train it again.",
            model=options["model"],
            calibration=calibration.name,
        )
    numbers = {key: chosen[key] for key in ("batch_size", "workers", "limit", "min_face")}
    check_plan(chosen["device"], numbers, chosen["min_score"])
    with Store(
        options["db"] or store_of(paths, options["shard"])
    ) as store:  # nobody scans into it before all is delivered
        try:
            with _progress(paths, options) as progress:
                result = scan(paths, **chosen, db=store, progress=progress)
        except StoppedError as stopped:
            tell(stopped.message, **stopped.values)
            return 128 + stopped.signal
        if options["verbose"] and not options["anonymous"]:
            tell("All rows are in {store}.", store=store.path)
        warn_of_missing(result)
        return deliver(result, options)


def _listed(name: str | None) -> list[str]:
    """The paths of a list; see `agestat.written.paths.read_list`."""
    if name is None:
        return []
    try:
        with click.open_file(name, "rb") as file:
            data = file.read()
    except OSError as error:
        raise UsageError(
            "The list {name} cannot be read ({reason}).", name=name, reason=error.strerror
        ) from error
    except RuntimeError as error:
        raise UsageError("Standard input is closed: give the name of a list.") from error
    return read_list(data, name)


def _batch_size(text: str) -> int | None:
    if text == "auto":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise UsageError("--batch-size {value} must be auto or a number of faces.", value=text)
    return int(text)


def _dry_run(paths: list[str], options: dict[str, Any]) -> int:
    from itertools import islice

    from agestat.files import output_file
    from agestat.images.walk import Found, walk
    from agestat.scanning.shards import only_shard

    found = only_shard(walk(paths, **{key: options[key] for key in WALKED}), options["shard"])
    number = 0
    with output_file("-") as stream:
        for entry in islice(found, min(options["limit"] or sys.maxsize, sys.maxsize)):
            if isinstance(entry, Found):
                number += 1
                stream.write(os.fsencode(entry.full) + b"\n")
            else:
                click.echo(f"{entry.reason}: {entry.path!a}", err=True)
    tell("Files that would be scanned: {number}", number=number)
    return 0


@contextlib.contextmanager
def _progress(paths: list[str], options: dict[str, Any]) -> Iterator[Callable[["Progress"], None]]:
    """What shows how far a scan is: on a terminal a bar with pictures per second and time left."""
    if options["quiet"]:
        yield lambda _: None
        return
    from agestat.report.language import open_language

    t = open_language()
    if not sys.stderr.isatty():
        yield lambda now: _say_stopping(now, t) if now.stopping else None
        return
    from threading import Thread

    from tqdm import tqdm

    from agestat.images.walk import walk
    from agestat.scanning.shards import only_shard

    faces, failed = t.gettext("faces"), t.gettext("failed")
    with tqdm(unit=f" {t.gettext('pictures')}", dynamic_ncols=True) as bar:

        def count() -> None:
            """The walk itself is too close to the scan to know the end."""
            found = walk(paths, **{key: options[key] for key in WALKED})
            bar.total = sum(1 for _ in only_shard(found, options["shard"]))
            bar.total = min(bar.total, options["limit"] or bar.total)

        def show(now: "Progress") -> None:
            if now.stopping:
                _say_stopping(now, t)
                return
            bar.set_postfix({faces: now.faces, failed: now.failed}, refresh=False)
            bar.update(now.done - bar.n)

        Thread(target=count, daemon=True).start()
        yield show


def _say_stopping(now: "Progress", t: "Language") -> None:
    """Answer the first Ctrl-C. This runs between any two steps of the program, perhaps inside a print: it
    writes to the system."""
    said = t.ngettext(
        "Stopping: finishing {number} file; Ctrl-C again stops at once.",
        "Stopping: finishing {number} files; Ctrl-C again stops at once.",
        now.under_way,
    )
    os.write(2, f"\n{said}\n".encode(sys.stderr.encoding or "utf-8", "replace"))
