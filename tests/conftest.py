"""The order of the tests' files, and what many of them leave out.

The longest ones come first, so that no worker is left with one at the end. The first of all also compiles what the
others then find on disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from grouping.maps import DrawnMaps

LONGEST = (
    *("test_readme.py", "test_packaging.py", "test_batch.py", "test_solve.py", "test_notebooks.py", "test_optimum.py"),
    *("test_why.py", "test_patchwork.py", "test_benchmarks.py", "test_cli.py", "test_maps.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        return LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST)

    items.sort(key=place)


@pytest.fixture(scope="session")
def undrawn() -> Callable[[], AbstractContextManager[None]]:
    """Within, no maps are drawn, which take longer than a short list's solve: for what is not about them."""

    @contextmanager
    def within() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("grouping.maps.draw_maps", lambda *_: DrawnMaps((), ()))
            yield

    return within


@pytest.fixture
def no_maps(undrawn: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
    """None are drawn in a test."""
    with undrawn():
        yield
