"""Options that could not be used are refused before anything long is done."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agestat.errors import N_, UsageError
from agestat.written.paths import as_on_disk

if TYPE_CHECKING:
    from agestat.model.label_space import LabelSpace

TABLES = ("csv", "json", "parquet")
MORE_TABLES = ("margins", "ages")
OUTPUTS = (*TABLES, *MORE_TABLES, "xlsx", "faces", "files", "html", "png", "review")
PAGES = ("html", "htm")
NO_PAGE = N_(
    "This is a page of HTML, not {target}: end its name with one of {endings}; browsers print it as PDF."
)
KINDS = {*TABLES, *PAGES, "jsonl", "xlsx", "xls", "ods", "pdf", "png", "svg"}  # that names of files tell
FEW = 1000  # inputs that are looked at one by one; a longer list is one of files


def check(options: dict[str, Any], space: "LabelSpace", inputs: Sequence[str]) -> None:
    """Raise `UsageError` for options that `agestat.cli.deliver` could not use; ``inputs`` are what else the
    command reads."""
    from agestat.analysis.groups import parse_by
    from agestat.analysis.scan import DEFAULT_BANDS
    from agestat.files import format_of
    from agestat.report.export import FACE_FORMATS, WRITERS, need_excel
    from agestat.stats.bands import band_of_cells, parse_bands
    from agestat.stats.correct import METHODS

    if options["raw"] and options["method"]:
        raise UsageError("--raw and --method exclude each other: --raw is the method cc.")
    if options["method"] not in (None, *METHODS):
        raise UsageError(
            "There is no method {method!r}: choose one of {methods}.",
            method=options["method"],
            methods=", ".join(METHODS),
        )
    if options["anonymous"] and (options["thumbnails"] or options["review"]):
        raise UsageError("--anonymous excludes --thumbnails and --review: faces identify people.")
    parse_by(options["by"], metadata=options["metadata"], trust_mtime=options["trust_mtime"])
    bands = DEFAULT_BANDS[space.name] if options["bands"] is None else options["bands"]
    band_of_cells(space, parse_bands(bands))
    check_labels(options["labels"])
    if options["exclude_faces"] and not _is_file(options["exclude_faces"]):
        raise UsageError("The list {list} is not there: check the path.", list=options["exclude_faces"])
    read = [*filter(None, [options[key] for key in ("labels", "metadata", "exclude_faces")]), *inputs]
    check_outputs([options[key] for key in OUTPUTS], read, options["png"])
    if options["faces"]:
        format_of(options["faces"], FACE_FORMATS)
    check_pages(options["html"], options["review"])
    check_tables(**{kind: options[kind] for kind in (*TABLES, "xlsx")})
    formats = [format_of(options[key], WRITERS) for key in (*MORE_TABLES, "files") if options[key]]
    if options["xlsx"] or "xlsx" in formats:
        need_excel()


def check_labels(path: str | None) -> None:
    """Raise `UsageError` for a file of labels that is not there."""
    if path and not _is_file(path):
        raise UsageError("The labels {labels} are not there: check the path.", labels=path)


def _is_file(path: str) -> bool:
    """Whether a file is there, in either composition of its name."""
    return Path(as_on_disk(path)).is_file()


def check_pages(*targets: str | None) -> None:
    """Raise `UsageError` for the name of a page that is not one of HTML."""
    from agestat.files import format_of

    for target in filter(None, targets):
        format_of(target, PAGES, NO_PAGE)


def check_tables(**targets: str | None) -> None:
    """Raise `UsageError` for tables, by their kinds, whose names tell another kind of file."""
    for kind, target in targets.items():
        if target and Path(target).suffix.lower().removeprefix(".") in KINDS - {kind}:
            raise UsageError(
                "{target} would hold {kind}, not what its name says: end it with .{ending}.",
                target=target, kind=kind.upper(), ending=kind,
            )  # fmt: skip


def check_outputs(outputs: Iterable[str | None], inputs: Sequence[str], figure: str | None = None) -> None:
    """Raise `UsageError` for outputs that would be lost, or would take the place of what is read; ``figure``
    is the one that is drawn."""
    from agestat.files import is_stream, resolved

    targets = [target for target in outputs if target]
    if targets.count("-") > 1:
        raise UsageError("Only one output can go to standard output: give the others a file name.")
    names = {Path(target).name for target in targets}  # a list of inputs may hold millions
    taken = {resolved(name) for name in inputs[:FEW]}  # which may be links
    taken |= {resolved(name) for name in inputs[FEW:] if os.path.basename(name) in names}  # noqa: PTH119
    for target in targets:
        if is_stream(target):
            continue
        path = resolved(target)
        if path in taken:
            raise UsageError(
                "{target} is read or written by this command already: give another file name.", target=target
            )
        if not path.parent.is_dir():
            raise UsageError("There is no folder for {target}: make it first.", target=target)
        if target != figure and _is_picture(path):
            raise UsageError(
                "{target} is a picture, which would be lost: give another file name.", target=target
            )
        taken.add(path)
    if figure:
        _check_figure(figure, inputs)


def _check_figure(target: str, inputs: Sequence[str]) -> None:
    """Raise `UsageError` for a drawing that cannot be written, or would be a picture of the next scan."""
    from agestat.files import is_stream, resolved
    from agestat.report.figure_style import figure_format

    if figure_format(target) != "png" or is_stream(target):
        return
    scanned = {resolved(name) for name in inputs[:FEW] if os.path.isdir(name)}  # noqa: PTH112
    if scanned & set(resolved(target).parents):
        raise UsageError(
            "{target} would lie among the scanned pictures and count as one of them: name "
            "another folder, or end it with .svg.",
            target=target,
        )


def _is_picture(path: Path) -> bool:
    from agestat.images.decode import sniff

    try:
        with path.open("rb") as file:
            return sniff(file.read(32)) is not None
    except OSError:  # there is none, or none that may be read: writing will tell
        return False
