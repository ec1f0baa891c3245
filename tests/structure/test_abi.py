"""The frozen interface: what sdk/include/mpsmtp/abi.h was in release 1.0 it is for ever, and a later 1.x only adds.

tests/sdk/fixtures/release-1.0/abi.txt has a line for each struct ("struct NAME SIZE"), each of its members in their order
("member STRUCT NAME OFFSET SIZE DECLARATION"; offsets and sizes of 64-bit machines) and each constant ("constant NAME VALUE").
It was made once and is never edited: a later release gets a table of its own beside it.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import sources

TABLE = "tests/sdk/fixtures/release-1.0/abi.txt"
INCLUDE = sources.ROOT / "sdk" / "include"


def released():
    """[fields of a line]; the last field of a member's may hold blanks."""
    return [line.split(" ", 5) for line in sources.text(TABLE).splitlines() if line and not line.startswith("#")]


def structs_of(header):
    """{struct: {member: declaration}}, in the header's order."""
    text = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    return {name: {member_name(each): " ".join(each.split()) for each in body.split(";") if each.strip()}
            for name, body in re.findall(r"typedef struct (\w+)\s*\{(.*?)\n\} \1;", text, re.DOTALL)}


def member_name(declaration):
    return (re.search(r"\(\*(\w+)\)", declaration) or re.search(r"(\w+)\s*$", declaration))[1]


def header():
    return sources.text("sdk/include/mpsmtp/abi.h")


def program(rows, asserted):
    """C that compiles if `asserted` says the truth about each row."""
    lines = ["#include <mpsmtp/abi.h>"]
    for row in rows:
        lines += [f'_Static_assert({condition}, "{" ".join(row[1:3])}");' for condition in asserted(row)]
    return "\n".join(lines) + "\n"


def conditions(row):
    kind, *fields = row
    if kind == "struct":
        return [f"sizeof({fields[0]}) >= {fields[1]}"]
    if kind == "constant":
        return [f"{fields[0]} == {fields[1]}"]
    struct, member, offset, size, _ = fields
    return [f"offsetof({struct}, {member}) == {offset}", f"sizeof((({struct}*)0)->{member}) == {size}"]


def compile_errors(source):
    done = subprocess.run([shutil.which("gcc") or shutil.which("clang"), "-x", "c", "-std=c11", f"-I{INCLUDE}", "-fsyntax-only", "-"],
                          input=source, text=True, capture_output=True, check=False)
    return done.stderr if done.returncode else ""


@unittest.skipUnless(sys.maxsize > 2**32, "the table is one of 64-bit machines")
@unittest.skipUnless(shutil.which("gcc") or shutil.which("clang"), "no C compiler")
class Layout(unittest.TestCase):
    def test_nothing_of_release_1_0_has_moved(self):
        self.assertGreater(len(released()), 150)
        self.assertEqual(compile_errors(program(released(), conditions)), "")

    def test_a_move_would_be_seen(self):
        for wrong in (["member", "mpsmtp_session", "helo", "24", "16", ""], ["member", "mpsmtp_session", "helo", "32", "8", ""],
                      ["struct", "mpsmtp_session", "200"], ["constant", "MPSMTP_REJECT", "4"], ["struct", "mpsmtp_gone", "8"]):
            with self.subTest(wrong):
                self.assertNotEqual(compile_errors(program([wrong], conditions)), "")


class Declarations(unittest.TestCase):
    def test_members_keep_order_and_type(self):
        """Types of parameters too, which no offset shows. New members stand behind those of 1.0."""
        now = structs_of(header())
        then = {}
        for row in released():
            if row[0] == "member":
                then.setdefault(row[1], {})[row[2]] = row[5]
        for struct, members in then.items():
            with self.subTest(struct):
                self.assertEqual(list(now.get(struct, {}).items())[:len(members)], list(members.items()))

    def test_the_table_is_whole(self):
        """As long as the interface is 1.0, the table has all of it."""
        text = header()
        if "#define MPSMTP_ABI_MINOR 0u" not in text:
            self.skipTest("the interface has grown; the table stays what it was")
        listed = [(row[1], row[2]) for row in released() if row[0] == "member"]
        self.assertEqual(listed, [(struct, member) for struct, members in structs_of(text).items() for member in members])
        constants = re.findall(r"^\s+(MPSMTP_\w+)\s*=", text, re.MULTILINE)
        self.assertEqual([row[1] for row in released() if row[0] == "constant" and row[1] in constants], constants)


class KeptBinary(unittest.TestCase):
    """The shared object of release 1.0 is the one that was committed."""

    def test_it_is_the_one_that_was_kept(self):
        folder = pathlib.Path(sources.ROOT / "tests/sdk/fixtures/release-1.0")
        done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_another_one_would_be_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(shutil.copytree(sources.ROOT / "tests/sdk/fixtures/release-1.0", pathlib.Path(folder) / "copy"))
            with open(copy / "x86_64" / "fixture.so", "ab") as kept:
                kept.write(b"\0")
            done = subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=copy, capture_output=True, check=False)
            self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
