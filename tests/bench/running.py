"""Runs a row: starts its contestants, lets them take turns, and gathers samples. What they do is contestants.py's."""
from dataclasses import dataclass, field

import contestants
import figures
from clients import NotAcknowledged
from processes import CannotRun
from rows import OURS
from stored import NotStored

LEAVE_OUT = (CannotRun, NotAcknowledged, NotStored)  # of a peer; our own ends the program


@dataclass
class Result:
    """Samples by contestant, round by round; and why a contestant is not among them."""
    samples: dict = field(default_factory=dict)
    left_out: dict = field(default_factory=dict)


class Running:
    """One row while it runs."""

    def __init__(self, row, tools, folder, durability, start=contestants.start):
        self._row = row
        self._start = lambda contestant, place: start(contestant, row, tools, place, durability)
        self._folder = folder
        self._at_work = {}
        self._result = Result()

    def _leave_out(self, name, reason):
        if name == OURS:
            raise reason
        self._result.left_out[name] = str(reason)
        self._result.samples.pop(name, None)
        if name in self._at_work:
            self._at_work.pop(name).stop()

    def _start_all(self):
        for number, contestant in enumerate(self._row.contestants):
            place = self._folder / f"{self._row.name}-{number}"
            try:
                self._at_work[contestant.name] = self._start(contestant, place)
                self._result.samples[contestant.name] = []
            except LEAVE_OUT as reason:
                self._leave_out(contestant.name, reason)

    def _round(self, number):
        for name in figures.order(self._at_work, number):
            try:
                self._result.samples[name].append(self._at_work[name].run())
            except LEAVE_OUT as reason:
                self._leave_out(name, reason)

    def run(self, rounds):
        try:
            self._start_all()
            for number in range(rounds):
                self._round(number)
        finally:
            for contestant in self._at_work.values():
                contestant.stop()
        return self._result
