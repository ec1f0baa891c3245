"""`cmake --install` puts everything in GNU standard places."""
import shutil
import subprocess
import unittest

import harness


class Installed(unittest.TestCase):
    def test_everything_is_in_its_place(self):
        for pattern in ("bin/mpsmtpd", "lib*/**/mpsmtp/plugins/maildir.so", "lib*/**/mpsmtp/plugins/mh.so",
                        "lib*/**/mpsmtp/plugins/mbox.so", "lib*/**/mpsmtp/plugins/console.so",
                        "lib*/**/mpsmtp/plugins/discard.so", "include/mpsmtp/Plugin.h", "include/mpsmtp/abi.h",
                        "include/mpsmtp/Testing.h", "lib*/**/cmake/mpsmtp/mpsmtpConfig.cmake",
                        "lib*/**/cmake/mpsmtp/mpsmtpConfigVersion.cmake", "lib*/**/cmake/mpsmtp/mpsmtpTargets.cmake",
                        "lib*/**/cmake/mpsmtp/AddPlugin.cmake", "lib*/**/pkgconfig/mpsmtp.pc",
                        "share/mpsmtp/plugin.map", "share/mpsmtp/template/CMakeLists.txt",
                        "share/man/man8/mpsmtpd.8", "share/man/man7/mpsmtp-plugin.7", "share/man/man5/mpsmtp.ini.5",
                        "etc/mpsmtp/mpsmtp.ini", "lib/systemd/system/mpsmtpd.service", "lib/systemd/system/mpsmtpd.socket",
                        "lib/sysusers.d/mpsmtpd.conf",
                        "etc/logrotate.d/mpsmtpd"):
            with self.subTest(pattern):
                self.assertEqual(len(list(harness.STAGE.glob(pattern))), 1)

    def test_man_pages_are_well_formed(self):
        mandoc = shutil.which("man")
        if not mandoc:
            self.skipTest("man is not installed")
        for page in harness.STAGE.glob("share/man/*/*"):
            with self.subTest(page.name):
                shown = subprocess.run(["man", "--warnings", "-l", str(page)], capture_output=True, text=True, check=True,
                                       env={**harness.clean_environment(), "MANPAGER": "cat", "MANWIDTH": "100"})
                self.assertEqual(shown.stderr, "")

    def test_the_installed_server_finds_its_plugins_by_itself(self):
        shown = subprocess.run([str(harness.MPSMTPD), "--list-plugins"], capture_output=True, text=True, check=True)
        self.assertIn(str(harness.STAGE), shown.stdout)


if __name__ == "__main__":
    unittest.main()
