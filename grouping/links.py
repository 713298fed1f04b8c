"""Links between sites: pairings, counterpart support, wishes and avoidances (管理办法, Articles 4 and 13).

What a running term or a lock demands is a link, too, so that one cost, one model and one audit serve them all.
"""

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
    TERM = "term"
    TERM_APART = "term_apart"
    LOCK = "lock"
    LOCK_APART = "lock_apart"

    @property
    def label(self) -> Message:
        """The kind in words."""
        return _LABELS[self]

    @property
    def apart(self) -> bool:
        """Whether such a link asks its ends to be in different communities."""
        return self in (Kind.AVOID, Kind.TERM_APART, Kind.LOCK_APART)

    @property
    def asked_for(self) -> bool:
        """Whether sites or the office ask for such links one by one; the rest follow from a term or a lock."""
        return self in (Kind.PAIRING, Kind.COUNTERPART, Kind.WISH, Kind.AVOID)


_LABELS = {
    Kind.PAIRING: message("links.pairing"),
    Kind.COUNTERPART: message("links.counterpart"),
    Kind.WISH: message("links.wish"),
    Kind.AVOID: message("links.avoid"),
    Kind.TERM: message("links.term"),
    Kind.TERM_APART: message("links.term_apart"),
    Kind.LOCK: message("links.lock"),
    Kind.LOCK_APART: message("links.lock_apart"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """A link between two sites of one level, by their ids.

    A ``must`` link binds: the two are together, or apart where the kind asks for that. Any other has a price ``km``,
    paid when the two are not as it asks; it is None until a scenario sets it (see
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
