"""The program's way in, for ``grouping`` and ``python -m grouping``: from here on Ctrl-C never shows a traceback."""

from __future__ import annotations

import signal
import sys

from grouping.interrupts import held


def main() -> None:
    """Run the command line and exit."""
    # The command line loads in here, for Ctrl-C while anything loads before this line ends in a traceback.
    try:
        with held():
            from grouping.cli import main as program  # noqa: PLC0415
        program()
    except KeyboardInterrupt:
        from grouping.cli.speaking import abort  # noqa: PLC0415

        # The terminal has just shown ^C.
        print(file=sys.stderr)
        abort()
    finally:
        # All is said; what is left is python's own leaving, and a second Ctrl-C may not spoil that.
        signal.signal(signal.SIGINT, signal.SIG_IGN)


if __name__ == "__main__":
    main()
