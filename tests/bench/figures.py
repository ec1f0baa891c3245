"""What one run yields, and what several rounds of runs say: medians, spread, ratios. Pure functions; no clock, no file."""
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """One run of one contestant. What it does not have is None."""
    rate: float  # messages a second
    cpu: float = None  # microseconds of the server's processes for a message
    latency: float = None  # microseconds from the final dot to its 250, the median
    memory: float = None  # KiB resident at most, of the server's main process, since its start


@dataclass(frozen=True)
class Spread:
    median: float
    lowest: float
    highest: float


def spread(values):
    return Spread(statistics.median(values), min(values), max(values))


def column(samples, what):
    return [getattr(sample, what) for sample in samples]


def ratios(ours, theirs):
    """The ratio of each round: what disturbs the machine for longer than a round meets both sides of it alike."""
    if len(ours) != len(theirs):
        raise ValueError(f"{len(ours)} rounds of ours, {len(theirs)} of theirs")
    return [a / b for a, b in zip(ours, theirs)]


def order(names, number):
    """Who runs in which place of round `number`: A B C, then C B A, so that nobody is always first."""
    return list(names) if number % 2 == 0 else list(names)[::-1]


def fastest(samples_by_name, names):
    """Of `names`, the one with the highest median rate; None if none of them ran."""
    there = [name for name in names if samples_by_name.get(name)]
    return max(there, key=lambda name: statistics.median(column(samples_by_name[name], "rate")), default=None)
