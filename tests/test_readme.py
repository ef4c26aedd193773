"""What README and docs say is tried: commands can be typed, files are there, numbers are those of the tables.

What has a test of its own beside what it does is not repeated here: which one is written in `CLAIMS`.
"""

import json
import os
import re
import shlex
from importlib.metadata import metadata
from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import CliRunner

import agestat
from agestat.analysis.faces import COUNTS_AS, LOOKS, MODEL_SAYS, PLACE
from agestat.cli.main import cli
from agestat.report.set_examples import ENDS, PER_ROW
from agestat.report.thumbnails import FACES
from agestat.stats.compare import COMPARISON_COLUMNS
from agestat.stats.estimate import AGE_COLUMNS, COLUMNS
from agestat.stats.own_labels import ENOUGH, FEWEST

ROOT = Path(__file__).parents[1]
PEOPLE = ROOT / "sample_images" / "people"
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")
CLAIMS = {
    "README.md": {
        "accounts for every file": "scanning/test_accounts.py::test_every_file_is_accounted_for",
        "stores no faces": "faults/test_security.py::test_the_store_keeps_neither_pixels_nor_features",
        "identifies nobody": "scanning/test_once.py::test_pictures_that_only_follow_each_other_are_not",
        "A file that cannot be read costs nothing but its own row": "test_story.py::"
        "test_a_file_that_cannot_be_read_is_a_line_and_an_exit_code",
        "Counting finds one": "test_sample_images.py::test_one_gender_at_most_is_wrong",
        "`-v` adds the method": "cli/test_report_command.py::"
        "test_by_keeps_the_whole_and_few_faces_are_listed",
        "Data goes to stdout, messages to stderr": "cli/test_streams.py",
        "Shell completion": "cli/test_main.py",
        "reads only what is new or changed": "scanning/test_scan.py::"
        "test_only_new_and_changed_files_are_read",
        "a scan that was killed goes on": "faults/test_kill.py::"
        "test_killed_at_random_moments_the_rows_are_those_of_an_unbroken_scan",
        "Groups come from folders, dates, cameras, the path or a table of yours": "analysis/test_groups.py",
        "everything is as at one moment": "scanning/test_scan.py::test_inside_with_a_result_stays_as_it_was",
        "without scanning again": "cli/test_report_command.py::test_everything_at_once_without_scanning",
        "one file without scripts": "report/test_html.py::test_nothing_is_loaded_from_anywhere",
        "opens from disk, prints, and fits a phone": "report/test_page_in_browser.py",
        "shows no faces unless": "faults/test_security.py::test_the_page_shows_faces_only_when_asked",
        "to tick what is no person": "report/test_review_page.py::"
        "test_reviewed_in_a_browser_and_taken_back_in",
        "undo, and a memory of your answers": "report/test_label_page.py::"
        "test_a_closed_page_goes_on_where_it_was",
        "`--labels` then tightens the shares": "stats/test_prediction_powered.py::"
        "test_own_labels_correct_what_calibration_cannot",
        "forgets a\nchat on `/forget`": "bot/test_bot.py",
        "It runs on your own machine": "faults/test_security.py::test_a_scan_opens_no_socket",
        "can be pasted into a report": "test_story.py::test_the_first_scan_says_who_is_there",
        "A warning that the faces are harder to judge": "report/test_html.py::test_shift_warning_is_shown",
        "3 finished but some files could not be read": "cli/test_scan_command.py::"
        "test_scan_writes_the_table_and_exits_with_3",
        "`--exclude-faces` then leaves them out and says how many": "report/test_review_page.py::"
        "test_what_is_listed_is_left_out_and_told",
        "`--lang ru` makes it Russian": "report/test_html.py::test_russian_pages_hold_no_english_phrases",
        "works offline on a computer or a phone": "report/test_label_page.py::"
        "test_three_hundred_faces_by_touch_on_a_phone_in_russian",
        "no shares would be estimated from fewer than ten": "cli/test_report_command.py::"
        "test_too_few_faces_are_a_sentence_and_no_figure",
        "`agestat stores rm` deletes it": "cli/test_stores_command.py::"
        "test_kept_scans_are_listed_and_deleted",
        "one store of the parts": "scanning/test_shards.py::test_four_shards_merged_are_one_scan_row_by_row",
        "then corrects with them": "judging/test_calibration.py",
        "keeps no pictures": "bot/test_bot.py::test_statistics_are_counts_without_names_and_are_forgotten",
    },
    "docs/guide.md": {
        "bands can be chosen afterwards, without scanning again": "cli/test_report_command.py::"
        "test_by_keeps_the_whole_and_few_faces_are_listed",
        "a band that cuts one of these ranges has a\nwider interval": "report/test_console.py",
        "the least certain first": "report/test_review_page.py::test_reviewed_in_a_browser_and_taken_back_in",
        "Z takes the last\nanswer back; answers are remembered": "report/test_label_page.py::"
        "test_a_closed_page_goes_on_where_it_was",
        "never sort the file and fill it\nfrom the top": "cli/test_label_command.py::"
        "test_the_first_rows_of_a_sorted_table_are_no_sample",
        "in gender first, then in mean age, age bands and cells": "cli/test_compare_command.py::"
        "test_two_scans",
        "p-values that are adjusted for the number of comparisons": "stats/test_comparison.py::"
        "test_holm_adjusts_as_in_the_paper",
        "treats a\nfolder as one observation": "scanning/test_scan.py::"
        "test_clusters_are_of_photos_or_folders",
        "none is estimated, unless `--min-n` asks for it": "cli/test_report_command.py::"
        "test_too_few_faces_are_a_sentence_and_no_figure",
    },
    "docs/privacy.md": {
        "a scan opens no network connection": "faults/test_security.py::test_a_scan_opens_no_socket",
        "Never kept by anything but training: pixels": "faults/test_security.py::"
        "test_the_store_keeps_neither_pixels_nor_features",
        "which only you may enter": "training/test_crops.py::"
        "test_pictures_in_the_cache_are_private_and_go_with_the_run",
        "the permissions that your umask gives": "faults/test_disk.py::"
        "test_what_is_written_has_the_users_umask",
        "puts salted hashes in place of paths": "faults/test_security.py::"
        "test_anonymous_leaves_no_path_in_any_output",
        "the salt is random for each\nexport": "faults/test_security.py::"
        "test_hashes_of_paths_differ_from_export_to_export",
        "deletes a store with what lies beside it": "cli/test_stores_command.py::"
        "test_kept_scans_are_listed_and_deleted",
        "Faces are shown only where they are asked for": "faults/test_security.py::"
        "test_the_page_shows_faces_only_when_asked",
        "without pixels and paths": "report/test_label_page.py::test_a_closed_page_goes_on_where_it_was",
    },
}
"""By page, a claim as it stands there, and the test that tries it."""


@pytest.mark.parametrize(("page", "claim"), [(page, claim) for page in CLAIMS for claim in CLAIMS[page]])
def test_a_claim_is_made_and_has_a_test(page, claim):
    assert claim in (ROOT / page).read_text(encoding="utf-8")
    file, _, name = CLAIMS[page][claim].partition("::")
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    assert f"def {name or 'test_'}" in text


UNTRIED = {
    "--actors": "needs a cluster of more processors than a test has: docs/scale.md",
    "--gpus-per-actor": "needs a GPU",
    "--teachers": "a run of hours: docs/training.md",
    "--int8": "its function is tried: training/test_quantise.py",
}
"""Options that no test types, and why."""


def test_every_option_is_tried():
    """What the help says of an option is a claim too: a test types it, or gives it to the function behind."""
    files = [path for path in (ROOT / "tests").rglob("*.py") if path != Path(__file__)]
    tried = "\n".join(path.read_text(encoding="utf-8") for path in files)
    for name, command in commands():
        for option in command.params:
            if isinstance(option, click.Option) and not UNTRIED.keys() & {*option.opts, "--help"}:
                typed = "|".join(map(re.escape, option.opts + option.secondary_opts))
                assert re.search(rf"(?<![\w-])({typed})(?![\w-])|\b{option.name}=", tried), (
                    name,
                    option.opts,
                )


def blocks() -> list[tuple[Path, str]]:
    """Each line of the pages and of help that somebody would type."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        code = re.findall(r"^(?: {4}|\$ )(.+)$", text, re.M) + re.findall(r"`(agestat [^`\n]+)`", text)
        code += [line for block in re.findall(r"```sh\n(.*?)```", text, re.S) for line in block.splitlines()]
        found += [(page, line) for line in code]
    for name, command in commands():
        words = str(command.epilog or "").split("\n")
        found += [(Path(name), line.strip()) for line in words if line.startswith("  ")]
    return found


def commands(group=cli, name="agestat"):
    """Names and commands, those of groups too; they are imported when asked for."""
    context = click.Context(group)
    for one in group.list_commands(context):
        command = group.get_command(context, one)
        yield f"{name} {one}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {one}")


def typed(line: str) -> list[list[str]]:
    """The commands of this program in a line of a shell."""
    parts = re.split(r"&&|\|(?=\s)|(?<!\S)#", re.sub(r"\b[A-Z_]+=\S+ ", "", line))
    words = [shlex.split(part) for part in parts if re.match(r"\s*(\S*/)?agestat ", part)]
    return [found[1:] for found in words if "..." not in found]


def test_every_command_of_the_pages_can_be_typed():
    lines = [(page, words) for page, line in blocks() for words in typed(line)]
    assert len(lines) > 80
    for page, words in lines:
        command, context = cli, click.Context(cli, info_name="agestat")
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            found = command.get_command(context, words[0])
            assert found is not None, (page.name, words)
            command, words = found, words[1:]
            context = click.Context(command, parent=context)
        try:
            command.make_parser(context).parse_args(list(words))
        except click.BadOptionUsage:
            pass  # `agestat report --review` in a sentence
        except click.NoSuchOption as error:
            pytest.fail(f"{page.name}: agestat {' '.join(words)}: {error.message}")


def test_every_option_that_is_named_is_there():
    known = {name for _, command in commands() for option in command.params for name in option.opts}
    known |= {
        name for _, command in commands() for option in command.params for name in option.secondary_opts
    }
    known |= {"--help", "--version"}
    for script in (ROOT / "benchmarks").glob("*.py"):
        known |= set(re.findall(r'"(--[a-z-]+)"', script.read_text(encoding="utf-8")))
    for page in PAGES:
        text = re.sub(
            r"`[^`\n]*(?:pip|python|srun|ray|kubectl|torchrun)[^`\n]*`", "", page.read_text(encoding="utf-8")
        )
        named = set(re.findall(r"`(--[a-z][a-z0-9-]+)", text))
        assert named <= known, page.name


def test_the_table_of_commands_has_all_of_them():
    rows = re.findall(r"^\| `.*", README, re.M)
    missing = [
        name
        for name in cli.list_commands(click.Context(cli))
        if not any(f"agestat {name}" in row for row in rows)
    ]
    assert not missing


def test_what_the_pages_point_at_is_there():
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        links = re.findall(r"\]\(([^)#:]+)\)|<img src=\"([^\"]+)\"", text)
        for target in filter(None, (part for pair in links for part in pair)):
            assert (page.parent / target).exists(), (page.name, target)
        for extra in re.findall(r"agestat\[([a-z0-9,]+)\]", text):
            assert set(extra.split(",")) <= set(metadata("agestat").get_all("Provides-Extra")), page.name
        for script in re.findall(r"python ((?:benchmarks|docs)/\w+\.py)", text):
            assert (ROOT / script).is_file(), (page.name, script)


MEASURES = {
    "macro F1": ("f1_macro", 1, 3),
    "micro F1": ("f1_micro", 1, 3),
    "gender accuracy": ("gender_accuracy", 100, 1),
    "age bucket accuracy": ("age_band_accuracy", 100, 1),
    "age MAE": ("age_mae", 1, 1),
}
"""What the table of models calls a measure of ``model.json``, its scale, and digits."""


def test_the_measured_errors_of_the_models_are_those_of_their_descriptions():
    cells = r"^\| (faces|simpsons) \| (\w+ \w+) \| ([^|,]+)[^|]*\| ([\d.]+ \([^)]*\))"
    rows = re.findall(cells, README, re.M)
    assert len(rows) >= 8
    for model, labelled, measure, told in rows:
        info = json.loads((ROOT / "weights" / model / "model.json").read_text(encoding="utf-8"))
        key, scale, digits = MEASURES[measure.strip()]
        found = info["metrics"][labelled][key]
        value, low, high = (f"{scale * found[part]:.{digits}f}" for part in ("value", "low", "high"))
        assert told == f"{value} ({low} to {high})", (model, labelled, measure)


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """A folder with ``photos``, and what the first command of README prints there."""
    home = tmp_path_factory.mktemp("readme")
    for name, folder in (
        ("photos", PEOPLE),
        ("summer", PEOPLE / "pioneers"),
        ("winter", PEOPLE / "white_house"),
    ):
        (home / name).symlink_to(folder)
    before = Path.cwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(home / "cache"))
        patch.setenv("LC_ALL", "C.UTF-8")
        os.chdir(home)
        command = re.search(r"<!-- ci: scan -->\n```sh\n.*bin/agestat (.*)\n", README)[1]
        words = shlex.split(command.replace("sample_images/people", "photos"))
        result = CliRunner().invoke(cli, words, standalone_mode=False)
        assert result.return_value == 0, result.output
        yield home, result.stdout
        os.chdir(before)


def test_the_output_is_as_short_and_of_the_shape_that_is_shown(scanned):
    shown = re.search(r"```\n(Perceived age and gender\n.*?)```", README, re.S)
    printed = [re.split(r"\s{2,}|\s(?=\d)", line)[0] for line in scanned[1].splitlines()]
    rows = [re.split(r"\s{2,}|\s(?=\d)", line)[0] for line in shown.group(1).splitlines()]
    assert len(rows) <= 25
    assert [row for row in rows if re.fullmatch(r"[\d+-]+|all", row)] == [
        row for row in printed if re.fullmatch(r"[\d+-]+|all", row)
    ]
    assert {"Perceived age and gender", "To cite: Of"} <= {*rows} & {*printed}


def test_the_same_numbers_stand_in_the_table(scanned):
    home, printed = scanned
    rows = pd.read_csv(home / "out.csv")
    for row in rows.query("row == 'cell' or row == 'gender'").itertuples():
        share = f"{100 * row.share:.1f} ({100 * row.share_low:.1f}–{100 * row.share_high:.1f})"
        lines = [line for line in printed.splitlines() if re.match(rf"{re.escape(row.band)}\s+\d", line)]
        line = lines[-1]  # "all" begins the heading of the table too
        assert share in line
        assert f" {100 * row.share_counted:.1f}" in line


def test_the_python_of_the_readme_runs(scanned):
    agestat.scan("summer"), agestat.scan("winter")
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    names: dict = {}
    exec(code, names)
    assert len(names["result"].faces) == 5


def test_tables_have_the_columns_that_are_told():
    told = (ROOT / "docs" / "exports.md").read_text(encoding="utf-8")
    for columns in (
        [*COLUMNS, "row"], AGE_COLUMNS, [*COMPARISON_COLUMNS, "global_p"],
    ):  # fmt: skip
        assert f"`{', '.join(columns)}`" in told
    faces = re.search(r"## One row per face\n(.*?)\n## ", told, re.S).group(1)
    assert all(f"`{name}`" in faces for name in [*PLACE[1:], *COUNTS_AS, *MODEL_SAYS, *LOOKS, "flags"])


def test_numbers_in_words_are_those_of_the_program():
    privacy, guide = (
        (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("privacy.md", "guide.md")
    )
    assert f"up to {FACES} faces into the report" in privacy
    assert f"up to {PER_ROW * len(ENDS)} pictures of a labelled set" in privacy
    assert f"With fewer than {ENOUGH} labelled\nphotos in a group" in guide
    assert f"{FEWEST} or more that\ncontradict it" in guide
