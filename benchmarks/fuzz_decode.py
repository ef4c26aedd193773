"""Coverage-guided fuzzing (atheris) of everything that reads strangers' bytes in this process.

    python benchmarks/fuzz_decode.py CORPUS_FOLDER -max_total_time=600 -timeout=30 -rss_limit_mb=3000

The first byte of an input chooses the reader: pictures (`decode`), a labelled set's table, metadata, the
user's own labels. Each may refuse its input with an `AgestatError` or `Problem`s; anything else is a finding
and ends the run. CORPUS_FOLDER is filled with valid inputs first if it is empty.
"""

import sys
import tempfile
import warnings
from pathlib import Path

import atheris
import numpy as np

sys.path.append(str(Path(__file__).parents[1] / "tests" / "faults"))

with atheris.instrument_imports(include=["agestat", "PIL", "csv"]):
    from mutate import valid_pictures

    from agestat.analysis.face_lists import COLUMNS
    from agestat.analysis.groups import Facts, parse_by
    from agestat.analysis.own_labels import LabelFile
    from agestat.analysis.scan import Scan
    from agestat.errors import AgestatError
    from agestat.images.decode import DecodeError, decode
    from agestat.images.walk import Found
    from agestat.labelled.dataset import read_labelled
    from agestat.model.label_space import YEARS
    from agestat.scanning.examine import Examined, Face
    from agestat.scanning.store import Row, Store, StoredRun

WORK = Path(tempfile.mkdtemp(prefix="fuzz", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
FACE = Face(1, 2, 30, 40, 0.9, 120.5, 99.0)


def picture(data: bytes) -> None:
    (WORK / "picture").write_bytes(data)
    try:
        decoded = decode(WORK / "picture", min_side=64)
    except DecodeError as error:
        assert 0 < len(str(error)) < 60, error
        return
    height, width, channels = decoded.pixels.shape
    assert channels == 3 and decoded.pixels.dtype == np.uint8
    assert 0 < width <= decoded.width and 0 < height <= decoded.height


def table(data: bytes) -> None:
    (WORK / "set").mkdir(exist_ok=True)
    (WORK / "set" / "labels.csv").write_bytes(data)
    (WORK / "set" / "1.png").write_bytes(PICTURE)
    try:
        frame = read_labelled([WORK / "set"], skip_bad=True).frame
    except AgestatError:
        return
    assert set(frame["file"]) == {str(WORK / "set" / "1.png")}


def metadata(data: bytes) -> None:
    (WORK / "metadata.csv").write_bytes(data)
    try:
        key = parse_by(["column:place"], metadata=WORK / "metadata.csv")
    except AgestatError:
        return
    assert key is not None
    assert isinstance(key(Facts("/photos", "a/1.jpg", None, None, None)), str)


def own_labels(data: bytes) -> None:
    (WORK / "labels.csv").write_bytes(data)
    try:
        LabelFile(WORK / "labels.csv", SCAN).own_labels()
    except AgestatError:
        return


READERS = (picture, picture, picture, table, metadata, own_labels)


def small_scan() -> Scan:
    """A store of one face."""
    (blob,) = YEARS.pack(YEARS.softmax(np.zeros((1, YEARS.width), np.float32)))
    answer = Examined("ok", width=100, height=100, faces=[FACE])
    with Store(WORK / "s.sqlite") as store:
        run = store.begin_run("s", {"space": "years", "model": "none", "model_digest": "", "agestat": ""})
        with store.transaction():
            store.write(run, [Row(Found("/photos", "a/1.jpg", 1, 1), answer, [blob], [None])])
    return Scan(StoredRun(store.path, run))


def fill(corpus: Path) -> None:
    """Valid inputs for every reader."""
    corpus.mkdir(parents=True, exist_ok=True)
    if any(corpus.iterdir()):
        return
    for name, data in valid_pictures().items():
        (corpus / name).write_bytes(b"\0" + data)
    labels = f"{','.join(COLUMNS)}\n1.5,/photos,a/1.jpg,1,2,30,40,female,30-39\n"
    (corpus / "own").write_bytes(bytes([5]) + labels.encode())
    (corpus / "metadata").write_bytes(bytes([4]) + b"path,place\na/1.jpg,Rome\n")
    (corpus / "table").write_bytes(bytes([3]) + b"file,gender,age,age_min,age_max\n1.png,female,30,,\n")


def one_input(data: bytes) -> None:
    if data:
        READERS[data[0] % len(READERS)](data[1:])


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # as in the workers
    PICTURE = valid_pictures()["bits.bmp"]
    fill(Path(sys.argv[1]))
    with small_scan() as SCAN:
        atheris.Setup(sys.argv, one_input)
        atheris.Fuzz()
