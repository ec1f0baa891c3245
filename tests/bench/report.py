"""All that a run has found, as text, JSON and a picture; where it is put is the driver's to say."""
import json
from dataclasses import asdict, dataclass, field

import chart
import machine
import table
import verdicts


@dataclass
class Report:
    rows: list
    results: dict  # row's name → running.Result
    machine: dict
    command: str
    ceilings: list = field(default_factory=list)

    @property
    def judged(self):
        return {row.name: verdicts.judge_all(row, self.results[row.name].samples) for row in self.rows}

    def caption(self):
        return f"{machine.sentence(self.machine)}; `{self.command}`"

    def verdict_table(self):
        return table.verdicts(self.rows, self.judged)

    def markdown(self, picture):
        left_out = table.left_out(self.rows, self.results)
        parts = [f"Taken with `{self.command}`: {machine.sentence(self.machine)}.", f"![Ratios reached]({picture})",
                 "### What is wanted, and what is reached", self.verdict_table(), "### What each did",
                 table.measured(self.rows, self.results)]
        if self.ceilings:
            parts += ["### Bare ceilings", table.ceilings(self.ceilings)]
        if left_out:
            parts += ["### Left out", left_out]
        return "\n\n".join(part.strip() for part in parts) + "\n"

    def raw(self):
        return json.dumps({
            "machine": self.machine, "command": self.command,
            "rows": [{"row": asdict(row), "left_out": self.results[row.name].left_out,
                      "samples": {name: list(map(asdict, samples))
                                  for name, samples in self.results[row.name].samples.items()},
                      "claims": [{**asdict(verdict), "verdict": verdict.word} for verdict in self.judged[row.name]]}
                     for row in self.rows],
            "ceilings": self.ceilings}, indent=1, ensure_ascii=False) + "\n"

    def picture(self):
        return chart.svg(self.judged, f"mpsmtpd: times as fast as …, {self.machine['date']}; blue: wanted; line: all rounds")
