"""Runs one Python test module of the current folder: `../run.py test_clients`, or a part: `test_clients.TypedSessions`.

Exit code 77 means that every test was skipped. The reasons of all skips are added to build/skipped.txt, which
scripts/test prints at the end: a test that did not run must not look like one that passed.
"""
import fcntl
import os
import pathlib
import sys
import unittest


def note_skips(module, skipped):
    build = os.environ.get("MPSMTP_BUILD")
    if not skipped or not build:
        return
    with open(pathlib.Path(build) / "skipped.txt", "a", encoding="utf-8") as notes:
        fcntl.flock(notes, fcntl.LOCK_EX)
        for test, reason in skipped:
            notes.write(f"{module}: {test}: {reason}\n")


def main():
    name = sys.argv[1]
    sys.path.insert(0, os.getcwd())
    suite = unittest.defaultTestLoader.loadTestsFromName(name)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    note_skips(name, result.skipped)
    if result.testsRun == 0:
        print("no test ran", file=sys.stderr)
        return 1
    if not result.wasSuccessful():
        return 1
    return 77 if len(result.skipped) == result.testsRun else 0


if __name__ == "__main__":
    sys.exit(main())
