"""Plugins that were built at another time, by another compiler, or with the same names inside, in one server.

Their sources and the shared object of release 1.0 are in tests/sdk/fixtures.
"""
import email
import platform
import subprocess
import unittest

import harness

FIXTURES = harness.REPOSITORY / "tests" / "sdk" / "fixtures"
BUILT = harness.BUILD / "tests" / "fixtures"
MAIL = b"Subject: x\r\n\r\nbody\r\n"


class PluginTest(harness.SystemTest):
    def keeper(self, name, path, **keys):
        """A section for a plugin made of keeper.cpp."""
        return {"plugin": path, "record": self.folder / f"{name}.mail", "header": f"X-{name}", **keys}

    def stored(self, name):
        """What keeper NAME has stored, with LF line ends."""
        return (self.folder / f"{name}.mail").read_text().replace("\r\n", "\n")

    def all_hooks(self, names, paths):
        """Two mails in one session, the second with a recipient that each plugin refuses, and one that is too large."""
        handlers = {name: self.keeper(name, path, refuse=f"{name}@b.test, nobody@b.test", largest="2K")
                    for name, path in zip(names, paths)}
        server = self.start(self.settings(handlers, filters={"chain": ", ".join(names)}))
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(MAIL), 250)
            wire.expect("MAIL FROM:<a@a.test>", 250)
            for name in names:
                self.assert_reply(wire.command(f"RCPT TO:<{name}@b.test>"), 550, "5.1.1")
            wire.expect("RCPT TO:<b@b.test>", 250)
            wire.expect("RCPT TO:<c@b.test>", 250)
            self.assert_reply(wire.data(MAIL), 250)
            self.assert_reply(wire.deliver(b"Subject: large\r\n\r\n" + b"x" * 4000 + b"\r\n"), 552, "5.3.4")
            self.assert_reply(wire.deliver(MAIL), 250)
        server.stop()
        self._check(names)

    def _check(self, names):
        """Each has stored three mails, with the fields of all."""
        def mail(session, calls):
            fields = "".join(f"X-{name}: mail {session} to {calls[name]}\n" for name in reversed(names))
            return fields + "Subject: x\n\nbody\n"
        # onRcpt is called twice for what is accepted, for the filter and for the store, and once for what a later one refuses.
        one = {name: 2 for name in names}
        more = {name: 4 + len(names) - 1 - position for position, name in enumerate(names)}
        expected = mail(1, one) + mail(2, more) + mail(4, one)
        for name in names:
            with self.subTest(name):
                self.assertEqual(self.stored(name), expected)

    def mistake_of(self, sections):
        path = self.folder / "broken.ini"
        path.write_text(harness.ini(self.settings(sections)))
        ended = self.run_to_end(["--config", path, "--check-config"])
        self.assertEqual(ended.returncode, 78, ended.stderr)
        return ended.stdout + ended.stderr


class ReleasedPlugin(PluginTest):
    """A shared object that was built with the SDK of release 1.0 and never again."""

    def setUp(self):
        super().setUp()
        self.path = FIXTURES / "release-1.0" / platform.machine() / "fixture.so"
        if not self.path.exists():
            self.skipTest(f"no plugin of release 1.0 was kept for {platform.machine()}")

    def test_it_loads_and_takes_mail(self):
        self.all_hooks(["fixture"], [self.path])

    def test_its_options_and_its_constructor_are_checked(self):
        self.assertIn('unknown key "recrd" (did you mean "record"?)',
                      self.mistake_of({"fixture": self.keeper("fixture", self.path, recrd="x")}))
        self.assertIn("cannot be made: construct = no",
                      self.mistake_of({"fixture": self.keeper("fixture", self.path, construct="no")}))


class Compilers(PluginTest):
    """One source, built by compilers, standards and libraries that do not fit each other."""

    VARIANTS = ("gcc", "old-string", "debug-stl", "later-standard", "unoptimized", "clang")

    def built(self, name):
        path = BUILT / f"{name}.so"
        if not path.exists():
            self.skipTest(f"{name}: there is no such compiler here")
        return path

    def test_each_alone(self):
        for name in self.VARIANTS:
            with self.subTest(name):
                self.all_hooks([name], [self.built(name)])
                (self.folder / f"{name}.mail").unlink()

    def test_all_in_one_server(self):
        present = [name for name in self.VARIANTS if (BUILT / f"{name}.so").exists()]
        self.assertTrue(present)
        released = FIXTURES / "release-1.0" / platform.machine() / "fixture.so"
        paths = [self.built(name) for name in present]
        if released.exists():
            present, paths = [*present, "fixture"], [*paths, released]
        self.all_hooks(present, paths)


class MissingLibrary(PluginTest):
    def test_a_library_that_is_missing_is_named(self):
        """A copy of a plugin that needs POCO, in which the library has another name of the same length."""
        octets = (BUILT / "thrower.so").read_bytes()
        self.assertIn(b"libPocoFoundation.so", octets)
        path = self.folder / "thrower.so"
        path.write_bytes(octets.replace(b"libPocoFoundation.so", b"libGoneFoundation.so"))
        self.assertRegex(self.mistake_of({"x": {"plugin": path, "in": "stage"}}),
                         rf"broken\.ini:\d+: \[handler:x\] cannot load {path}: it needs libGoneFoundation\.so[.\d]*, "
                         r"which is not installed\n")


class SameNames(PluginTest):
    def setUp(self):
        super().setUp()
        self.twins = [BUILT / f"twin-{name}.so" for name in ("one", "other")]
        if not all(path.exists() for path in self.twins):
            self.skipTest("there is no g++ here")

    def test_each_runs_its_own_code(self):
        handlers = {"first": {"plugin": self.twins[0]}, "second": {"plugin": self.twins[1]}, "tree": self.store("maildir")}
        server = self.start(self.settings(handlers, filters={"chain": "first, second"}))
        with server.connect() as wire:
            wire.hello()
            self.assert_reply(wire.deliver(MAIL), 250)
        message = email.message_from_bytes(self.messages()[0])
        self.assertEqual(message.get_all("X-Twin"), ["second runs other", "first runs one"])

    def test_they_export_the_same_symbols(self):
        """Or the test above would show nothing."""
        one, other = ({line.split()[-1] for line in self._exported(path) if "MyHandler" in line} for path in self.twins)
        self.assertEqual(one, other)
        self.assertIn("_ZN9MyHandlerC1ERKN6mpsmtp7ContextE", one)
        self.assertIn("_ZTV9MyHandler", one)

    def _exported(self, path):
        done = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True)
        return done.stdout.splitlines()


if __name__ == "__main__":
    unittest.main()
