"""Pages that show faces, on request alone: one to label them, one to look at what was counted.

Each is one file with a script and nothing loaded from anywhere. Its policy names the script and the style by
their hashes, so that nothing else can run in it, whatever a file or folder is called.
"""

import base64
import hashlib
import json
import shlex
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from agestat.analysis.face_lists import (
    COLUMNS,
    NOT_A_FACE,
    NOT_A_PERSON,
    UNSURE,
    names_of_faces,
    rows_of,
)
from agestat.errors import N_
from agestat.report.language import Language, open_language
from agestat.report.page import environment, source, write_page
from agestat.report.text import printable
from agestat.report.thumbnails import pictures
from agestat.stats.bands import Band, name_ages
from agestat.written.csv_files import escape_formula

if TYPE_CHECKING:
    from agestat.analysis.scan import Scan

MOST = 1000  # faces on a review page: a browser still sorts them at once
CROP, CONTEXT = 160, 320  # longer sides, pixels
GENDERS = {"female": N_("woman or girl"), "male": N_("man or boy")}
NOTE_KEYS = {UNSURE: "U", NOT_A_FACE: "N", NOT_A_PERSON: "P"}
NOTE_NAMES = {
    UNSURE: N_("cannot tell"), NOT_A_FACE: N_("not a face"),
    NOT_A_PERSON: N_("not a person (animal, drawing, poster, screen)"),
}  # fmt: skip
ORDERS = (
    ("score up", N_("score, lowest first")), ("score down", N_("score, highest first")),
    ("age up", N_("age, youngest first")), ("age down", N_("age, oldest first")),
    ("group up", N_("group")), ("path up", N_("path")),
)  # fmt: skip


def write_label_page(
    scan: "Scan", drawn: pd.DataFrame, bands: Sequence[Band], target: str | Path, *, lang: str | None = None
) -> None:
    """Write a page on which somebody labels the faces ``drawn`` by `draw_faces`, by the ages of ``bands`` or
    in years, and saves the list that ``--labels`` takes."""
    t = open_language(lang)
    shown = pictures(scan, drawn, CROP, CONTEXT)
    faces = [{"row": row, **face} for row, face in zip(_rows(drawn), shown, strict=True)]
    words = {
        "which": t.gettext("Face {number} of {total}", number="{number}", total="{total}"),
        "count": t.gettext("{number} of {total} labelled", number="{number}", total="{total}"),
        "forget": t.gettext("Forget all answers that this browser remembers of this page?"),
    }
    page = {"columns": COLUMNS, "file": "labels.csv", "words": words, "faces": faces}
    ages = [(f"{band.age_min}-{band.age_max}", name_ages(band.age_min, band.age_max)) for band in bands]
    _write(
        target, "label", page, t,
        title=t.gettext("Faces to label"), total=len(faces),
        command=f"agestat report {_named(scan)} --labels labels.csv",
        genders=[("female", "F", t.term(GENDERS["female"])), ("male", "M", t.term(GENDERS["male"]))],
        ages=[(value, str(key) if key < 10 else "", name) for key, (value, name) in enumerate(ages, 1)],
        notes=[(note, NOTE_KEYS[note], t.term(name)) for note, name in NOTE_NAMES.items()],
    )  # fmt: skip


def write_review_page(
    scan: "Scan",
    groups: pd.Series,
    left_out: Collection[tuple[int, int]],
    target: str | Path,
    *,
    lang: str | None = None,
) -> None:
    """Write a page of at most `MOST` faces with what the model says of them, on which somebody ticks what is
    no person and saves the list that ``--exclude-faces`` takes. ``groups`` has a name per file, by its id;
    the faces ``left_out`` are ticked at first (see `read_left_out`)."""
    t = open_language(lang)
    some, number = _least_certain(scan, left_out)
    shown = pictures(scan, some, CROP)
    cards = []
    for row, face, picture in zip(_rows(some), some.to_dict("records"), shown, strict=True):
        group = t.group(groups[face["file_id"]])
        cards.append({
            "row": row, "crop": picture["crop"], "out": face["out"], "score": face["score"],
            "age": face["age"], "group": group, "path": printable(face["path"]),
            "lines": _verdict(face, group, t),
        })  # fmt: skip
    words = {
        "out": t.gettext("not a person"),
        "face": t.gettext("Face {number}", number="{number}"),
        "count": t.gettext("{number} of {total} left out", number="{number}", total="{total}"),
    }
    page = {"columns": COLUMNS, "file": "left_out.csv", "words": words, "faces": cards}
    page["note"] = ["", "", NOT_A_PERSON]
    _write(
        target, "review", page, t,
        title=t.gettext("Faces that were counted"), total=len(cards), of=number,
        orders=[(value, t.term(name)) for value, name in ORDERS],
        command=f"agestat report {_named(scan)} --exclude-faces left_out.csv",
    )  # fmt: skip


def _least_certain(scan: "Scan", left_out: Collection[tuple[int, int]]) -> tuple[pd.DataFrame, int]:
    """The faces ``left_out`` and those with the lowest scores, with the column ``out``; and how many there
    are in all."""
    some, number, taken = pd.DataFrame(), 0, set(left_out)
    for frame in scan.face_chunks():
        number += len(frame)
        out = [name in taken for name in names_of_faces(frame)]
        some = pd.concat([some, frame.assign(out=out)])
        some = some.sort_values(["out", "score"], ascending=[False, True], kind="stable")[:MOST]
    return some, number


def _verdict(face: dict[Any, Any], group: str, t: Language) -> list[str]:
    female = float(face["p_female"])
    gender = t.term(GENDERS["female" if female >= 0.5 else "male"])
    return [
        t.gettext("{gender}, {certainty}", gender=gender, certainty=t.percent(max(female, 1 - female), 0)),
        t.gettext("{age} years ({interval})", age=t.number(face["age"]),
                  interval=t.interval(face["age_low"], face["age_high"], 0)),
        t.gettext("score {score}", score=t.number(face["score"], 2)),
        printable(group),
        printable(face["path"]),
    ]  # fmt: skip


def _rows(faces: pd.DataFrame) -> list[list[str | int]]:
    """As they will stand in the file that the page saves."""
    return [[escape_formula(cell) for cell in row] for row in rows_of(faces)]


def _named(scan: "Scan") -> str:
    """The scan as a command line names it."""
    return shlex.join(scan.run.get("options", {}).get("paths") or ["SCAN"])


def _write(target: str | Path, name: str, page: dict[str, Any], t: Language, **values: Any) -> None:
    rows = json.dumps([face["row"] for face in page["faces"]]).encode()
    page["key"] = f"agestat {name} {hashlib.sha256(rows).hexdigest()[:16]}"
    page["words"]["forgetful"] = t.gettext(
        "This browser remembers nothing of this page: save before you close it."
    )
    script, style = source("faces.js") + source(f"{name}.js"), source("page.css") + source("faces.css")
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    text = (
        environment(t)
        .get_template(f"{name}.html")
        .render(policy=policy, script=Markup(script), style=Markup(style), data=_embedded(page), **values)
    )
    write_page(text, target)


def _digest(text: str) -> str:
    """As a Content-Security-Policy names a script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")


def _embedded(page: dict[str, Any]) -> Markup:
    """JSON that cannot end the element it stands in."""
    return Markup(json.dumps(page).replace("<", "\\u003c"))
