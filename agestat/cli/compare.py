"""`agestat compare`: do two scans, or two groups of one scan, differ?"""

import click


@click.command()
@click.argument("a", type=click.Path(exists=True))
@click.argument("b", required=False)
@click.option("--by", multiple=True, metavar="KEY", help="Groups of the scan A, as in `agestat scan`.")
@click.option("--groups", nargs=2, metavar="NAME NAME", help="The two groups of A to compare, with --by.")
@click.option("--metadata", metavar="FILE.csv", help="Table with a column path, for --by column:NAME.")
@click.option("--trust-mtime", is_flag=True, help="Where EXIF has no time, take the file's.")
@click.option(
    "--bands",
    default="marketing",
    show_default=True,
    help="Age bands: marketing, un5, un10, seed, or first ages like 0,18,35,50,65.",
)
@click.option(
    "--level",
    type=click.FloatRange(0.5, 0.999),
    default=0.95,
    show_default=True,
    help="Level of the intervals.",
)
@click.option(
    "--cluster",
    type=click.Choice(["photo", "folder"]),
    default="photo",
    show_default=True,
    help="Faces of one of these are not taken as independent.",
)
@click.option("--csv", "out", metavar="FILE|-", help="All differences as CSV; - is standard output.")
def command(
    a: str, b: str | None, by: tuple[str, ...], groups: tuple[str, str] | None, metadata: str | None,
    trust_mtime: bool, bands: str, level: float, cluster: str, out: str | None,
) -> None:  # fmt: skip
    """Compare the perceived gender and age of the faces in A and B.

    A and B are scanned folders or stores, made with the same model; or A alone with --by and --groups.

    Examples: agestat compare summer winter; agestat compare photos --by year --groups 2019 2024
    """
    from contextlib import ExitStack
    from functools import partial

    import pandas as pd

    from agestat.errors import AgestatError, UsageError
    from agestat.model.checkpoint import read_calibration
    from agestat.scan.result import Scan
    from agestat.stats.bands import parse_bands
    from agestat.stats.calibration import Calibration
    from agestat.stats.compare import compare
    from agestat.stats.tally import Chunks, only_group

    if (b is None) == (groups is None):
        raise UsageError("Give two scans to compare, or one scan with --by KEY and --groups NAME NAME.")
    if groups is not None and not by:
        raise UsageError("--groups needs --by, which says what the groups are.")
    if by and groups is None:
        raise UsageError("--by needs --groups NAME NAME: which two of the groups to compare.")
    with ExitStack() as stack:
        scans = [stack.enter_context(Scan.open(path)) for path in ([a, b] if b else [a])]
        if scans[0].run["model_digest"] != scans[-1].run["model_digest"]:
            raise AgestatError(f"{a} and {b} were scanned with different models: scan one of them again.")
        chunks: list[Chunks] = [
            partial(scan.chunks, by, cluster=cluster, metadata=metadata, trust_mtime=trust_mtime)
            for scan in scans
        ]
        if groups is not None:
            chunks = [partial(only_group, part, name) for part, name in zip(chunks * 2, groups, strict=True)]
        model = scans[0].run
        calibration = Calibration.from_arrays(
            scans[0].space, read_calibration(model["model_path"]), model["model"]
        )
        found = compare(
            chunks[0],
            chunks[1],
            calibration,
            bands=parse_bands(bands),
            level=level,
            names=groups or (a, str(b)),
        )
    if out:
        table = pd.concat([found.table, found.margins]).assign(global_p=found.global_p)
        with click.open_file(out, "w", encoding="utf-8") as file:
            table.to_csv(file, index=False)
    click.echo(found.words, err=out == "-")
