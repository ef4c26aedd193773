"""The cluster's engine on a real cluster of two nodes, each in processes of its own."""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import agestat
from agestat.errors import AgestatError
from agestat.images.walk import walk

ray = pytest.importorskip("ray", reason="needs the extra agestat[ray]")
pytest.importorskip("ray.data", reason="needs the extra agestat[ray]")

PORTRAITS = sorted((Path(__file__).parents[2] / "sample_images").rglob("collins.jpg"))


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core and one core more, as Ray counts them."""
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "object_store_memory": 200_000_000})
    made.add_node(num_cpus=1, object_store_memory=100_000_000)
    yield made
    ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Portraits at many sizes, pictures without a face, and broken ones."""
    folder = tmp_path_factory.mktemp("photos")
    portrait = Image.open(PORTRAITS[0])
    rng = np.random.default_rng(0)
    for number in range(24):
        side = 200 + 10 * number
        portrait.resize((side, side)).save(folder / f"face_{number:02}.jpg")
    for number in range(6):
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(folder / f"noise_{number}.png")
    (folder / "broken.jpg").write_bytes((folder / "face_00.jpg").read_bytes()[:300])
    (folder / "words.jpg").write_text("no picture")
    return folder


def by_path(scan):
    """Rows of files without their ids, and of faces, in one order."""
    files = scan.files.drop(columns="root").sort_values("path").reset_index(drop=True)
    columns = ["x", "y", "width", "height", "score", "p_female", "age"]
    faces = scan.faces.sort_values(["path", "x"])[["path", *columns]].reset_index(drop=True)
    return files, faces


def same(one, other):
    (files, faces), (other_files, other_faces) = by_path(one), by_path(other)
    assert files.equals(other_files)
    assert faces.iloc[:, :5].equals(other_faces.iloc[:, :5])
    assert np.allclose(faces["p_female"], other_faces["p_female"], atol=1e-3)
    assert np.allclose(faces["age"], other_faces["age"], atol=0.1)


@pytest.fixture(scope="module")
def local(photos, tmp_path_factory):
    return agestat.scan(photos, db=tmp_path_factory.mktemp("local") / "a.sqlite", device="cpu")


def scan_on(cluster, photos, folder, **options):
    store = folder / "a.sqlite"
    return agestat.scan(photos, db=store, device="cpu", engine="ray", address=cluster.address, **options)


def test_rows_are_those_of_this_machine_also_if_a_process_is_killed(cluster, photos, local, tmp_path, capfd):
    def kill_a_decoder():
        for _ in range(600):
            found = subprocess.run(
                ["pgrep", "-f", r"ray::.*_Decode"], capture_output=True, text=True
            ).stdout.split()
            if found:
                time.sleep(0.3)
                os.kill(int(found[0]), signal.SIGKILL)
                return
            time.sleep(0.05)

    killer = threading.Thread(target=kill_a_decoder)
    killer.start()
    found = scan_on(cluster, photos, tmp_path, parts=str(tmp_path / "shared"))
    killer.join()
    assert found.counts["found"] == 32 and found.counts["failed"] == 2 and found.counts["faces"] >= 24
    same(found, local)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.sqlite", "shared"]
    assert not list((tmp_path / "shared").iterdir())
    assert capfd.readouterr() == ("", "")  # Ray's own messages are not for users


def test_parts_that_an_earlier_scan_finished_are_not_done_again(
    cluster, photos, local, tmp_path, monkeypatch
):
    from agestat.scanning import ray_engine

    def breaks_off(system, folder, taken):
        if taken or len(system.find(folder)) == 0:
            return iter(())
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ray_engine, "_rows", breaks_off)
        patch.setattr(ray_engine.RayEngine, "left", lambda self: iter(()))
        with pytest.raises(KeyboardInterrupt):
            scan_on(cluster, photos, tmp_path)
    found = scan_on(cluster, photos, tmp_path)
    assert found.counts["reused"] == 32
    same(found, local)


@pytest.mark.parametrize(
    "address", ["127.0.0.1:1", "ray://127.0.0.1:1", "127.0.0.1:99999", "nowhere.invalid:6379", "a:b"]
)
def test_an_unknown_cluster_is_one_sentence_within_seconds(photos, tmp_path, address):
    ray.shutdown()
    start = time.monotonic()
    with pytest.raises(AgestatError, match=f"^No Ray cluster answers at {address}: "):
        agestat.scan(photos, db=tmp_path / "a.sqlite", engine="ray", address=address)
    assert time.monotonic() - start < 10


def test_a_cluster_that_crashed_is_one_sentence_within_seconds(photos, tmp_path, monkeypatch):
    ray.shutdown()
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with pytest.raises(AgestatError, match=r"^No Ray cluster answers at auto: "):
        agestat.scan(photos, db=tmp_path / "a.sqlite", engine="ray", address="auto")


def test_pictures_elsewhere_are_scanned_like_those_here(photos, local, tmp_path):
    import fsspec

    store = fsspec.filesystem("memory")
    store.put(str(photos), "/bucket", recursive=True)
    found = agestat.scan("memory://bucket", db=tmp_path / "a.sqlite", device="cpu")
    same(found, local)
    listed = list(walk(["memory://bucket"], include=["face_0*"]))
    assert [file.path for file in listed] == [f"face_0{number}.jpg" for number in range(10)]
