"""The layouts in which people download labelled pictures, each read into the same rows.

A layout only says what is written down: what a value means, and whether the picture is there, is decided
once, in `agestat.labelled.dataset`.
"""

# ruff: noqa: PTH100, PTH118 (os keeps odd names as they are)

import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

from agestat.errors import N_, AgestatError
from agestat.images.walk import Unwalkable, walk
from agestat.model.label_space import SIX
from agestat.written.paths import as_on_disk
from agestat.written.tables import Table

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
    problem: AgestatError | None = None


def _pictures(folder: Path) -> list[Row]:
    """A row for each file that a scan of the folder would take for a picture, and nothing known of it yet."""
    return [
        Row(
            folder / entry.path, problem=AgestatError(entry.reason) if isinstance(entry, Unwalkable) else None
        )
        for entry in walk([folder], exclude=[OWN_PLOTS])
    ]


def _split_of(path: Path, root: Path) -> str:
    names = (SPLITS.get(part.lower(), "") for part in path.relative_to(root).parts[:-1])
    return next((name for name in names if name), "")


def _place(folder: Path, table: Table, text: str) -> tuple[Path, AgestatError | None]:
    """The file in ``folder`` that a table names, and its problem where it names none there: a table could be
    a stranger's."""
    home, is_stray = os.path.abspath(folder), False
    for (meaning,) in table.meanings(text) if text else ():
        full = os.path.abspath(os.path.join(home, meaning))
        if not full.startswith(home + os.sep):
            is_stray = True
            continue
        path = folder / os.path.relpath(as_on_disk(full), home)
        if os.path.isfile(path):  # noqa: PTH113 -- false, not an error, where no file can have that name
            return path, None
    if not text:
        return folder, AgestatError("no file is named")
    return folder / text, AgestatError("{file} lies outside the set", file=text) if is_stray else None


def _is_leftover(text: str) -> bool:
    """Whether a table names what macOS leaves in archives beside pictures."""
    *folders, name = re.split(r"[\\/]", text)
    return name.startswith("._") or "__MACOSX" in folders


COLUMNS = ("split", "gender", "age", "age_min", "age_max", "subject", "domain")


def _labels_csv(folder: Path) -> list[Row]:
    path = folder / "labels.csv"
    if not path.is_file():
        return []
    table, domains, rows = Table(path, needed=["file"], known=COLUMNS), _domains_csv(folder), []
    lines = [line for line in table if not _is_leftover(line.cells["file"])]
    if not {"gender", "age", "age_min", "age_max"} & set(table.columns):
        raise AgestatError(
            "{path} says nothing of genders or ages, its columns are {columns}. The shortest table "
            "that works:\n  file,gender\n  {file},female",
            path=path, columns=", ".join(table.columns),
            file=lines[0].cells["file"] if lines else "images/1.jpg",
        )  # fmt: skip
    for number, cells in lines:
        file, problem = _place(folder, table, cells["file"])
        said = {name: cells[name] for name in COLUMNS if cells.get(name)}
        known = {"domain": domains.get(file, ""), **said}
        rows.append(Row(file, **known, table=path, line=number, problem=problem))
    return rows


def _domains_csv(folder: Path) -> dict[Path, str]:
    """The kind of pictures that each file is of, where a table beside ``labels.csv`` says so."""
    path = folder / "domains.csv"
    if not path.is_file():
        return {}
    table = Table(path, needed=["file", "domain"])
    return {_place(folder, table, cells["file"])[0]: cells["domain"] for _, cells in table}


FAIRFACE_COLUMNS = {"file", "age", "gender", "race", "service_test"}


def _fairface(folder: Path) -> list[Row]:
    """``fairface_label_train.csv`` and ``_val.csv`` beside (a folder that holds) ``train/`` and ``val/``."""
    rows = []
    for path in sorted(folder.glob("*.csv")):
        table = _readable(path)
        if table is None or not set(table.columns) >= FAIRFACE_COLUMNS:
            continue
        for line, cells in table:
            homes = [folder, *sorted(folder.glob("fairface-img-*"))]
            places = [_place(home, table, cells["file"]) for home in homes]
            file, problem = next((place for place in places if os.path.isfile(place[0])), places[0])  # noqa: PTH113
            split = SPLITS.get(Path(cells["file"]).parts[0].lower(), "") if cells["file"] else ""
            rows.append(Row(file, split, cells["gender"], cells["age"], domain=cells["race"], table=path,
                            line=line, problem=problem))  # fmt: skip
    return rows


def _readable(path: Path) -> Table | None:
    """A table that may be of something else altogether."""
    try:
        return Table(path)
    except AgestatError:
        return None


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
            rows[number] = replace(
                row, problem=AgestatError("the name does not begin with age_gender_race_date")
            )
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
            Row(
                path,
                problem=AgestatError(
                    "no known class or character, {number} pictures: {cure}",
                    number=n,
                    cure=as_table(folder, path),
                ),
            )
            for path, n in unknown.items()
        ]
    return rows


def as_table(root: Path, folder: Path) -> AgestatError:
    """How to say in ``labels.csv`` of ``root`` what the name of a ``folder`` inside it means."""
    name = folder.relative_to(root).as_posix()
    what = f"age\n  {name}/1.jpg,20-29" if re.search(r"\d", folder.name) else f"gender\n  {name}/1.jpg,female"
    return AgestatError(
        "say it in a table {table}, a line for each picture, as in\n  file,{what}",
        table=root / "labels.csv", what=what,
    )  # fmt: skip


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
    N_("UTKFace file names"): _utkface,
    N_("Simpsons character folders"): _simpsons,
    N_("class folders"): _class_folders,
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
