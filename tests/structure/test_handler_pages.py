"""Each bundled handler has a page in docs/handlers: the same headings, and a table of keys that is the plugin's own."""
import re
import subprocess
import unittest

import sources

HEADINGS = ["What for", "Keys", "What it answers, and when", "What it stores", "Example"]
# Types of --list-plugins -v, as the pages write them.
TYPES = {"string": "text", "yes or no": "switch", "octal mode": "file mode"}
OPTION = re.compile(r"^    (\w+) \((.+?)(, must be set|, default (?P<default>.*?))?\): ")
ROW = re.compile(r"^\| (`\w+`(?: … `\w+`)?) \| (.+?) \| (.+?) \| ", re.MULTILINE)


def handlers():
    return sorted(path.parts[1] for path in sources.files(".cpp") if path.parts[0] == "plugins" and path.name == "Plugin.cpp")


def type_on_page(listed):
    """full|summary → `full` or `summary`."""
    *others, last = [f"`{choice}`" for choice in listed.split("|")]
    return f"{', '.join(others)} or {last}" if others else TYPES.get(listed, listed)


def options_of_plugins():
    """{handler: [(key, type, default)]}, in the words of the pages."""
    listed = subprocess.run([sources.BUILD / "bin" / "mpsmtpd", "--list-plugins", "-v"], text=True, capture_output=True, check=True)
    found, name = {}, None
    for line in listed.stdout.splitlines():
        if option := OPTION.match(line):
            default = "must be set" if option[3] == ", must be set" else f"`{option['default']}`" if option["default"] else "none"
            found[name].append((option[1], type_on_page(option[2]), default))
        elif not line.startswith(" "):
            name = line.split()[0]
            found[name] = []
    return found


def expanded(key):
    """`rule1` … `rule20` → rule1, rule2, …"""
    names = re.findall(r"`(\w+)`", key)
    if len(names) == 1:
        return names
    stem = names[0].rstrip("0123456789")
    return [f"{stem}{number}" for number in range(int(names[0][len(stem):]), int(names[1][len(stem):]) + 1)]


def section(page, heading):
    return page.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


def options_on_page(page):
    table = section(page, "Keys").split("| key | type | default | meaning |\n", 1)[1].split("\n\n", 1)[0]
    # An optional key without a default may say what that means: all.
    return [(key, row[1], "none" if row[2] == "all" else row[2]) for row in ROW.findall(table) for key in expanded(row[0])]


class HandlerPages(unittest.TestCase):
    def test_every_handler_has_its_page_and_every_page_its_handler(self):
        pages = sorted(path.stem for path in sources.files(".md") if path.parts[:2] == ("docs", "handlers"))
        self.assertEqual(pages, handlers())

    def test_the_headings_are_the_same(self):
        for name in handlers():
            with self.subTest(name):
                page = sources.text(f"docs/handlers/{name}.md")
                self.assertTrue(page.startswith(f"# {name}\n"))
                self.assertEqual(re.findall(r"^## (.*)$", page, re.MULTILINE), HEADINGS)

    def test_the_keys_are_those_of_the_plugin(self):
        options = options_of_plugins()
        for name in handlers():
            with self.subTest(name):
                self.assertEqual(options_on_page(sources.text(f"docs/handlers/{name}.md")), options[name])

    def test_the_example_names_the_handler(self):
        for name in handlers():
            with self.subTest(name):
                example = section(sources.text(f"docs/handlers/{name}.md"), "Example")
                self.assertRegex(example, rf"(?m)^type *= {name}$")


if __name__ == "__main__":
    unittest.main()
