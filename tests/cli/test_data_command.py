"""``agestat data check`` as a user runs it."""

import re
import shutil

from click.testing import CliRunner
from PIL import Image

from agestat.cli.data import command
from agestat.cli.main import cli


def test_check_prints_counts_and_writes_plots(figures, tmp_path):
    result = CliRunner().invoke(command, ["check", str(figures), "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    for line in (
        "pictures: 330 (labels.csv)",
        "width: 64 to 64 pixels, median 64",
        "subjects: not labelled",
        "exact duplicates across splits: 0 pairs",
    ):
        assert line in result.stdout.splitlines()
    assert "elderly woman     40   15   55" in result.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "ages.png", "classes.png", "duplicates.csv", "quality.png",
    ]  # fmt: skip


def test_it_speaks_russian(figures, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(figures, folder)
    with (folder / "labels.csv").open("a") as file:
        file.write("images/none.png,train,male,30,,,\n../x.png,train,male,30,,,\n")
    words = ["data", "check", str(folder), "--out", str(tmp_path / "out"), "-q", "--lang", "ru"]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 3, result.output
    said = result.stdout.replace(str(tmp_path), "").replace(".png", "").replace(".csv", "")
    for words in ("пожилая женщина", "снимков: 330 (labels)", "ширина: от 64 до 64 пикселей, медиана 64",
                  "точных повторов между частями: 0 пар", "строка 332: нет файла none",
                  "строка 333: ../x лежит вне набора"):  # fmt: skip
        assert words in said
    assert not re.search("pictures|subjects|duplicates?:|line", said)


def test_examples_of_both_ends_are_drawn_where_asked_and_nowhere_else(figures, tmp_path):
    target = tmp_path / "examples.png"
    check = ["check", str(figures), "-q", "--out", str(tmp_path / "out"), "--examples"]
    result = CliRunner().invoke(command, [*check, str(target)])
    assert result.exit_code == 0, result.output
    assert "examples.png shows faces, which can identify people: delete it" in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["examples.png", "out"]
    assert not [path for path in (tmp_path / "out").iterdir() if path.name == "examples.png"]
    with Image.open(target) as picture:
        rows = [picture.convert("RGB").crop((0, y, picture.width, y + picture.height // 4))
                for y in range(0, picture.height - 3, picture.height // 4)]  # fmt: skip
        assert all(len(row.getcolors(10**6)) > 1000 for row in rows)
    for name, words in (("examples.jpg", "format"), (figures / "examples.png", "would lie in the set")):
        assert words in str(CliRunner().invoke(command, [*check, str(name)]).exception)


def test_bad_rows_are_listed_and_the_exit_code_says_so(figures, tmp_path):
    folder = tmp_path / "set"
    shutil.copytree(figures, folder)
    with (folder / "labels.csv").open("a") as file:
        file.write("images/none.png,train,male,30,,,\n")
    result = CliRunner().invoke(command, ["check", str(folder), "--out", str(tmp_path / "out"), "-q"])
    assert result.exit_code == 3
    assert "labels.csv, line 332: there is no file none.png" in result.stdout


def test_an_output_folder_that_cannot_be_made_is_named_first(figures, tmp_path):
    (tmp_path / "file").touch()
    result = CliRunner().invoke(command, ["check", str(figures), "--out", str(tmp_path / "file" / "out")])
    assert (
        str(result.exception) == f"{tmp_path}/file/out cannot be made (Not a directory): give another folder."
    )


def test_its_own_plots_are_never_pictures_of_the_set(tmp_path, monkeypatch):
    for name in ("girl", "boy"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (40, 40), "grey").save(tmp_path / name / "1.png")
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        result = CliRunner().invoke(command, ["check", ".", "-q"])
        assert result.exit_code == 0 and "pictures: 2 (class folders)" in result.stdout, result.output
    refused = CliRunner().invoke(command, ["check", ".", "-q", "--out", "plots"])
    assert "plots lies in the set" in str(refused.exception)
