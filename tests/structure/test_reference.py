"""The reference of the SDK: every public name has its comment, and doxygen makes pages of them (sdk/Doxyfile)."""
import shutil
import subprocess
import tempfile
import unittest

import sources


def doxygen(output, *settings):
    """Runs sdk/Doxyfile with its pages in `output`; later settings win."""
    text = "\n".join([sources.text("sdk/Doxyfile"), f"OUTPUT_DIRECTORY = {output}", *settings, ""])
    return subprocess.run(["doxygen", "-"], input=text, cwd=sources.ROOT, text=True, capture_output=True, check=False)


@unittest.skipUnless(shutil.which("doxygen"), "doxygen is not installed")
class Reference(unittest.TestCase):
    def test_every_public_name_has_its_comment(self):
        output = sources.BUILD / "reference"
        output.mkdir(exist_ok=True)
        done = doxygen(output)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for page in ("classmpsmtp_1_1Handler.html", "structmpsmtp__host.html", "classmpsmtp_1_1testing_1_1Harness.html"):
            self.assertTrue((output / "html" / page).is_file(), page)

    def test_a_name_without_one_is_an_error(self):
        with tempfile.TemporaryDirectory() as folder:
            header = f"{folder}/Bare.h"
            with open(header, "w", encoding="utf-8") as file:
                file.write("/// \\file\n/// A header.\n#pragma once\n/// A class.\nclass Bare\n{\npublic:\n    void bare();\n};\n")
            done = doxygen(folder, f"INPUT = {header}", "GENERATE_HTML = NO")
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("bare() (function) of class Bare is not documented", done.stderr)


if __name__ == "__main__":
    unittest.main()
