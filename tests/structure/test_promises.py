"""docs/plugin-promises.md: each test that a promise names is there."""
import re
import unittest

import sources

PAGE = "docs/plugin-promises.md"


def rows():
    """{promise: text of its tests}"""
    found = re.findall(r"^\| (?!promise)([^|]+) \| ([^|]+) \|$", sources.text(PAGE), re.MULTILINE)
    return dict(found)


def named_tests(cell):
    """[(suite, [methods or classes])] of "`room.Suite`: `method`, `method`; …"."""
    parts = [re.findall(r"`([^`]+)`", part) for part in cell.split(";")]
    return [(part[0], part[1:]) for part in parts]


def source_of(suite):
    """The text of a suite's file; "" if there is none."""
    room, _, name = suite.partition(".")
    for path in (f"tests/{room}/{name}.cpp", f"tests/{room}/test_{name}.py"):
        if (sources.ROOT / path).is_file():
            return sources.text(path)
    return ""


def is_in(name, text):
    return re.search(rf"^class {name}\(|def {name}\(self|CPPUNIT_TEST\({name}\)", text, re.MULTILINE) is not None


class Promises(unittest.TestCase):
    def test_each_names_tests_that_exist(self):
        self.assertGreater(len(rows()), 10)
        for promise, cell in rows().items():
            for suite, names in named_tests(cell):
                with self.subTest(promise, suite=suite):
                    text = source_of(suite)
                    self.assertTrue(text, "there is no such suite")
                    self.assertTrue(names, "no test of the suite is named")
                    self.assertEqual([name for name in names if not is_in(name, text)], [])

    def test_a_name_that_is_gone_would_be_seen(self):
        self.assertEqual(source_of("system.no_such_thing"), "")
        self.assertFalse(is_in("test_no_such_thing", source_of("system.kill")))


if __name__ == "__main__":
    unittest.main()
