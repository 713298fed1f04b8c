"""Ctrl-C at moments when it must wait: while modules are half loaded, or a folder is half put back."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def held() -> Iterator[None]:
    """Within, Ctrl-C waits; the end of the block raises it.

    Raised in the middle of an import it may be printed and forgotten, or come out as an error of the module.
    Nothing is held outside the main thread, which alone hears signals, and where Ctrl-C already means something else.

    Raises:
        KeyboardInterrupt: at the end, if Ctrl-C was pressed meanwhile.

    """
    pressed: list[int] = []
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    try:
        signal.signal(signal.SIGINT, lambda number, _frame: pressed.append(number))
    except ValueError:  # another thread than the main one
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if pressed:
        raise KeyboardInterrupt
