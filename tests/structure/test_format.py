"""The sources are as clang-format 14 sets them: `clang-format -i FILE` puts right what this finds."""
import re
import shutil
import subprocess
import unittest

import sources


def clang_format():
    """Other versions set the same file differently."""
    for name in ("clang-format-14", "clang-format"):
        program = shutil.which(name)
        if program and re.search(r"version 14\.", subprocess.run([program, "--version"], capture_output=True, text=True,
                                                                 check=True).stdout):
            return program
    return None


class Format(unittest.TestCase):
    def test_every_source_is_formatted(self):
        program = clang_format()
        if not program:
            self.skipTest("clang-format 14 is not installed")
        paths = [str(path) for path in sources.files(".h", ".cpp")]
        checked = subprocess.run([program, "--dry-run", "-Werror", *paths], cwd=sources.ROOT, capture_output=True, text=True,
                                 check=False)
        wrong = sorted(set(re.findall(r"^(\S+?):\d+", checked.stderr, re.MULTILINE)))
        self.assertEqual(wrong, [], "run clang-format -i on these")
        self.assertEqual(checked.returncode, 0, checked.stderr)


if __name__ == "__main__":
    unittest.main()
