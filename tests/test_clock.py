"""Clocks of several threads: one that runs apart stops with the other, but not for the other's work."""

from __future__ import annotations

import time

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


def test_a_share_of_the_time_may_run_out_without_the_rest() -> None:
    with Clock(600.0, 40.0) as clock:
        with clock.apart(1e-4) as part:
            while not part.stopped():
                time.sleep(0.01)
        assert part.reason is StoppedBy.TIME
        assert not clock.stopped()
        assert clock.hurried
    with Clock(600.0, 40.0) as clock:
        clock.spend(20.0)
        with clock.apart(0.25) as part:
            part.spend(4.0)
            assert not part.stopped()
            part.spend(2.0)
        assert part.reason is StoppedBy.WORK
        assert not clock.hurried
        clock.spend(20.0)
        with clock.apart() as late:
            while not late.stopped():
                time.sleep(0.01)
        # There was nothing left for it, but not for want of time.
        assert not clock.hurried
