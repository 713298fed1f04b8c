"""The order of the tests' files: those that take longest come first, so that no worker is left with one at the end.

The first of all also compiles what the others then find on disk.
"""

from __future__ import annotations

import pytest

LONGEST = ("test_readme.py", "test_packaging.py", "test_batch.py", "test_notebooks.py", "test_optimum.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST)

    items.sort(key=place)
