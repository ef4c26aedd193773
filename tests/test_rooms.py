"""The rooms of the house import only downwards."""

from pathlib import Path

from importlinter.cli import lint_imports


def test_imports_point_one_way(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent.parent)
    assert lint_imports(config_filename="pyproject.toml", no_cache=True) == 0
