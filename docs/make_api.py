"""Write docs/api.md from the docstrings: ``python docs/make_api.py``."""

import ast
import inspect
import textwrap
from pathlib import Path

import agestat
from agestat.analysis.scan import Scan
from agestat.model.predict import Model
from agestat.stats.compare import Comparison
from agestat.stats.estimate import Estimate

HEAD = """# Python API

Made by `python docs/make_api.py` from the docstrings. Age and gender are perceived ones. Errors that a user
can act on are `agestat.errors.AgestatError`: one sentence; `UsageError`, one of them, is for what cannot be
used as given. Results are pandas data frames.
"""


def section(name: str, thing: object, level: int = 2) -> str:
    """Heading, signature and docstring."""
    is_value = isinstance(thing, property) or not callable(thing)
    call = "" if is_value else f"\n```python\n{name}{signature(thing)}\n```\n"
    return f"\n{'#' * level} `{name}`\n{call}\n{text(thing)}\n"


def signature(thing: object) -> str:
    """As the source writes it, a parameter a line where it is long."""
    (function,) = ast.parse(textwrap.dedent(inspect.getsource(thing))).body  # type: ignore[arg-type]
    assert isinstance(function, ast.FunctionDef)
    plain = function.args.args
    given = [None] * (len(plain) - len(function.args.defaults)) + function.args.defaults
    parts = [_parameter(*one) for one in zip(plain, given, strict=True) if one[0].arg not in ("self", "cls")]
    if function.args.kwonlyargs:
        parts.append("*")
        parts += map(_parameter, function.args.kwonlyargs, function.args.kw_defaults)
    if function.args.kwarg:
        parts.append(f"**{_parameter(function.args.kwarg, None)}")
    returns = f" -> {ast.unparse(function.returns)}" if function.returns else ""
    short = f"({', '.join(parts)}){returns}"
    if len(short) < 90:
        return short
    return "(\n" + "".join(f"    {part},\n" for part in parts) + f"){returns}"


def _parameter(name: ast.arg, default: ast.expr | None) -> str:
    shown = f"{name.arg}: {ast.unparse(name.annotation)}" if name.annotation else name.arg
    return f"{shown} = {ast.unparse(default)}" if default else shown


def text(thing: object) -> str:
    """The docstring, in Markdown."""
    return inspect.cleandoc(thing.__doc__ or "").replace("``", "`")


def members(kind: type) -> str:
    """The public methods and properties of a class, in the order of its source."""
    named = ((name, value) for name, value in vars(kind).items() if not name.startswith("_"))
    told = ((name, getattr(value, "__func__", value)) for name, value in named)
    return "".join(
        section(f"{kind.__name__}.{name}", value, 3)
        for name, value in told
        if (callable(value) or hasattr(value, "__get__")) and value.__doc__
    )


def page() -> str:
    """All of it."""
    functions = sorted(set(agestat.__all__) - {"__version__"})
    parts = [HEAD, *(section(f"agestat.{name}", getattr(agestat, name)) for name in functions)]
    for kind in (Scan, Estimate, Comparison, Model):
        parts += [f"\n## {kind.__name__}\n\n{text(kind)}\n", members(kind)]
    return "".join(parts)


if __name__ == "__main__":
    Path(__file__).with_name("api.md").write_text(page(), encoding="utf-8")
