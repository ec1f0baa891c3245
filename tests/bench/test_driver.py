"""The whole driver with tiny counts: every row has figures, and all mail was found. Says nothing of how fast anything is."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

import rows

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("MPSMTP_BUILD", HERE.parents[1] / "build"))
DEADLINE = 270  # seconds; a failure, not a measure


class Driver(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.output = tempfile.TemporaryDirectory(prefix="mpsmtp-bench-test-")
        cls.addClassCleanup(cls.output.cleanup)
        os.chmod(cls.output.name, 0o755)  # peers have users of their own
        cls.driver = subprocess.Popen([sys.executable, "-B", HERE / "driver.py", "--quick", "--build", BUILD, "--output",
                                       cls.output.name, "--folder", cls.output.name],
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        try:
            cls.said, _ = cls.driver.communicate(timeout=DEADLINE)
        except subprocess.TimeoutExpired:
            cls.driver.terminate()  # so that it ends its servers
            cls.said, _ = cls.driver.communicate()

    def read(self, name):
        return (pathlib.Path(self.output.name) / name).read_text()

    def test_all_mail_was_acknowledged_and_found(self):
        self.assertEqual(self.driver.returncode, 0, self.said)

    def test_every_row_has_figures_of_ours(self):
        told = {row["row"]["name"]: row for row in json.loads(self.read("performance.json"))["rows"]}
        for row in rows.every_row():
            with self.subTest(row.name):
                self.assertGreater(told[row.name]["samples"][rows.OURS][0]["rate"], 0)
                self.assertEqual(len(told[row.name]["claims"]), len(row.claims))

    def test_what_needs_no_peer_ran_beside_it(self):
        told = {row["row"]["name"]: row for row in json.loads(self.read("performance.json"))["rows"]}
        for row in rows.every_row():
            own = {it.name for it in row.contestants if it.server in (rows.OURS, rows.BARE_SERVER, rows.BARE_STORE)}
            with self.subTest(row.name):
                self.assertLessEqual(own, set(told[row.name]["samples"]), told[row.name]["left_out"])

    def test_every_row_is_told_with_its_verdict(self):
        for row in rows.every_row():
            self.assertIn(f"| {row.name} |", self.read("performance.md"))

    def test_the_picture_is_well_formed(self):
        ElementTree.fromstring(self.read("performance.svg"))


if __name__ == "__main__":
    unittest.main()
