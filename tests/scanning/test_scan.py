"""`agestat.scan` as a whole: counts, what is used again, what a kill costs."""

import json
import os
import shutil
import signal
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import agestat
from agestat.analysis.scan import Scan
from agestat.api import StoppedError
from agestat.errors import AgestatError, UsageError
from agestat.report.comparison import how
from agestat.report.language import open_language

COUNTS = {
    "found": 16, "read": 15, "failed": 1, "no_face": 2, "small_faces": 0, "faces": 17, "faces_left_out": 0,
    "faces_left_out_by_you": 0, "reused": 0, "photos": 13, "scenes": 10, "copies": 0,
}  # fmt: skip
ROWS = (
    "SELECT files.path, status, reason, files.width, files.height, taken_at, faces_left_out, number, x, y, "
    "faces.width, faces.height, score, sharpness, brightness, novelty, probabilities "
    "FROM files LEFT JOIN faces ON file_id = files.id ORDER BY files.path, number"
)


@pytest.fixture
def scan(model, tmp_path):
    """A scan with the small model into a store of its own."""

    def run(*paths, **options):
        options = {"model": model, "db": tmp_path / "s.sqlite", "workers": 2, "device": "cpu", **options}
        with agestat.scan(list(paths), **options) as result:
            return vars_of(result)

    return run


def vars_of(result):
    return {"counts": result.counts, "files": result.files, "faces": result.faces}


def rows(path):
    with sqlite3.connect(path) as db:
        return db.execute(ROWS).fetchall()


def test_the_sample_pictures(scan, samples):
    result = scan(samples)
    assert result["counts"] == COUNTS
    files = result["files"].set_index("path")
    assert files.loc["others/corrupt.jpg", ["status", "reason"]].tolist() == ["failed", "truncated"]
    assert files.loc["others/landscape.png", "status"] == "no_face"
    assert files.loc["photos/two_faces.jpg", "faces"] == 2
    assert files.loc["photos/admiral.jpg", "taken_at"] == pd.Timestamp("1984-01-20 09:30:00")
    assert files.loc["drawn/figure_1.jpg", ["width", "height"]].tolist() == [320, 360]
    faces = result["faces"]
    assert sorted(set(faces["path"])) == sorted(files.index[files["status"] == "ok"])
    assert faces["p_female"].between(0, 1).all()
    assert (faces["age_low"] <= faces["age_high"]).all()


def test_a_second_scan_reads_nothing_and_says_so(scan, samples):
    first, second = scan(samples), scan(samples)
    assert second["counts"] == {**COUNTS, "reused": 16}
    pd.testing.assert_frame_equal(first["faces"], second["faces"])


def test_only_new_and_changed_files_are_read(scan, samples, tmp_path):
    shutil.copytree(samples / "photos", tmp_path / "p")
    scan(tmp_path / "p")
    shutil.copy(samples / "photos/two_faces.jpg", tmp_path / "p/astronaut.jpg")
    shutil.copy(samples / "others/coffee.jpg", tmp_path / "p/new.jpg")
    (tmp_path / "p/admiral.jpg").unlink()
    result = scan(tmp_path / "p")
    assert result["counts"] == {
        "found": 8, "read": 8, "failed": 0, "no_face": 1, "small_faces": 0, "faces": 7, "photos": 6,
        "scenes": 4, "faces_left_out": 0, "faces_left_out_by_you": 0, "reused": 6, "copies": 1,
    }  # fmt: skip
    assert (result["faces"]["path"] == "astronaut.jpg").sum() == 2
    assert "admiral.jpg" not in set(result["faces"]["path"])


def test_fresh_reads_everything(scan, samples):
    scan(samples)
    assert scan(samples, fresh=True)["counts"] == COUNTS


def test_another_model_or_detector_setting_does_not_reuse(scan, samples, model, other_model):
    first = scan(samples)
    other = scan(samples, model=other_model)
    assert other["counts"]["reused"] == 0
    assert not np.allclose(first["faces"]["age"], other["faces"]["age"])
    strict = scan(samples, min_face=200)
    assert (strict["counts"]["reused"], strict["counts"]["faces_left_out"]) == (0, 15)
    again = scan(samples)
    assert again["counts"]["reused"] == 16
    pd.testing.assert_frame_equal(first["faces"], again["faces"])


def test_whole_pictures_need_no_face(scan, samples, whole_model):
    result = scan(samples, model=whole_model)
    assert result["counts"] == {**COUNTS, "no_face": 0, "faces": 15, "photos": 15, "scenes": 12}


def test_equal_names_in_two_folders_stay_two(scan, samples, tmp_path):
    for folder, name in (("a", "photos/astronaut.jpg"), ("b", "photos/admiral.jpg")):
        (tmp_path / "p" / folder).mkdir(parents=True)
        shutil.copy(samples / name, tmp_path / "p" / folder / "1.jpg")
    faces = scan(tmp_path / "p")["faces"]
    assert faces["path"].tolist() == ["a/1.jpg", "b/1.jpg"]
    assert faces["x"].tolist() == pytest.approx([178, 182], abs=3)
    assert faces["age"][0] != faces["age"][1]


def test_a_file_that_does_not_open_gets_nobody_elses_prediction(scan, samples, tmp_path):
    (tmp_path / "p").mkdir()
    for number in range(12):
        name = "others/corrupt.jpg" if number % 3 == 1 else "photos/astronaut.jpg"
        shutil.copy(samples / name, tmp_path / "p" / f"{number:02}.jpg")
    result = scan(tmp_path / "p", batch_size=3)
    broken = {f"{number:02}.jpg" for number in range(1, 12, 3)}
    assert set(result["files"].query("status == 'failed'")["path"]) == broken
    assert set(result["faces"]["path"]).isdisjoint(broken)
    assert result["faces"]["age"].nunique() == 1


def test_batches_do_not_change_the_numbers(scan, samples, tmp_path):
    one = scan(samples, db=tmp_path / "1.sqlite", workers=1)
    for limit in (5, 13, 16):
        two = scan(samples, db=tmp_path / "2.sqlite", limit=limit)
    assert two["counts"] == {**COUNTS, "reused": 13}
    assert rows(tmp_path / "1.sqlite") == rows(tmp_path / "2.sqlite")
    assert len(one["faces"]) == 17


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_one_interrupt_ends_in_order(scan, samples, tmp_path):
    for number in range(4):
        shutil.copytree(samples, tmp_path / "p" / str(number))

    told = []

    def interrupt(now):
        if now.stopping:
            told.append(now.under_way)
        elif now.done == 20:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(StoppedError, match="the same command goes on from there") as stopped:
        scan(tmp_path / "p", progress=interrupt)
    assert stopped.value.signal == signal.SIGINT
    assert len(told) == 1 and 0 < told[0] <= 8  # four per process that decodes
    result = scan(tmp_path / "p")["counts"]
    assert result["found"] == 4 * 16
    assert 20 <= result["reused"] < 50


def test_open_finds_the_latest_scan(scan, samples, tmp_path):
    scan(samples)
    with Scan.open(tmp_path / "s.sqlite") as result:
        assert result.counts == COUNTS
        assert result.failures.to_dict() == {"truncated": 1}
        assert result.run["model"] == "tiny"
        assert result.run["options"]["min_face"] == 24
        assert result.run["finished_at"] >= result.run["started_at"]
    with pytest.raises(AgestatError, match=r"There is no scan of .*: run `agestat scan"):
        Scan.open(tmp_path)


@pytest.fixture
def notebook(samples, model, tmp_path):
    """What `agestat.scan` gives to who does not close it."""

    def run(**options):
        return agestat.scan(samples, **{"model": model, "db": tmp_path / "s.sqlite", "workers": 1, **options})

    return run


def test_a_result_at_hand_keeps_nobody_from_scanning_again(notebook):
    first = notebook()
    strict = notebook(min_face=200)
    assert (len(first.faces), len(strict.faces)) == (17, 2)
    assert len(first.table(replicates=10)) == 16
    again = notebook()
    assert again.counts["reused"] == 16
    with pytest.raises(AgestatError, match=r"s\.sqlite was scanned into again since: use the result of that"):
        first.table()
    assert len(strict.faces) == 2


def test_a_result_whose_store_is_gone_says_so_and_makes_none(notebook, tmp_path):
    result = notebook()
    (tmp_path / "s.sqlite").unlink()
    with pytest.raises(AgestatError, match=r"s\.sqlite is not there any more: scan again"):
        len(result.files)
    assert not (tmp_path / "s.sqlite").exists()


def test_inside_with_a_result_stays_as_it_was(notebook):
    with notebook() as result:
        again = notebook(fresh=True, exclude="photos")
        assert (len(result.faces), len(again.faces)) == (17, 8)
        assert len(result.files) == 16
    with pytest.raises(AgestatError, match="was scanned into again since"):
        len(result.faces)


def test_several_threads_read_one_result(notebook):
    result = notebook()
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: len(result.faces), range(20))) == [17] * 20


def test_keys_and_globs_may_be_one_string(notebook):
    result = notebook(exclude="photos")
    assert result.files["path"].str.startswith("photos").sum() == 0 < len(result.files)
    assert result.run["options"]["exclude"] == ["photos"]
    assert result.groups("folder").value_counts().to_dict() == {"drawn": 5, "others": 3}


def test_pictures_whose_faces_were_all_left_out_are_not_without_a_face(notebook):
    counts = notebook(min_face=100).counts
    assert {key: counts[key] for key in ("no_face", "small_faces", "faces", "faces_left_out")} == {
        "no_face": 3, "small_faces": 1, "faces": 16, "faces_left_out": 1,
    }  # fmt: skip


def test_what_decides_predictions_besides_the_weights_is_not_reused(notebook, model, tmp_path):
    notebook()
    other = Path(shutil.copytree(model, tmp_path / "other"))
    info = json.loads((other / "model.json").read_text())
    (other / "model.json").write_text(json.dumps({**info, "mirrored": not info.get("mirrored", False)}))
    assert notebook(model=other).counts["reused"] == 0
    assert notebook().counts["reused"] == 16


def test_a_scan_is_opened_by_all_that_was_scanned_together(samples, model, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    photos = sorted((samples / "photos").glob("*.jpg"))
    both = [samples / "drawn", samples / "others"]
    for paths in (photos[:2], both):
        found = len(agestat.scan(paths, model=model, workers=1).files)
        assert len(Scan.open(*reversed(paths)).files) == found
    inside = samples / "others" / "landscape.png"
    agestat.scan([samples / "others"], model=model, workers=1)
    with pytest.raises(
        AgestatError, match=r"landscape\.png was scanned as a part of .*others: give that with"
    ):
        Scan.open(inside)
    for paths in (photos[:1], photos[:3], both[:1]):
        with pytest.raises(AgestatError, match="There is no scan of"):
            Scan.open(*paths)


def test_names_of_groups_do_not_hang_on_what_was_found(notebook, samples, model, tmp_path):
    (tmp_path / "empty").mkdir()
    both = [samples / "drawn", tmp_path / "empty"]
    result = agestat.scan(both, model=model, db=tmp_path / "b.sqlite", workers=1)
    assert set(result.groups("folder")) == {"drawn"}
    alone = agestat.scan(both[0], model=model, db=tmp_path / "a.sqlite", workers=1)
    assert set(alone.groups("folder")) == {"."}
    assert len(result.table(by=None, replicates=10)) == 16
    result.hide_paths()
    assert "drawn" not in str(result.run) and set(result.groups("folder")) == {"drawn"}


def test_a_name_that_no_file_can_have_is_a_row(notebook, samples, model, tmp_path):
    given = [samples / "photos" / "coffee\0.jpg", samples / "photos"]
    result = agestat.scan(given, model=model, db=tmp_path / "n.sqlite", workers=1)
    assert result.failed[["path", "reason"]].to_numpy().tolist() == [["coffee\0.jpg", "no file's name"]]


def test_a_scan_that_broke_before_its_first_file_takes_nothing_over(notebook, model, tmp_path, monkeypatch):
    result = notebook()
    with pytest.raises(UsageError, match="device 'cuda:99' is not there"):
        notebook(device="cuda:99", fresh=True)
    monkeypatch.setattr("agestat.api.fill", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("killed")))
    with pytest.raises(RuntimeError, match="killed"):
        notebook(fresh=True)
    assert len(result.faces) == 17
    assert Scan.open(tmp_path / "s.sqlite").counts["faces"] == 17


@pytest.mark.parametrize(
    "options",
    [
        {"workers": -1},
        {"batch_size": 0},
        {"batch_size": 4097},
        {"limit": 10**20},
        {"min_face": "50"},
        {"min_score": float("nan")},
    ],
)
def test_options_without_meaning_are_refused_before_the_store_is_made(notebook, options, tmp_path):
    with pytest.raises(UsageError, match="must be"):
        notebook(**options)
    assert not (tmp_path / "s.sqlite").exists()


def test_clusters_are_of_photos_or_folders(notebook):
    with pytest.raises(UsageError, match="no clusters by 'folders': choose one of photo, folder"):
        notebook().table(cluster="folders")


def test_groups_chunks_and_clusters(scan, samples, tmp_path):
    scan(samples)
    with Scan.open(tmp_path / "s.sqlite") as result:
        (chunk,) = result.chunks(["folder"], cluster="folder")
        cluster_of = dict(zip(chunk.groups, chunk.clusters, strict=True))
        assert sorted(chunk.groups) == ["drawn"] * 8 + ["photos"] * 9
        assert cluster_of["drawn"] != cluster_of["photos"]
        assert [cluster_of[name] for name in chunk.groups] == chunk.clusters.tolist()
        assert chunk.probabilities.shape == (17, 103)
        groups = result.groups(["year"])
        assert groups.value_counts().to_dict() == {
            "unknown": 7, "1992": 3, "2020": 1, "2021": 1, "2022": 1, "2023": 1, "2013": 1, "1984": 1,
        }  # fmt: skip


def test_the_table_has_a_row_per_group_gender_and_band(scan, samples, tmp_path):
    scan(samples)
    with Scan.open(tmp_path / "s.sqlite") as result:
        table = result.table(by=["folder"], bands="0,18,65", replicates=100)
    assert set(table["group"]) == {"drawn", "photos"}
    assert table.groupby("group")["n"].sum().to_dict() == {"drawn": 8, "photos": 9}
    assert table.groupby("group")["share"].sum().tolist() == pytest.approx([1, 1])


def test_groups_without_a_face_are_named(scan, samples, tmp_path):
    scan(samples)
    with Scan.open(tmp_path / "s.sqlite") as result:
        assert result.estimate(by=["folder"], replicates=10).faceless == ("others",)
        assert result.estimate(replicates=10).faceless == ()


def test_no_faces_at_all_gives_an_empty_table(scan, samples, tmp_path):
    scan(samples / "others")
    with Scan.open(tmp_path / "s.sqlite") as result:
        assert len(result.faces) == 0
        assert len(result.table()) == 0


def test_nothing_to_scan(scan, tmp_path):
    with pytest.raises(UsageError, match="nothing to scan: give at least one file"):
        scan()
    with pytest.raises(UsageError, match="nowhere' does not exist"):
        scan(tmp_path / "nowhere")


def test_pictures_that_are_in_both_sides_are_told(whole_model, tmp_path):
    """As of a folder and of one inside it."""
    inner = tmp_path / "photos" / "spring"
    inner.mkdir(parents=True)
    for number in range(12):
        folder = inner if number < 7 else inner.parent
        Image.effect_noise((40, 40), 10 + 5 * number).convert("RGB").save(folder / f"{number}.png")
    both = [
        agestat.scan(
            folder, model=whole_model, db=tmp_path / f"{folder.name}.sqlite", device="cpu", workers=1
        )
        for folder in (inner, inner.parent)
    ]
    found = agestat.compare(*both)
    assert found.shared == 7
    words = " ".join(how(found, open_language("en")))
    assert words.startswith("7 pictures are in both, which makes them look more alike: compare what is not.")
