"""`agestat compare` on stores that the tests write themselves: no network is needed."""

import csv
import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

import agestat
from agestat.analysis.comparison import compare_groups
from agestat.cli.compare import command as compare_command
from agestat.cli.label import command as label_command
from agestat.cli.report import command as report_command
from agestat.errors import AgestatError, UsageError


def run(*arguments, command=compare_command):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)


def said(text):
    """What is printed, whatever the width of the terminal."""
    return " ".join(text.split())


def rows_of(table):
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def other(write):
    """More women than in ``store``."""
    return write("other.sqlite", np.tile([1, 1, 1, 0, 4, 2], 50))


def result_table(store, folder, *options):
    out = folder / f"{store.stem}{len(options)}.csv"
    run(store, "--csv", out, "--quiet", *options, command=report_command)
    return out


def test_two_scans(store, other, tmp_path):
    table, picture = tmp_path / "differences.csv", tmp_path / "forest.png"
    result = run(store, other, "--csv", table, "--png", picture)
    words = said(result.output)
    assert words.startswith("Perceived as female: ")
    assert f" of 300 faces in {store}, " in words
    order = [
        "Mean perceived age: ",
        " All cells together differ (permutation test over photos, p = 0.0005).",
        " female, % ",
        " mean age, years ",
        " adult, % ",
        " female adult, % ",
    ]
    assert sorted(order, key=words.index) == order
    known, cited = words.split(" To cite: ")
    assert known.endswith(
        f" {store}: Whether the faces look like the calibration set of cartoons is not known. "
        f"{other}: Whether the faces look like the calibration set of cartoons is not known. "
        "Shares by Bayesian adjusted counting with 95 % intervals, from the errors of the model on 600 "
        "calibration pictures (cartoons). P-values are adjusted (Holm): those of gender and the mean age "
        "together, and those of all bands and cells."
    )
    assert cited.startswith("Perceived as female: ")
    made = r" Shares by Bayesian adjusted counting, model cartoons \(abc\), agestat [\d.]+, \d{4}-\d\d-\d\d\."
    assert re.search(f"adjusted p = [\\d.]+\\).{made}$", cited)
    rows = rows_of(table)
    assert len(rows) == 6 + 5
    assert {"difference_low", "p_adjusted", "global_p"} <= set(rows[0])
    assert {(row["method"], row["level"], row["calibration"], row["calibration_n"]) for row in rows} == {
        ("bayes", "0.95", "cartoons", "600")
    }
    assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix != ".sqlite") == [
        "differences.csv", "forest.png",
    ]  # fmt: skip


def test_the_picture_is_dark_where_that_is_asked_for(store, other, tmp_path):
    corners = []
    for theme in ("light", "dark"):
        run(store, other, "--png", tmp_path / "forest.png", "--theme", theme)
        with Image.open(tmp_path / "forest.png") as picture:
            corners.append(sum(picture.convert("RGB").getpixel((0, 0))))
    assert corners[0] > 3 * 240
    assert corners[1] < 3 * 40


def test_two_groups_of_one_scan(store):
    result = run(store, "--by", "folder", "--groups", "2023", "2024", "--csv", "-")
    assert result.exit_code == 0
    assert result.stdout.startswith("gender,age_min,age_max,band,share_a,share_b,difference,")
    assert " of 150 faces in 2023, " in result.stderr


def label(store, folder, n, **labels):
    """Own labels of some faces, all the same."""
    out = folder / f"{store.stem}_labels.csv"
    folder.mkdir(exist_ok=True)
    run(store, "--n", n, "--out", out, command=label_command)
    pd.read_csv(out).assign(**labels).to_csv(out, index=False)
    return out


def test_own_labels_of_either_side_and_of_groups(store, other, tmp_path):
    mine = label(store, tmp_path, 60, gender="female", age="30")
    theirs = label(other, tmp_path, 30, gender="female", age="30")
    words = said(run(store, other, "--labels", mine, "--labels-b", theirs).output)
    assert " 90 faces that you labelled yourself are taken into account. " in words
    assert "Shares by prediction-powered inference, Bayesian adjusted counting with 95 %" in words
    assert re.search(r"To cite: .* Shares by prediction-powered inference, Bayesian adjusted c", words)
    for side in ("--labels", mine), ("--labels-b", theirs):
        assert run(store, other, *side).output.count("labelled yourself") == 1
    found = agestat.compare(store, other, labels=(mine, None))
    women = found.margins.set_index("gender").loc["female"]
    assert women["share_a"] > 0.9  # by the labels, which contradict the model
    assert (found.own_labels, found.methods) == (60, ("ppi", "bayes"))
    for options in ("--groups", "2023", "2024"), ("--reference", "2023"), ():
        words = said(run(store, "--by", "folder", *options, "--labels", mine).output)
        assert " faces that you labelled yourself are taken into account." in words
    with pytest.raises(UsageError, match="--labels-b is for the faces of B"):
        run(store, "--by", "folder", "--labels-b", mine)
    with pytest.raises(UsageError, match=r"The labels .*none\.csv are not there"):
        run(store, other, "--labels", tmp_path / "none.csv")


def test_labels_of_faces_that_are_gone_are_told(store, other, tmp_path):
    file = label(store, tmp_path, 60, gender="male", age="30")
    table = pd.read_csv(file)
    table.loc[0, "path"] = "2023/9999.jpg"
    table.to_csv(file, index=False)
    told = "1 of your labels is of a face that is not in this scan, and was left out."
    for arguments in ([store, other], [store, "--by", "folder"]):
        assert told in said(run(*arguments, "--labels", file).output)


def test_the_page(store, other, tmp_path):
    page = tmp_path / "c.html"
    result = run(store, other, "--html", page)
    text = page.read_text(encoding="utf-8")
    cited = text.partition("<blockquote>")[2].partition("</blockquote>")[0]
    assert said(cited) == said(result.output).partition("To cite: ")[2]
    assert "Perceived as female: " in text
    assert text.count("<svg") == 1
    assert '<th scope="row">mean age, years</th>' in text
    with pytest.raises(UsageError, match="This is a page of HTML"):
        run(store, other, "--html", tmp_path / "c.pdf")


def test_all_groups_at_once(store, tmp_path):
    table, page, picture = tmp_path / "g.csv", tmp_path / "g.html", tmp_path / "g.png"
    result = run(store, "--by", "folder", "--csv", table, "--html", page, "--png", picture)
    rows = rows_of(table)
    assert [(row["group"], row["measure"]) for row in rows[:2]] == [("2023", "female"), ("2023", "mean age")]
    assert {row["level"] for row in rows} == {"0.95"}
    assert "all other faces" in said(result.output)
    assert re.search(r" To cite: .*, agestat [\d.]+, \d{4}-\d\d-\d\d\.$", said(result.output))
    assert "<svg" in page.read_text(encoding="utf-8")
    assert picture.read_bytes()[:4] == b"\x89PNG"
    run(store, "--by", "folder", "--reference", "2023", "--csv", table)
    assert {row["group"] for row in rows_of(table)} == {row["group"] for row in rows} - {"2023"}
    with pytest.raises(UsageError, match="There is no group '1999' of 10 faces or more"):
        run(store, "--by", "folder", "--reference", "1999")
    with pytest.raises(UsageError, match="not two groups with 1000 faces or more to compare: lower --min-n"):
        run(store, "--by", "folder", "--min-n", "1000")


def test_small_groups_are_named_and_not_compared(store, tmp_path):
    kinds = [(f"{2023 + i % 2}/{i:04}.jpg", "few" if i < 9 else "ab"[i % 2]) for i in range(300)]
    metadata = tmp_path / "kinds.csv"
    pd.DataFrame(kinds, columns=["path", "kind"]).to_csv(metadata, index=False)
    by = "--by", "column:kind", "--metadata", metadata
    words = said(run(store, *by).output)
    assert "1 group has too few faces for an estimate: few (9)." in words
    assert " few 9 " not in words
    assert " few 9 " in said(run(store, *by, "--min-n", 9).output)


def test_in_russian(store, other):
    words = said(run(store, other, "--lang", "ru").output)
    assert " Для цитирования: " in words
    assert words.startswith("Воспринимаются как женщины: ")
    assert f" из 300 лиц в {store}, " in words
    assert not re.search("[a-z]{4} [a-z]{4}", words)


def test_a_group_of_each_of_two_scans(store, other):
    result = run(store, other, "--by", "folder", "--groups", "2023", "2024")
    words = f" of 150 faces in {store} 2023, "
    assert words.replace(" ", "") in "".join(result.output.split())  # a long name is broken anywhere


def test_two_result_tables_with_their_stores(store, other, tmp_path):
    a, b = result_table(store, tmp_path), result_table(other, tmp_path)
    by_table = run(a, b, "--stores", store, other, "--csv", "-").stdout
    assert by_table == run(store, other, "--csv", "-").stdout
    bands = [result_table(path, tmp_path, "--bands", "0,18") for path in (store, other)]
    rows = run(*bands, "--stores", store, other, "--csv", "-").stdout.splitlines()
    assert [row.split(",")[3] for row in rows[1:3]] == ["0-17", "18+"]


def test_groups_of_result_tables(store, tmp_path):
    table = result_table(store, tmp_path, "--by", "folder")
    groups = ("--by", "folder", "--groups", "2023", "2024")
    result = run(table, table, "--stores", store, store, *groups, "--csv", "-")
    assert result.stdout == run(store, *groups, "--csv", "-").stdout
    with pytest.raises(
        AgestatError, match=r"2\.csv 2025 has no group '2025': choose one with --by and --group"
    ):
        run(table, table, "--stores", store, store, "--by", "folder", "--groups", "2023", "2025")


def test_tables_that_are_not_of_their_stores(store, other, write, tmp_path):
    table = result_table(store, tmp_path)
    small = write("small.sqlite", np.arange(6))
    with pytest.raises(
        AgestatError, match=r"scan0\.csv counts 300 faces and the store .*small\.sqlite holds 6"
    ):
        run(table, table, "--stores", small, store)
    coarse = result_table(other, tmp_path, "--bands", "0,18")
    with pytest.raises(AgestatError, match="have different age bands"):
        run(table, coarse, "--stores", store, other)
    strange = tmp_path / "strange.csv"
    strange.write_text("group,n\nall,300\n")
    with pytest.raises(
        AgestatError, match=r"strange\.csv is no result table: it lacks the columns age_max, age"
    ):
        run(strange, table, "--stores", store, other)


def test_what_is_missing(store, other, write, tmp_path):
    foreign = write("foreign.sqlite", np.arange(6), digest="def")
    table = result_table(store, tmp_path)
    for arguments, words in (
        ([store], "Give two scans to compare, or one scan with --by KEY"),
        ([store, "--groups", "a", "b"], "--groups needs --by"),
        ([store, other, "--by", "year"], "--by needs --groups"),
        ([store, "--by", "folder", "--bands", "seed"], "--bands is for two sides"),
        ([table, other], "one of each cannot be compared"),
        ([table, table], "Result tables need --stores"),
        ([store, other, "--stores", store, other], "Result tables need --stores"),
        ([table, table, "--stores", store, other, "--bands", "seed"], "bring their own age bands"),
    ):
        with pytest.raises(UsageError, match=words):
            run(*arguments)
    with pytest.raises(AgestatError, match="scanned with different models: scan one of them again"):
        run(store, foreign)


def test_a_group_that_looks_unlike_the_calibration_set_is_named(write, model, tmp_path):
    store = write("scan.sqlite", np.tile([1, 4, 4, 0, 4, 2], 50))
    result = run(store, "--by", "folder", "--groups", "2023", "none")
    assert result.output.startswith("none holds no faces, so there is nothing to compare.")


def test_the_function_says_what_the_command_says(store, other, tmp_path):
    """By file, by an opened result and by two groups of one scan."""
    run(store, other, "--csv", tmp_path / "differences.csv")
    found = agestat.compare(store, agestat.open(other), names=(str(store), str(other)))
    written = [float(row["share_b"]) for row in rows_of(tmp_path / "differences.csv")]
    assert [*found.table["share_b"], *found.margins["share_b"]] == pytest.approx(written)
    groups = agestat.compare(store, by="folder", groups=("2023", "2024"), level=0.9)
    assert (groups.names, groups.level) == (("2023", "2024"), 0.9)


def test_shares_are_those_of_the_reports_with_own_labels_too(store, other, tmp_path):
    for count, method in ((30, "bayes"), (60, "ppi")):
        mine = label(store, tmp_path / str(count), count, gender="female", age="30")
        alone = agestat.open(store).estimate(labels=mine)
        found = agestat.compare(store, other, labels=mine)
        assert alone.table["method"].unique().tolist() == [found.methods[0]] == [method]
        assert found.table["share_a"].tolist() == pytest.approx(alone.table["share"].tolist())
        ages = [table[table["statistic"] == "mean"] for table in (found.ages, alone.ages)]
        assert ages[0]["value_a"].tolist() == pytest.approx(ages[1]["value"].tolist(), abs=0.05)


def test_shares_and_ages_are_those_of_the_reports(store, other):
    alone, groups = agestat.open(store).estimate(), agestat.open(store).estimate(by="folder")
    found = agestat.compare(store, other)
    assert found.table["share_a"].tolist() == pytest.approx(alone.table["share"].tolist())
    assert found.margins["share_a"].tolist() == pytest.approx(alone.margins["share"].tolist())
    assert found.ages["value_a"].tolist() == pytest.approx(alone.ages["value"].tolist())
    pair = agestat.compare(store, by="folder", groups=("2023", "2024"))
    women = [groups.margin(group, gender="female")["share"] for group in ("2023", "2024")]
    row = pair.margins.iloc[0]
    assert [row["share_a"], row["share_b"]] == pytest.approx(women)
    assert row["difference"] == pytest.approx(women[1] - women[0])
    every = compare_groups(store, "folder", reference="2023").table.iloc[0]
    assert [every["value_reference"], every["value"]] == pytest.approx(women)
