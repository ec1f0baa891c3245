"""An SVG of the reached ratios: a bar for each claim, a line through its rounds, a mark where it should be. Pure functions.

Written by hand, since a picture of bars needs no library. The axis is logarithmic: twice as fast and half as fast are as
far from 1.
"""
import math
from xml.sax.saxutils import escape

from verdicts import HOLDS, WORDS

LABEL, WIDTH, LINE, TOP, TEXT = 430, 420, 22, 46, 80  # of labels, of bars, of a line; above the bars; of the figures
COLOURS = {True: "#2e7d32", False: "#c62828"}
STYLE = "text{font:12px sans-serif;fill:#24292f}.tick{stroke:#d0d7de}.rounds{stroke:#24292f}.wanted{stroke:#0969da;stroke-width:3}"


def _ratios(judged):
    return [verdict for verdicts in judged.values() for verdict in verdicts if verdict.reached and verdict.unit == " ×"
            and verdict.reached.lowest > 0]  # 0: fewer ticks of the clock than the figure needs


class Axis:
    """From ratios to places, between powers of two."""

    def __init__(self, values):
        self.low = math.floor(math.log2(min([*values, 0.5])))
        self.high = max(math.ceil(math.log2(max([*values, 2]))), self.low + 1)

    def at(self, ratio):
        share = (math.log2(ratio) - self.low) / (self.high - self.low)
        return round(LABEL + WIDTH * min(max(share, 0), 1), 1)

    def ticks(self):
        return [2.0 ** power for power in range(self.low, self.high + 1)]


def _line(kind, x1, y1, x2, y2):
    return f'<line class="{kind}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _text(x, y, words, anchor="start"):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}">{escape(words)}</text>'


def _tick(axis, ratio, bottom):
    x = axis.at(ratio)
    return [_line("tick", x, TOP - 4, x, bottom), _text(x, TOP - 10, f"{ratio:g}×", "middle")]


def _bar(axis, verdict, y):
    it = verdict.reached
    begin, end = sorted((axis.at(1), axis.at(it.median)))
    middle, mark = y + LINE / 2 - 2, axis.at(verdict.claim.wanted)
    label = f"{verdict.row}: {WORDS[verdict.claim.what]}, {verdict.against}"
    return [_text(LABEL - 8, y + 13, label, "end"),
            f'<rect x="{begin}" y="{y + 2}" width="{round(end - begin, 1)}" height="{LINE - 8}" '
            f'fill="{COLOURS[verdict.word == HOLDS]}"/>',
            _line("rounds", axis.at(it.lowest), middle, axis.at(it.highest), middle),
            _line("wanted", mark, y, mark, y + LINE - 4),
            _text(LABEL + WIDTH + 8, y + 13, f"{it.median:.2f}×")]


def svg(judged, caption):
    """A picture of all ratios in `judged`, row name → verdicts."""
    shown = _ratios(judged)
    axis = Axis([value for verdict in shown for value in
                 (verdict.reached.lowest, verdict.reached.highest, verdict.claim.wanted) if value > 0])
    bottom = TOP + LINE * len(shown)
    width = LABEL + WIDTH + TEXT
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {bottom + 10}" width="{width}" '
             f'height="{bottom + 10}">', f"<style>{STYLE}</style>",
             f'<rect width="{width}" height="{bottom + 10}" fill="#ffffff"/>', _text(8, 16, caption)]
    for ratio in axis.ticks():
        parts += _tick(axis, ratio, bottom)
    for place, verdict in enumerate(shown):
        parts += _bar(axis, verdict, TOP + LINE * place)
    return "\n".join([*parts, "</svg>", ""])
