"""`import agestat`: what a notebook finds."""

import importlib.util
import inspect
import pydoc
import subprocess
import sys
from pathlib import Path

import pytest

import agestat

DOCS = Path(__file__).parents[1] / "docs"


def test_the_page_of_the_api_is_what_the_docstrings_say():
    spec = importlib.util.spec_from_file_location("make_api", DOCS / "make_api.py")
    make_api = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_api)
    assert (DOCS / "api.md").read_text(encoding="utf-8") == make_api.page(), "run python docs/make_api.py"


def test_help_shows_parameters_and_defaults():
    words = pydoc.render_doc(agestat.scan)
    assert "batch_size: int | None = None" in words
    assert "in pixels" in words


@pytest.mark.parametrize("name", sorted(set(agestat.__all__) - {"__version__"}))
def test_every_name_is_a_function_with_words(name):
    assert inspect.isfunction(getattr(agestat, name))
    assert getattr(agestat, name).__doc__
    assert name in dir(agestat)


def test_importing_it_loads_nothing_and_a_scan_no_torch():
    code = "import sys, agestat; print('numpy' in sys.modules); agestat.scan; print('torch' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).split() == ["False", "False"]
