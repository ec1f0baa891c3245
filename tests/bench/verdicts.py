"""Whether a claim of a row holds, by the samples of its contestants. Pure functions."""
from dataclasses import dataclass

import figures
from rows import BEST_PEER, OURS, REAL_PEERS, Claim

HOLDS, FAILS, UNKNOWN = "holds", "does not hold", "not measured"
UNITS = {"memory": " MB", "idle memory": " KiB"}
WORDS = {"rate": "messages/s", "cpu": "CPU a message", "latency": "median latency", "memory": "memory at most",
         "idle memory": "memory for an idle connection"}


@dataclass(frozen=True)
class Verdict:
    row: str
    claim: Claim
    against: str  # the claim's, with the name of the best peer
    reached: figures.Spread = None  # None: a side of it did not run

    @property
    def word(self):
        if self.reached is None:
            return UNKNOWN
        return HOLDS if self.claim.holds(self.reached.median) else FAILS

    @property
    def unit(self):
        return UNITS.get(self.claim.what, " ×")


def _rounds(claim, idle, ours, theirs):
    """The claimed figure of each round."""
    if claim.what == "memory":
        return [kib * 1024 / 1e6 for kib in figures.column(ours, "memory")]
    if claim.what == "idle memory":
        both = zip(figures.column(ours, "memory"), figures.column(theirs, "memory"))
        return [(with_idle - without) / idle for with_idle, without in both]
    return figures.ratios(figures.column(ours, claim.what), figures.column(theirs, claim.what))


def judge(row, claim, samples):
    against = figures.fastest(samples, REAL_PEERS) if claim.against == BEST_PEER else claim.against
    words = f"{BEST_PEER} ({against})" if claim.against == BEST_PEER and against else claim.against or "itself"
    ours, theirs = samples.get(OURS), samples.get(against)
    if not ours or (claim.against and not theirs):
        return Verdict(row.name, claim, words)
    if claim.what == "cpu" and not all(figures.column(theirs, "cpu")):
        return Verdict(row.name, claim, words)  # too short a run for the clock of the kernel's CPU ticks
    return Verdict(row.name, claim, words, figures.spread(_rounds(claim, row.load.idle, ours, theirs)))


def judge_all(row, samples):
    return [judge(row, claim, samples) for claim in row.claims]
