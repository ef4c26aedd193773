"""Pictures that were read otherwise than others: counted in the store, told in the summary."""

from types import SimpleNamespace

import pytest

from agestat.images.walk import Found
from agestat.report.language import open_language
from agestat.report.remarks import remarks
from agestat.scanning.examine import Examined
from agestat.scanning.store import Row, Store, StoredRun

ANSWERS = [
    Examined("ok", part=0.95),
    Examined("no_face", part=0.6, turn=0),
    Examined("ok", turn=90, notes="date not believed, tiles"),
    Examined("ok", notes="tiles, limit", pages=4),
    Examined("ok"),
    Examined("failed", "truncated"),
]
SENTENCES = {
    "en": [
        "2 read in part: the ends of the files are missing",
        "1 turned upright to judge its faces",
        "2 looked at closely for small faces",
        "1 too large to look at closely everywhere",
        "3 more pages in files of several pictures: not read",
    ],
    "ru": [
        "2 прочитано частично: у файлов нет конца",
        "1 повёрнуто, чтобы оценить лица",
        "2 просмотрено с увеличением в поисках мелких лиц",
        "1 слишком велико, чтобы целиком просмотреть с увеличением",
        "ещё 3 страницы в файлах из нескольких изображений: не прочитаны",
    ],
}


@pytest.mark.parametrize("code", SENTENCES)
def test_they_are_counted_and_told(tmp_path, code):
    with Store(tmp_path / "s.sqlite") as store:
        run = store.begin_run("s", {})
        rows = [Row(Found("/p", f"{n}.jpg", 1, 1), answer) for n, answer in enumerate(ANSWERS)]
        with store.transaction():
            store.write(run, rows)
        store.end_run(run)
    count = StoredRun(tmp_path / "s.sqlite", run).remarks()
    assert list(remarks(SimpleNamespace(remarks=count), open_language(code))) == SENTENCES[code]


def test_nothing_is_told_of_ordinary_pictures():
    count = dict.fromkeys(("part", "turned", "tiles", "limited", "pages"), 0)
    assert list(remarks(SimpleNamespace(remarks=count), open_language("en"))) == []
