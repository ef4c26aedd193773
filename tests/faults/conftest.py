"""Real scans of generated collections, in processes that can be killed."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))
from helpers import rows
from mutate import valid_pictures
from small_model import write_quick_model, write_whole_model


@pytest.fixture(scope="session")
def whole_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with random weights that looks at whole pictures: every one that opens is a face."""
    return write_whole_model(tmp_path_factory.mktemp("models") / "whole")


@pytest.fixture(scope="session")
def quick_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for processes that start in half the time."""
    return write_quick_model(tmp_path_factory.mktemp("models") / "quick")


@pytest.fixture(scope="session")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """400 pictures of every format in 20 folders, each with a text file that claims to be one."""
    folder = tmp_path_factory.mktemp("collection")
    for number in range(20):
        (folder / str(number)).mkdir()
        for name, data in valid_pictures().items():
            (folder / str(number) / name).write_bytes(data + bytes([number]))
        (folder / str(number) / "text.jpg").write_text("text")
    return folder


@pytest.fixture
def command(quick_model: Path, tmp_path: Path) -> Callable[..., list[str]]:
    """The command line of a scan with the small model and a store of its own."""

    def build(*arguments: object, db: Path = tmp_path / "s.sqlite") -> list[str]:
        fixed = ["--model", quick_model, "--db", db, "--workers", 2, "--device", "cpu"]
        return [str(part) for part in (sys.executable, "-m", "agestat", "scan", *fixed, *arguments)]

    return build


@pytest.fixture
def scan(command: Callable[..., list[str]]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a scan to its end; ``wrap`` comes before the command line."""

    def run(
        *arguments: object, wrap: tuple[str, ...] = (), **options: object
    ) -> subprocess.CompletedProcess[str]:
        db = {"db": options.pop("db")} if "db" in options else {}
        env = {**os.environ, **options.pop("env", {})}
        line = [*wrap, *command(*arguments, **db)]
        return subprocess.run(line, capture_output=True, text=True, timeout=300, env=env, **options)

    return run


@pytest.fixture(scope="session")
def unbroken(quick_model: Path, collection: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple]:
    """The rows of a scan of the collection that nobody disturbed."""
    import agestat

    db = tmp_path_factory.mktemp("unbroken") / "s.sqlite"
    with agestat.scan(collection, model=quick_model, db=db, device="cpu", workers=2) as result:
        assert result.counts["failed"] == 20
    return rows(db)


@pytest.fixture
def fault_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that is removed by rm: Python's removal recurses too deep."""
    folder = tmp_path / "hostile"
    folder.mkdir()
    yield folder
    subprocess.run(["chmod", "-R", "u+rwX", folder], check=False)
    subprocess.run(["rm", "-rf", folder], check=True)
