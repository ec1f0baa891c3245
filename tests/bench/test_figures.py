"""The parts of the bench that need no server: medians, order, verdicts, tables, the picture, the markers."""
import pathlib
import unittest
from xml.etree import ElementTree

import chart
import figures
import generated
import processes
import rows
import running
import table
import verdicts
from clients import NotAcknowledged
from figures import Sample
from processes import CannotRun
from rows import BEST_PEER, OURS, Contestant, Row, at_least, at_most
from workloads import Load


def row_with(*claims, idle=0):
    return Row("a-row", "a row", Load(1024, 10, 100, idle=idle), (Contestant(OURS, OURS), Contestant("peer", "peer")), claims)


def rates(*values):
    return [Sample(value, cpu=1000 / value) for value in values]


class Figures(unittest.TestCase):
    def test_a_ratio_is_the_median_of_the_rounds_ratios_and_not_the_ratio_of_medians(self):
        ours, theirs = [100, 10, 40], [50, 20, 10]
        self.assertEqual(figures.ratios(ours, theirs), [2, 0.5, 4])
        self.assertEqual(figures.spread(figures.ratios(ours, theirs)), figures.Spread(2, 0.5, 4))

    def test_rounds_that_one_side_does_not_have_are_no_ratio(self):
        with self.assertRaises(ValueError):
            figures.ratios([1, 2], [1])

    def test_every_second_round_goes_backwards(self):
        self.assertEqual([figures.order("ABC", number) for number in range(3)], [list("ABC"), list("CBA"), list("ABC")])

    def test_the_fastest_is_so_by_its_median(self):
        samples = {"once fast": rates(1, 1, 100), "steady": rates(5, 5, 5)}
        self.assertEqual(figures.fastest(samples, ["once fast", "steady", "absent"]), "steady")
        self.assertIsNone(figures.fastest(samples, ["absent"]))


class Verdicts(unittest.TestCase):
    def judge(self, claim, samples, idle=0):
        return verdicts.judge(row_with(claim, idle=idle), claim, samples)

    def test_a_claim_holds_at_its_border(self):
        for why, claim, peer, word in (
                ("as fast as wanted", at_least(2, "peer"), 50, verdicts.HOLDS),
                ("a little slower", at_least(2, "peer"), 51, verdicts.FAILS),
                ("no more CPU", at_most(0.5, "peer", "cpu"), 50, verdicts.HOLDS),
                ("more CPU", at_most(0.5, "peer", "cpu"), 51, verdicts.FAILS)):
            with self.subTest(why):
                self.assertEqual(self.judge(claim, {OURS: rates(100), "peer": rates(peer)}).word, word)

    def test_the_best_peer_is_named(self):
        samples = {OURS: rates(100), "Postfix": rates(10), "nodemailer": rates(20), "bare": rates(90)}
        verdict = self.judge(at_least(5, BEST_PEER), samples)
        self.assertEqual(verdict.against, "best real peer (nodemailer)")
        self.assertEqual(verdict.reached.median, 5)

    def test_what_did_not_run_neither_holds_nor_fails(self):
        self.assertEqual(self.judge(at_least(5, BEST_PEER), {OURS: rates(1)}).word, verdicts.UNKNOWN)
        self.assertEqual(self.judge(at_most(1, "peer", "cpu"), {OURS: [Sample(1, 5)], "peer": [Sample(1, 0)]}).word,
                         verdicts.UNKNOWN)

    def test_memory_of_an_idle_connection_is_what_the_server_without_them_has_not(self):
        samples = {OURS: [Sample(1, memory=21_000)], "peer": [Sample(1, memory=10_000)]}
        self.assertEqual(self.judge(at_most(12, "peer", "idle memory"), samples, idle=1000).reached.median, 11)

    def test_memory_is_told_in_megabytes(self):
        self.assertEqual(self.judge(at_most(64, None, "memory"), {OURS: [Sample(1, memory=1000)]}).reached.median, 1.024)


class Rows(unittest.TestCase):
    def test_every_claim_is_against_a_contestant_of_its_row(self):
        for row in rows.every_row():
            names = {contestant.name for contestant in row.contestants} | {BEST_PEER, None}
            with self.subTest(row.name):
                self.assertEqual(row.contestants[0].name, OURS)
                self.assertLessEqual({claim.against for claim in row.claims}, names)

    def test_a_quick_row_has_our_own_contestants_and_little_to_do(self):
        for row in rows.every_row():
            quick = rows.quick(row)
            with self.subTest(row.name):
                self.assertEqual([it.name for it in quick.contestants if it.name not in rows.REAL_PEERS],
                                 [it.name for it in row.contestants if it.name not in rows.REAL_PEERS])
                for contestant in quick.contestants:
                    self.assertTrue(quick.load.changed(contestant.changes).is_quick)


class FakeContestant:
    """Notes when it runs; fails in the given round."""

    def __init__(self, name, log, fails_in=None, error=NotAcknowledged):
        self.name, self._log, self._left, self._error = name, log, fails_in, error

    def run(self):
        self._log.append(self.name)
        if self._left == 0:
            raise self._error("refused")
        self._left = None if self._left is None else self._left - 1
        return Sample(1.0)

    def stop(self):
        self._log.append(f"{self.name} stopped")


class TurnsOfARow(unittest.TestCase):
    def run_row(self, rounds, peer=None, absent=False, **failing):
        log = []

        def start(contestant, *_):
            if absent and contestant.name == "peer":
                raise CannotRun("not found")
            return FakeContestant(contestant.name, log, **(failing if contestant.name == peer else {}))

        self.log = log
        return running.Running(row_with(), None, pathlib.Path("nowhere"), "fsync", start).run(rounds)

    def test_contestants_take_turns_and_are_stopped(self):
        result = self.run_row(2)
        self.assertEqual(self.log, [OURS, "peer", "peer", OURS, f"{OURS} stopped", "peer stopped"])
        self.assertEqual({name: len(samples) for name, samples in result.samples.items()}, {OURS: 2, "peer": 2})

    def test_a_peer_that_is_not_there_is_left_out_with_its_reason(self):
        result = self.run_row(1, absent=True)
        self.assertEqual((list(result.samples), result.left_out), ([OURS], {"peer": "not found"}))

    def test_a_peer_that_fails_later_loses_all_its_figures(self):
        result = self.run_row(3, peer="peer", fails_in=1)
        self.assertEqual((list(result.samples), result.left_out), ([OURS], {"peer": "refused"}))
        self.assertEqual(self.log.count("peer stopped"), 1)

    def test_a_failure_of_ours_is_no_result(self):
        with self.assertRaises(NotAcknowledged):
            self.run_row(1, peer=OURS, fails_in=0)
        self.assertIn("peer stopped", self.log)


class Output(unittest.TestCase):
    def setUp(self):
        self.row = row_with(at_least(2, "peer"), at_most(1, "peer", "cpu"), at_least(5, BEST_PEER))
        self.result = running.Result({OURS: rates(300, 200, 250), "peer": rates(100, 100, 100)}, {"Exim": "two\nlines <&>"})
        self.judged = {self.row.name: verdicts.judge_all(self.row, self.result.samples)}

    def test_a_table_says_what_is_wanted_reached_and_whether_it_holds(self):
        self.assertEqual(table.verdicts([self.row], self.judged).splitlines()[2:], [
            "| a-row | messages/s | peer | ≥ 2 × | 2.50 × (2.00–3.00) | holds |",
            "|  | CPU a message | peer | ≤ 1 × | 0.40 × (0.33–0.50) | holds |",
            "|  | messages/s | best real peer | ≥ 5 × | not measured | not measured |"])

    def test_a_table_shows_medians_and_spread(self):
        lines = table.measured([self.row], {self.row.name: self.result}).splitlines()
        self.assertEqual(lines[2], "| a row | mpsmtpd | 250 (200–300) | 4.00 | – |")
        self.assertEqual(len({line.count("|") for line in lines}), 1)

    def test_who_was_left_out_is_said_in_one_line(self):
        self.assertEqual(table.left_out([self.row], {self.row.name: self.result}), "- Exim (a-row): two lines <&>\n")

    def test_the_picture_is_well_formed_and_has_a_bar_for_each_ratio(self):
        root = ElementTree.fromstring(chart.svg(self.judged, "a < b & c"))
        bars = [part for part in root.iter("{http://www.w3.org/2000/svg}rect") if part.get("fill") != "#ffffff"]
        self.assertEqual(len(bars), 2)

    def test_the_picture_of_nothing_is_well_formed_too(self):
        ElementTree.fromstring(chart.svg({}, "nothing"))


class Markers(unittest.TestCase):
    def test_what_stands_between_them_is_replaced_and_nothing_else(self):
        page = f"before\n{generated.BEGIN}\nold\n{generated.END}\nbehind\n"
        once = generated.replaced(page, "new\n")
        self.assertEqual(once, f"before\n{generated.BEGIN}\n\nnew\n\n{generated.END}\nbehind\n")
        self.assertEqual(generated.replaced(once, "new\n"), once)

    def test_a_page_without_them_is_left_alone(self):
        for why, page in (("none", ""), ("one", generated.BEGIN), ("wrong order", generated.END + generated.BEGIN),
                          ("twice", 2 * (generated.BEGIN + generated.END))):
            with self.subTest(why), self.assertRaises(generated.NoMarkers):
                generated.replaced(page, "new")


class Processes(unittest.TestCase):
    def test_a_tree_costs_what_its_processes_do_and_no_other(self):
        found = {1: (0, 1000), 10: (1, 5), 11: (10, 7), 12: (11, 9), 20: (1, 100)}
        self.assertEqual(processes.tree_ticks(10, found), 21)

    def test_a_program_may_have_any_name(self):
        line = "7 (a) b (c) S 3 " + " ".join("0" for _ in range(9)) + " 1 2 3 4 0"
        self.assertEqual(processes.parse_stat(line), (3, 10))


if __name__ == "__main__":
    unittest.main()
