"""The rooms of the house import only downwards."""

import re
from pathlib import Path

from importlinter.cli import lint_imports


def test_imports_point_one_way(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent.parent)
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == 0


def test_the_page_on_the_house_names_what_is_there():
    root = Path(__file__).parent.parent
    page = (root / "docs/architecture.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:\w+/)+(?:\w+\.py)?|\w+\.py)`", page):
        assert any((root / folder / name).exists() for folder in ("agestat", "", "tests")), name
    rooms = {path.name for path in (root / "agestat").iterdir() if (path / "__init__.py").exists()}
    assert rooms <= set(re.findall(r"^\| `(\w+)/`", page, re.MULTILINE))
