"""The package by its names: each is there, also those that are modules too, whatever was imported before."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import grouping as g


def test_every_name_is_there() -> None:
    assert set(g.__all__) <= set(dir(g))
    for name in g.__all__:
        found = getattr(g, name)
        assert found.__name__ == name
    with pytest.raises(AttributeError, match="nothing"):
        g.nothing  # noqa: B018


def test_type_checkers_see_the_names_where_they_are() -> None:
    tree = ast.parse(Path(g.__file__).read_text("utf-8"))
    (seen,) = (node for node in tree.body if isinstance(node, ast.If))
    homes = {name.name: node.module for node in seen.body if isinstance(node, ast.ImportFrom) for name in node.names}
    assert sorted(homes) == sorted(g.__all__)
    for name, module in homes.items():
        assert getattr(sys.modules[str(module)], name) is getattr(g, name)


def test_solve_check_and_resolve_are_functions_whatever_was_imported_before() -> None:
    program = """
import sys

for first in (
    "import grouping.solve, grouping.check, grouping.resolve",
    "from grouping import solve, check, resolve",
    "import grouping.cli.solve",
    "import grouping; grouping.solve",
):
    for name in [name for name in sys.modules if name.partition(".")[0] == "grouping"]:
        del sys.modules[name]
    exec(first)
    import grouping as g

    print(*(callable(f) for f in (g.solve, g.check, g.resolve)))
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True"] * 3 * 4
