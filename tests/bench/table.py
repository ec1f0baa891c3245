"""Markdown: what each contestant of a row did, what was wanted of it, the ceilings, and who was left out. Pure functions."""
import figures
from verdicts import UNKNOWN, WORDS


def table(head, lines):
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in [head, rule, *lines]) + "\n"


def number(value):
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def with_spread(values):
    if not values or None in values:
        return "–"
    all_of_it = figures.spread(values)
    return f"{number(all_of_it.median)} ({number(all_of_it.lowest)}–{number(all_of_it.highest)})"


def _median(samples, what):
    values = figures.column(samples, what)
    return "–" if None in values else number(figures.spread(values).median)


def measured(rows, results):
    """Who did what, a line for each contestant of each row."""
    lines = []
    for row in rows:
        for place, (name, samples) in enumerate(results[row.name].samples.items()):
            lines.append((row.title if place == 0 else "", name, with_spread(figures.column(samples, "rate")),
                          _median(samples, "cpu"), _median(samples, "latency")))
    return table(("workload", "who", "messages/s (lowest–highest)", "CPU µs/message", "median latency, µs"), lines)


def reached(verdict):
    if verdict.reached is None:
        return UNKNOWN
    it = verdict.reached
    return f"{number(it.median)}{verdict.unit} ({number(it.lowest)}–{number(it.highest)})"


def wanted(verdict):
    return f"{'≥' if verdict.claim.at_least else '≤'} {verdict.claim.wanted:g}{verdict.unit}"


def verdicts(rows, judged):
    """A line for each claim: what is wanted, what is reached, and whether it holds."""
    lines = []
    for row in rows:
        for place, verdict in enumerate(judged[row.name]):
            lines.append((row.name if place == 0 else "", WORDS[verdict.claim.what], verdict.against, wanted(verdict),
                          reached(verdict), verdict.word))
    return table(("row", "figure", "against", "wanted", "reached (lowest–highest)", ""), lines)


def ceilings(measured_ceilings):
    return table(("bare ceiling", "a second (lowest–highest)", "median latency, µs"),
                 [(name, with_spread(rates), number(latency)) for name, rates, latency in measured_ceilings])


def left_out(rows, results):
    """One line for each reason; nothing when everybody took part."""
    reasons = {}
    for row in rows:
        for name, reason in results[row.name].left_out.items():
            reasons.setdefault((name, " ".join(reason.split())[:200]), []).append(row.name)
    return "".join(f"- {name} ({', '.join(names)}): {reason}\n" for (name, reason), names in sorted(reasons.items()))
