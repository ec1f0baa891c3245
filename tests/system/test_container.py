"""The Containerfile: what it says; and its steps, run in a Debian in a folder, and then the server in it as in a container."""
import fnmatch
import os
import pathlib
import re
import shutil
import socket
import subprocess
import unittest

import containerfile
import debian
from harness import REPOSITORY, SANITIZED, Output, SystemTest, wait_until
from wire import Wire

FILE = REPOSITORY / "Containerfile"
HEALTHY = REPOSITORY / "packaging" / "container" / "healthy"
SETTINGS = HEALTHY.with_name("mpsmtp.ini")
INSTRUCTIONS = {"RUN", "COPY", "WORKDIR", "LABEL", "ENV", "VOLUME", "EXPOSE", "USER", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT", "CMD"}


def read():
    return containerfile.stages(FILE.read_text())


def health_command(stage):
    return containerfile.command(stage.last("HEALTHCHECK").partition("CMD ")[2])


class Written(unittest.TestCase):
    def test_it_has_two_stages_of_the_same_debian(self):
        self.assertEqual([stage.base for stage in read()], ["docker.io/library/debian:12-slim"] * 2)

    def test_each_instruction_is_known_to_those_who_run_it_here(self):
        for stage in read():
            for word, _ in stage.steps:
                self.assertIn(word, INSTRUCTIONS)

    def test_what_it_copies_is_there_and_not_ignored(self):
        ignored = [line for line in (REPOSITORY / ".containerignore").read_text().splitlines() if not line.startswith("#")]
        for stage in read():
            for word, text in stage.steps:
                if word == "COPY" and not containerfile.copied(text)[0]:
                    for source in containerfile.copied(text)[1]:
                        with self.subTest(source):
                            self.assertTrue((REPOSITORY / source).exists())
                            self.assertFalse([pattern for pattern in ignored if fnmatch.fnmatch(source, pattern)])
        self.assertLessEqual({".git", "build", "build-*"}, set(ignored))

    def test_its_commands_are_shell(self):
        for stage in read():
            for word, text in stage.steps:
                if word == "RUN":
                    with self.subTest(text):
                        debian.run("sh", "-n", "-c", text)

    def test_the_server_is_nobody_and_runs_without_a_shell(self):
        image = read()[-1]
        user, _, group = image.last("USER").partition(":")
        self.assertGreater(int(user), 0) # a number: a host that forbids root cannot look names up
        self.assertGreater(int(group), 0)
        self.assertTrue(all(int(port) > 1023 for port in image.last("EXPOSE").split()))
        self.assertEqual(containerfile.command(image.last("ENTRYPOINT")), ["/usr/bin/mpsmtpd"])
        settings = containerfile.command(image.last("CMD"))[-1]
        self.assertIn(settings, [containerfile.copied(text)[2] for word, text in image.steps if word == "COPY"])
        checked = [containerfile.copied(text) for word, text in image.steps if word == "COPY"]
        self.assertIn((None, [str(HEALTHY.relative_to(REPOSITORY))], health_command(image)[0]), checked)

    def test_the_configuration_listens_where_the_image_says(self):
        port = read()[-1].last("EXPOSE")
        self.assertIn(f"address = *:{port}\n", SETTINGS.read_text())
        self.assertIn(f"smtp=${{2:-{port}}}", HEALTHY.read_text())

    def test_the_health_check_asks_where_the_configuration_serves_http(self):
        port = re.search(r"\[http\]\n(?:;.*\n)*address = 127\.0\.0\.1:(\d+)\n", SETTINGS.read_text())[1]
        self.assertIn(f"http=${{1:-{port}}}", HEALTHY.read_text())


class Healthy(SystemTest):
    """The health check's program, beside a server that needs no image."""

    def ask(self, http, smtp):
        done = subprocess.run([HEALTHY, str(http), str(smtp)], capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def serve(self, **sections):
        return self.start(self.settings({"bin": {"type": "discard"}}, **sections))

    def refusing_port(self):
        """Bound, so that nobody else can have it, and not listening."""
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]

    def test_it_says_what_readyz_says(self):
        server = self.serve(http={"address": "127.0.0.1:0"})
        http = server.stderr.wait_for(r"are served on \S+:(\d+)")[1]
        status, told = self.ask(http, server.port)
        self.assertEqual(status, 0, told)
        self.assertTrue(told.startswith("HTTP/1.0 200 OK\n"), told)
        spool = self.folder / "spool"
        spool.rename(self.folder / "elsewhere")

        def refused():
            status, told = self.ask(http, server.port)
            return told if status else None
        self.assertIn(str(spool), wait_until(refused, "no readiness: the spool is gone"))
        (self.folder / "elsewhere").rename(spool)

    def test_without_http_a_greeting_is_enough(self):
        server = self.serve(server={"hostname": "mx.test"})
        self.assertEqual(self.ask(self.refusing_port(), server.port), (0, "220 mx.test ESMTP mpsmtpd\n"))

    def test_a_client_that_is_turned_away_is_told_why(self):
        server = self.serve(limits={"connections": 1})
        with server.connect():
            status, told = self.ask(self.refusing_port(), server.port)
        self.assertEqual((status, told[:4]), (1, "421 "))

    def test_where_nobody_listens_it_fails(self):
        http, smtp = self.refusing_port(), self.refusing_port()
        self.assertEqual(self.ask(http, smtp), (1, f"nobody listens at {http} and {smtp}\n"))


@unittest.skipIf(SANITIZED or debian.why_no_folder(), debian.why_no_folder() or "a sanitized server is not packed")
class Built(SystemTest):
    """The second stage, with the package of this build; with MPSMTP_CONTAINER=1 the first one, too, which takes minutes."""

    def setUp(self):
        super().setUp()
        self.image = read()[-1]
        self.root = self.build_image()
        self.volume = self.folder / "volume"
        self.volume.mkdir()
        uid, gid = map(int, self.image.last("USER").split(":"))
        os.chown(self.volume, uid, gid)

    def open_folder(self):
        folder = debian.Folder()
        self.addCleanup(folder.close)
        containerfile.connect_to_mirrors(folder)
        return folder

    def build_image(self):
        first = read()[0]
        if os.environ.get("MPSMTP_CONTAINER"):
            context = self.folder / "context"
            context.mkdir()
            files = subprocess.run(["git", "-C", REPOSITORY, "ls-files", "-z"], capture_output=True, text=True, check=True).stdout
            for name in files.split("\0")[:-1]:
                (context / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(REPOSITORY / name, context / name)
            folder = self.open_folder()
            containerfile.Builder(folder, context, {}).build(first)
            made = folder.root
        else:
            made = self.folder / "made"
            packages = made / "src" / "build-package"
            packages.mkdir(parents=True)
            debian.pack(packages)
        folder = self.open_folder()
        containerfile.Builder(folder, REPOSITORY, {first.name: made}).build(self.image)
        return folder.root

    def start(self, *arguments):
        """As process 1 of its own, its root read-only but for the volume and /tmp, as the image's user."""
        inside = [*containerfile.command(self.image.last("ENTRYPOINT")), *(arguments or containerfile.command(self.image.last("CMD")))]
        mounts = ('mount --make-rprivate / && mount --bind "$1" "$1" && mount --bind "$2" "$1/var/lib/mpsmtpd" && '
                  'mount -t tmpfs tmpfs "$1/tmp" && mount --bind /dev "$1/dev" && mount -t proc proc "$1/proc" && mount -o remount,bind,ro "$1" && '
                  'root=$1 && shift 2 && exec chroot --userspec="$USER_IDS" "$root" env -i -C /var/lib/mpsmtpd $SETTINGS "$@"')
        settings = " ".join(f"{key}={value}" for key, value in {**debian.QUIET, **containerfile.environment(self.image)}.items())
        process = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "--mount", "sh", "-ec", mounts, "sh",
                                    self.root, self.volume, *inside],
                                   env={**os.environ, "USER_IDS": self.image.last("USER"), "SETTINGS": settings},
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.addCleanup(self._end, process)
        return process, Output(process.stderr)

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.kill()
        process.wait()

    def health(self, process):
        """What it says, asked from inside; empty if it fails."""
        child = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
        done = subprocess.run(["nsenter", "--target", child, "--mount", "--root", "--", *health_command(self.image)], check=False,
                              capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else ""

    def test_it_runs_and_stores_mail_and_stops_as_process_1(self):
        process, log = self.start()
        self.assertTrue(log.wait_for(r"listening on (\S+)"), log.text())
        child = int(pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{child}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(status["NSpid"].split()[-1], "1")
        self.assertEqual(set(status["Uid"].split()), {"10025"})
        self.assertTrue(self.health(process).startswith("HTTP/1.0 200 OK\n"), log.text())
        with Wire("127.0.0.1", 8025, timeout=60) as wire:
            wire.hello()
            self.assert_reply(wire.deliver(b"Subject: x\r\n\r\n" + b"large\r\n" * 100_000, recipients=["b@b.test"]), 250)
        self.assertEqual(len(list((self.volume / "mail" / "b.test" / "b" / "new").iterdir())), 1)
        os.kill(child, 15)
        self.assertEqual(process.wait(60), 0, log.text())

    def test_other_words_are_the_servers_arguments(self):
        process, _ = self.start("--check-config", "--config", "/etc/mpsmtp/mpsmtp.ini")
        self.assertEqual(process.wait(60), 0)


if __name__ == "__main__":
    unittest.main()
