"""Numbers of persons in texts that people wrote: what is published shows that there were some, not which."""

from __future__ import annotations

import re

_NUMBERS = re.compile(
    r"""(?<!\d)(
        (\+?86[-—–\ ]?)?1[3-9]\d[-—–\ ]?\d{4}[-—–\ ]?\d{4}  # a mobile telephone
        |0\d{2,3}[-—–\ ]?\d{3,4}[-—–\ ]?\d{4}  # a landline
        |\d{17}[\dXx]  # an identity card
    )(?!\d)""",
    re.VERBOSE,
)


def masked(text: str) -> str:
    """``text`` with … for each number of a telephone or an identity card."""
    return _NUMBERS.sub("…", text)
