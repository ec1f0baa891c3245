"""The service under a booted systemd (boot/guest.py), in an emulated machine of its own: some ten minutes and 500 MB, so that
only --full runs it."""
import os
import pathlib
import re
import shutil
import subprocess
import unittest

import harness

BOOT = pathlib.Path(__file__).with_name("boot")
LONGEST = 1800  # seconds; all is emulated


def obstacle():
    if not harness.FULL:
        return "only with --full"
    if harness.SANITIZED:
        return "a sanitizer's runtime is not in the machine"
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        return "needs root and debootstrap"
    return None


@unittest.skipIf(obstacle(), obstacle())
class Booted(harness.SystemTest):
    def test_the_service_as_an_administrator_uses_it(self):
        stage = self.folder / "stage"
        subprocess.run(["cmake", "--install", str(harness.BUILD), "--prefix", "/usr", "--strip"], check=True,
                       stdout=subprocess.DEVNULL, env={**os.environ, "DESTDIR": str(stage)})
        console = subprocess.run([str(BOOT / "boot.sh"), str(stage), str(BOOT / "guest.py")], capture_output=True, text=True,
                                 errors="replace", timeout=LONGEST, check=False)
        told = console.stdout.replace("\r", "")
        self.assertIn("\nthe end", told, told + console.stderr)
        self.assertEqual(re.findall(r"(?ms)^not ok .*?(?=^ok |^not ok |^the end)", told), [], told)
        self.assertGreater(len(re.findall(r"(?m)^ok ", told)), 10, told)


if __name__ == "__main__":
    unittest.main()
