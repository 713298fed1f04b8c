"""Clocks of several threads: one that runs apart stops with the other, but not for the other's work."""

from __future__ import annotations

from grouping.clock import Clock, StoppedBy


def test_a_clock_apart_goes_on_when_the_other_has_done_its_work() -> None:
    with Clock(60.0, work=10.0) as clock:
        clock.spend(4.0)
        with clock.apart() as apart:
            clock.spend(7.0)
            assert clock.reason is StoppedBy.WORK
            assert not apart.stopped()
            apart.spend(5.0)
            assert not apart.stopped()
            apart.spend(1.5)
            assert apart.reason is StoppedBy.WORK
        assert apart.spent == 6.5


def test_a_clock_apart_stops_with_the_other() -> None:
    with Clock(60.0, work=10.0) as clock, clock.apart() as apart:
        clock.interrupt()
        assert apart.stopped()
    with clock.apart() as late:
        assert late.stopped()
