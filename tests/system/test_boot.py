"""The packages and their service under a booted systemd (boot/guest.py), in a container of its own, or in an emulated machine
where none boots: a minute or ten, after some 200 MB the first time, so that only --full runs it."""
import os
import pathlib
import re
import subprocess
import unittest

import debian
import harness

BOOT = pathlib.Path(__file__).with_name("boot")
LONGEST = 1800  # seconds; for an emulated machine


def obstacle():
    if not harness.FULL:
        return "only with --full"
    if harness.SANITIZED:
        return "a sanitizer's runtime is not in the machine"
    if os.geteuid() != 0 or debian.missing_tools("debootstrap", "dpkg-shlibdeps"):
        return "needs root, debootstrap and dpkg-dev"
    return None


@unittest.skipIf(obstacle(), obstacle())
class Booted(harness.SystemTest):
    def test_the_service_as_an_administrator_uses_it(self):
        packages = self.folder / "packages"
        packages.mkdir()
        for name, version in (("old", "0.9.0"), ("new", None)):
            debian.pack(self.folder / name, version)["mpsmtpd"].rename(packages / f"{name}.deb")
        console = subprocess.run([str(BOOT / "boot.sh"), str(packages), str(BOOT / "guest.py")], capture_output=True, text=True,
                                 errors="replace", timeout=LONGEST, check=False)
        told = console.stdout.replace("\r", "")
        self.assertIn("\nthe end", told, told + console.stderr)
        self.assertEqual(re.findall(r"(?ms)^not ok .*?(?=^ok |^not ok |^the end)", told), [], told)
        self.assertGreater(len(re.findall(r"(?m)^ok ", told)), 15, told)
        print(f"\n{told}")


if __name__ == "__main__":
    unittest.main()
