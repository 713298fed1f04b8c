"""The notebooks run from top to bottom, hold no outputs, and use the public interface only."""

from __future__ import annotations

import ast
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import grouping as g

FOLDER = Path(__file__).parents[1] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
ids = [path.stem for path in PATHS]


def test_there_are_three() -> None:
    assert [path.name[0] for path in PATHS] == ["1", "2", "3"]


@pytest.mark.parametrize("path", PATHS, ids=ids)
def test_outputs_are_stripped(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("path", PATHS, ids=ids)
def test_only_the_public_interface_is_used(path: Path) -> None:
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type != "code":
            continue
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom):
                assert node.module is not None and not node.module.startswith("grouping")
            if isinstance(node, ast.Import):
                assert all(one.name == "grouping" or not one.name.startswith("grouping") for one in node.names)
            if isinstance(node, ast.Attribute):
                assert not node.attr.startswith("_")
                if isinstance(node.value, ast.Name) and node.value.id == "g":
                    assert node.attr in g.__all__


@pytest.mark.parametrize("path", PATHS, ids=ids)
def test_it_runs_from_top_to_bottom(path: Path) -> None:
    notebook = nbformat.read(path, 4)
    here = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=here).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    # Such as that of a character without a glyph in a picture.
    assert not [output["text"] for output in outputs if output.get("name") == "stderr"]
    assert [output for output in outputs if "image/png" in output.get("data", {})]
