"""The layouts in which people download labelled pictures, each read into the same rows.

A layout only says what is written down: what a value means, and whether the picture is there, is decided
once, in `agestat.labelled.dataset`.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

from agestat.errors import AgestatError
from agestat.images.walk import Unwalkable, walk
from agestat.model.label_space import SIX

OWN_PLOTS = "data-check"  # where `agestat data check` draws them if nothing else is said
SPLITS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val",
          "test": "test", "testing": "test"}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One labelled picture as written down; blank where nothing is. ``line`` counts from 1 in ``table``."""

    file: Path
    split: str = ""
    gender: str = ""
    age: str = ""
    age_min: str = ""
    age_max: str = ""
    subject: str = ""
    domain: str = ""
    table: Path | None = None
    line: int | None = None
    problem: str = ""


def _pictures(folder: Path) -> list[Row]:
    """A row for each file that a scan of the folder would take for a picture, and nothing known of it yet."""
    return [
        Row(folder / entry.path, problem=entry.reason if isinstance(entry, Unwalkable) else "")
        for entry in walk([folder], exclude=[OWN_PLOTS])
    ]


def _split_of(path: Path, root: Path) -> str:
    names = (SPLITS.get(part.lower(), "") for part in path.relative_to(root).parts[:-1])
    return next((name for name in names if name), "")


def _table(path: Path, needed: set[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = needed - set(reader.fieldnames or ())
            if missing:
                raise AgestatError(
                    "{path} has no column {missing}: add it to its first line.",
                    path=path,
                    missing=", ".join(sorted(missing)),
                )
            for values in reader:
                yield reader.line_num, {key: (values[key] or "").strip() for key in values if key}
    except UnicodeDecodeError as error:
        raise AgestatError(
            "{path}, line {line} is not UTF-8: save it as UTF-8.", path=path, line=_odd_line(path)
        ) from error
    except (OSError, csv.Error) as error:
        raise AgestatError(
            "{path} cannot be read as a CSV file ({reason}).", path=path, reason=error
        ) from error


def _odd_line(path: Path) -> int:
    """The first line that is not UTF-8."""
    lines = enumerate(path.read_bytes().split(b"\n"), 1)
    return next(number for number, line in lines if line.decode(errors="ignore").encode() != line)


def _stray(file: str) -> str:
    """The problem of a table that names files outside its folder: it could be a stranger's."""
    return f"{file} lies outside the set" if Path(file).is_absolute() or ".." in Path(file).parts else ""


def _labels_csv(folder: Path) -> list[Row]:
    table = folder / "labels.csv"
    if not table.is_file():
        return []
    fields = ("split", "gender", "age", "age_min", "age_max", "subject", "domain")
    return [
        Row(
            folder / values["file"],
            **{name: values.get(name, "") for name in fields},
            table=table,
            line=line,
            problem=_stray(values["file"]),
        )
        for line, values in _table(table, {"file"})
    ]


FAIRFACE_COLUMNS = {"file", "age", "gender", "race", "service_test"}


def _fairface(folder: Path) -> list[Row]:
    """``fairface_label_train.csv`` and ``_val.csv`` beside (a folder that holds) ``train/`` and ``val/``."""
    rows = []
    for table in sorted(folder.glob("*.csv")):
        with table.open(encoding="utf-8-sig", errors="replace") as file:
            if not set(file.readline().strip().split(",")) >= FAIRFACE_COLUMNS:
                continue
        for line, values in _table(table, FAIRFACE_COLUMNS):
            homes = (home / values["file"] for home in [folder, *sorted(folder.glob("fairface-img-*"))])
            path = next((path for path in homes if path.is_file()), folder / values["file"])
            low, high = _bucket(values["age"])
            split = SPLITS.get(Path(values["file"]).parts[0].lower(), "") if values["file"] else ""
            rows.append(Row(path, split, values["gender"], "", low, high, domain=values["race"], table=table,
                            line=line, problem=_stray(values["file"])))  # fmt: skip
    return rows


def _bucket(words: str) -> tuple[str, str]:
    """``3-9`` and ``more than 70`` (which in FairFace means 70 and over) as first and last year."""
    found = re.fullmatch(r"(\d+)\s*-\s*(\d+)|(?:more than\s*)(\d+)|(\d+)\s*\+", words.strip(), re.IGNORECASE)
    if not found:
        return words, ""
    return found[1] or found[3] or found[4], found[2] or ""


UTKFACE_NAME = re.compile(r"(\d+)_(\d+)_(?:\d+_)?\d{8,}")
UTKFACE_GENDERS = {"0": "male", "1": "female"}


def _utkface(folder: Path) -> list[Row]:
    """File names ``age_gender_race_date``; a few of the published ones lack the race, or the gender."""
    rows, named = _pictures(folder), 0
    for number, row in enumerate(rows):
        name = UTKFACE_NAME.match(row.file.name)
        named += bool(name)
        if name:
            gender, split = UTKFACE_GENDERS.get(name[2], name[2]), _split_of(row.file, folder)
            rows[number] = replace(row, split=split, gender=gender, age=name[1])
        elif not row.problem:
            rows[number] = replace(row, problem="the name does not begin with age_gender_race_date")
    return rows if named else []


class Class(NamedTuple):
    """What a folder's name says of the pictures in it; blank where nothing."""

    gender: str
    age_min: str = ""
    age_max: str = ""
    subject: str = ""

    @classmethod
    def of_six(cls, number: int, subject: str = "") -> "Class":
        """One of `SIX`."""
        return cls(SIX.genders[number], str(SIX.age_min[number]), str(SIX.age_max[number]), subject)


GENDER_WORDS = {"female": ("female", "woman", "women"), "male": ("male", "man", "men")}
AGE_WORDS = (("child", "kid"), ("adult",), ("old", "elderly", "senior"))


def _class_names() -> dict[str, Class]:
    """Folder names such as ``girl``, ``old woman``, ``woman_old``, ``male-adult`` to what they say."""
    names = {gender: Class(gender) for gender in GENDER_WORDS}
    names |= {name: Class.of_six(number) for number, name in enumerate(SIX.cell_names)}
    names |= {"women": names["woman"], "men": names["man"]}
    for number, (gender, ages) in enumerate(product(GENDER_WORDS, AGE_WORDS)):
        for words in product(GENDER_WORDS[gender], ages):
            names[" ".join(words)] = names[" ".join(reversed(words))] = Class.of_six(number)
    return names


CLASS_NAMES = _class_names()
GENDERS_ALONE = {word for words in GENDER_WORDS.values() for word in words}


def _class_name(folder: Path) -> str:
    name = re.sub(r"[\W_]+|(?<=[a-z])(?=[A-Z])", " ", folder.name).strip().lower()
    return name if name in CLASS_NAMES else name.removesuffix("s")


# The people of The Simpsons by folder name of the Kaggle set and, where it may help, beyond it. Ages as
# drawn in the show; teenagers, who are in none of the six classes, are left out.
CHARACTERS = {
    "girl": "janey_powell lisa_simpson ling_bouvier maggie_simpson sherri terri",
    "woman": "cookie_kwan edna_krabappel helen_lovejoy lindsey_naegle luann_van_houten "
    "manjula_nahasapeemapetilon marge_simpson maude_flanders miss_hoover patty_bouvier ruth_powers "
    "selma_bouvier",
    "elderly woman": "agnes_skinner jacqueline_bouvier mona_simpson",
    "boy": "bart_simpson martin_prince milhouse_van_houten nelson_muntz ralph_wiggum rod_flanders "
    "todd_flanders",
    "man": "apu_nahasapeemapetilon barney_gumble bumblebee_man carl_carlson chief_wiggum cletus_spuckler "
    "comic_book_guy disco_stu dr_hibbert dr_nick_riviera fat_tony gil groundskeeper_willie homer_simpson "
    "kent_brockman kirk_van_houten krusty_the_clown lenny_leonard lionel_hutz mayor_quimby moe_szyslak "
    "ned_flanders otto_mann principal_skinner professor_john_frink rainier_wolfcastle reverend_lovejoy "
    "sideshow_bob sideshow_mel snake_jailbird superintendent_chalmers troy_mcclure waylon_smithers",
    "elderly man": "abraham_grampa_simpson charles_montgomery_burns hans_moleman jasper_beardly",
}
CHARACTER_CELLS = {
    name: SIX.cell_names.index(group) for group, names in CHARACTERS.items() for name in names.split()
}


def _character_of(path: Path) -> Class | None:
    """The folder's name, or in the flat test folder of the Kaggle set the file's: ``bart_simpson_12.jpg``."""
    name = re.sub(r"_\d+$", "", path.stem).lower()
    if name not in CHARACTER_CELLS:
        name = path.parent.name.lower()
    return Class.of_six(CHARACTER_CELLS[name], name) if name in CHARACTER_CELLS else None


def _by_class(folder: Path, class_of: Callable[[Path], Class | None]) -> list[Row]:
    """Rows of the pictures whose class is known; a folder of others is one bad row."""
    rows, unknown = [], Counter[Path]()
    for row in _pictures(folder):
        known = class_of(row.file)
        if known:
            rows.append(replace(row, split=_split_of(row.file, folder), **known._asdict()))
        else:
            unknown[row.file.parent] += 1
    if rows:
        rows += [
            Row(path, problem=f"no known class or character, {n} pictures: {as_table(folder, path)}")
            for path, n in unknown.items()
        ]
    return rows


def as_table(root: Path, folder: Path) -> str:
    """How to say in ``labels.csv`` of ``root`` what the name of a ``folder`` inside it means."""
    name = folder.relative_to(root).as_posix()
    what = f"age\n  {name}/1.jpg,20-29" if re.search(r"\d", folder.name) else f"gender\n  {name}/1.jpg,female"
    return f"say it in a table {root / 'labels.csv'}, a line for each picture, as in\n  file,{what}"


def _class_folders(folder: Path) -> list[Row]:
    """One folder per gender or class, perhaps inside ``train/`` and ``val/``. Where no folder says more than
    men and women, nobody said that they are adults."""
    rows = _by_class(folder, lambda path: CLASS_NAMES.get(_class_name(path.parent)))
    if all(_class_name(row.file.parent) in GENDERS_ALONE for row in rows if row.gender):
        rows = [replace(row, age_min="", age_max="") for row in rows]
    return rows


def _simpsons(folder: Path) -> list[Row]:
    """Kaggle's character folders, with the character as the subject."""
    return _by_class(folder, _character_of)


LAYOUTS: dict[str, Callable[[Path], list[Row]]] = {
    "labels.csv": _labels_csv,
    "FairFace": _fairface,
    "UTKFace file names": _utkface,
    "Simpsons character folders": _simpsons,
    "class folders": _class_folders,
}


def read_layout(folder: Path) -> tuple[str, list[Row]]:
    """Name of the first layout that finds labels in ``folder``, and its rows in a stable order.

    Raises `AgestatError` where none does.
    """
    if not folder.is_dir():
        raise AgestatError("{folder} is not a folder: give the folder of a labelled set.", folder=folder)
    for name, read in LAYOUTS.items():
        rows = read(folder)
        if rows:
            return name, rows
    first = next(iter(_pictures(folder)), None)
    if first and first.file.parent != folder:
        raise AgestatError(
            "{folder} is no labelled set: what the folder {name} means is not known; {cure}",
            folder=folder, name=first.file.parent.name, cure=as_table(folder, first.file.parent),
        )  # fmt: skip
    raise AgestatError(
        "{folder} is no labelled set: give a folder with labels.csv, FairFace's CSV files, "
        "UTKFace's file names, or one folder per class or Simpsons character.",
        folder=folder,
    )
