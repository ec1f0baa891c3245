"""The Containerfile: what it says; and its steps, run in a Debian in a folder, and then the server in it as in a container."""
import fnmatch
import os
import pathlib
import shutil
import subprocess
import unittest

import containerfile
import debian
from harness import REPOSITORY, SANITIZED, Output, SystemTest
from wire import Wire

FILE = REPOSITORY / "Containerfile"
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
        self.assertEqual(health_command(image)[:2], ["bash", "-c"])

    def test_the_configuration_listens_where_the_image_says(self):
        text = (REPOSITORY / "packaging" / "container" / "mpsmtp.ini").read_text()
        self.assertIn(f"address = *:{read()[-1].last('EXPOSE')}\n", text)


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
        """Its exit status, asked from inside."""
        child = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0]
        return subprocess.run(["nsenter", "--target", child, "--mount", "--root", "--", *health_command(self.image)], check=False,
                              capture_output=True).returncode

    def test_it_runs_and_stores_mail_and_stops_as_process_1(self):
        process, log = self.start()
        self.assertTrue(log.wait_for(r"listening on (\S+)"), log.text())
        child = int(pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
        status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{child}/status").read_text().splitlines() if ":\t" in line)
        self.assertEqual(status["NSpid"].split()[-1], "1")
        self.assertEqual(set(status["Uid"].split()), {"10025"})
        self.assertEqual(self.health(process), 0)
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
