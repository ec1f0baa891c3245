#!/usr/bin/env python3
"""Measures mpsmtpd beside its peers, and says of each row of what is wanted whether it holds.

All contestants of a row are started, warmed up, and take turns: A B C, then C B A. Figures are medians over the rounds, a
ratio is the median of the ratios of each round. A run counts only when every message was acknowledged and all of it is
stored. scripts/bench builds what is needed and calls this. docs/performance.md says what is compared with what, and why.
"""
import argparse
import pathlib
import resource
import signal
import subprocess
import sys
import tempfile

import ceilings
import generated
import machine
import rows
import table
import verdicts
from clients import NotAcknowledged, Tools
from processes import CannotRun
from report import Report
from running import Running
from stored import NotStored

SOURCE = pathlib.Path(__file__).resolve().parents[2]
PAGE = SOURCE / "docs/performance.md"


def parse_arguments(arguments):
    names = [row.name for row in rows.every_row()] + ["ceilings"]
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", action="append", choices=names, metavar="NAME",
                        help="only this one, may be repeated: " + ", ".join(names))
    parser.add_argument("--rounds", type=int, help="default: 5, or 1 with --quick")
    parser.add_argument("--quick", action="store_true", help="tiny counts: shows that all of it works, measures nothing")
    parser.add_argument("--durability", choices=rows.DURABILITY, default=rows.DEFAULT_DURABILITY)
    parser.add_argument("--folder", type=pathlib.Path, default=pathlib.Path("/var/tmp"), help="on the disk to measure")
    parser.add_argument("--output", type=pathlib.Path, help="where the files go; default: bench in the build folder")
    parser.add_argument("--write-docs", action="store_true", help="put the tables into docs/performance.md")
    parser.add_argument("--build", type=pathlib.Path, default=SOURCE / "build", help="what CMake built")
    parser.add_argument("--tools", type=pathlib.Path, default=SOURCE / "build/tools", help="what scripts/setup unpacked")
    given = parser.parse_args(arguments)
    given.rounds = given.rounds or (1 if given.quick else 5)
    given.output = given.output or given.build / "bench"
    return given


def chosen_rows(given):
    every = [row for row in rows.every_row(given.durability) if not given.row or row.name in given.row]
    return [rows.quick(row) for row in every] if given.quick else every


def allow_descriptors():
    """Ten thousand connections have two ends."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def part_contestants(folder):
    """Each folder below gets inodes of a part of the disk of its own, where the file system is an ext4.

    It looks at each inode that was freed in the last minutes when it makes a file near by: a contestant would pay for what
    another has removed (measured: a seventh of the rate beside 20,000 removed files).
    """
    subprocess.run(["chattr", "+T", folder], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def say(text):
    print(text, flush=True)


def run_rows(given, tools, folder):
    results = {}
    for row in (chosen := chosen_rows(given)):
        say(f"\n== {row.name}: {row.title}")
        results[row.name] = Running(row, tools, folder, given.durability).run(given.rounds)
        say(table.measured([row], results))
        for verdict in verdicts.judge_all(row, results[row.name].samples):
            say(f"{verdict.against}: wanted {table.wanted(verdict)}, reached {table.reached(verdict)}: {verdict.word}")
        say(table.left_out([row], results))
    return chosen, results


def run_ceilings(given, tools, folder):
    if given.row and "ceilings" not in given.row:
        return []
    try:
        return ceilings.measure(tools, folder, given.rounds, given.quick)
    except (FileNotFoundError, CannotRun) as reason:
        say(f"ceilings left out: {reason}")
        return []


def write(report, given):
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / "performance.md").write_text(report.markdown("performance.svg"))
    (given.output / "performance.json").write_text(report.raw())
    (given.output / "performance.svg").write_text(report.picture())
    say(f"written: {given.output}/performance.md, .json, .svg")
    if given.write_docs:
        PAGE.write_text(generated.replaced(PAGE.read_text(), report.markdown("performance.svg")))
        PAGE.with_suffix(".svg").write_text(report.picture())


def main(arguments):
    given = parse_arguments(arguments)
    allow_descriptors()
    tools = Tools(given.tools.resolve(), given.build.resolve())
    about = machine.describe(given.folder, SOURCE)
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="mpsmtp-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # peers have users of their own
        part_contestants(folder)
        chosen, results = run_rows(given, tools, folder)
        report = Report(chosen, results, about, " ".join(["scripts/bench", *arguments]), run_ceilings(given, tools, folder))
    say("\n" + table.ceilings(report.ceilings) if report.ceilings else "")
    say(report.verdict_table())
    write(report, given)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # unwinds, so that what was started ends too
    try:
        main(sys.argv[1:])
    except (NotAcknowledged, NotStored, CannotRun) as failure:
        sys.exit(f"scripts/bench: {failure}")
