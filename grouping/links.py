"""Links between sites: pairings, counterpart support, wishes and avoidances (管理办法, Articles 4 and 13)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grouping.errors import Where
from grouping.messages import Message, message
from grouping.sites import Remark


class Kind(StrEnum):
    """What a link is about."""

    PAIRING = "pairing"
    COUNTERPART = "counterpart"
    WISH = "wish"
    AVOID = "avoid"

    @property
    def label(self) -> Message:
        """The kind in words."""
        return _LABELS[self]


_LABELS = {
    Kind.PAIRING: message("links.pairing"),
    Kind.COUNTERPART: message("links.counterpart"),
    Kind.WISH: message("links.wish"),
    Kind.AVOID: message("links.avoid"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two sites of one level, by their ids.

    A ``must`` link binds: the two are together, or apart for ``AVOID``. Any other has a price ``km``, paid when the
    two are apart, or together for ``AVOID``; it is None until a scenario sets it (see
    :func:`grouping.link_files.priced`). A wish goes from ``a`` to ``b``, support likewise; the rest go both ways.
    """

    a: str
    b: str
    kind: Kind
    where: Where
    must: bool = False
    km: float | None = None


@dataclass(frozen=True, slots=True)
class Unhonourable:
    """A link, as written, that no grouping can honour, and why: a site that was not admitted, another level."""

    a: str
    b: str
    kind: Kind
    where: Where
    reason: Message


@dataclass(frozen=True, slots=True)
class Links:
    """What was read about links; ``remarks`` tell what was understood otherwise than to the letter."""

    links: tuple[Link, ...] = ()
    unhonourable: tuple[Unhonourable, ...] = ()
    remarks: tuple[Remark, ...] = ()
