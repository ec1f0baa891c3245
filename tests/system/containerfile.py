"""Reads a Containerfile and runs its steps in folders with Debian in them, where no container program or registry is."""
import dataclasses
import glob
import json
import os
import pathlib
import re
import shlex
import shutil

import debian


@dataclasses.dataclass
class Stage:
    base: str
    name: str
    steps: list  # of (instruction, what stands behind it)

    def last(self, instruction):
        return next((text for word, text in reversed(self.steps) if word == instruction), None)


def stages(text):
    """Comments and blank lines left out, continued lines joined; the instructions as they are written."""
    lines = [line for line in text.splitlines() if not re.match(r"\s*(#|$)", line)]
    found = []
    for line in re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "FROM":
            base, _, name = rest.partition(" AS ")
            found.append(Stage(base, name, []))
        else:
            found[-1].steps.append((word, rest.strip()))
    return found


def command(text):
    """Of the exec form: a list."""
    return json.loads(text)


def environment(stage):
    return dict(shlex.split(text)[0].split("=", 1) for word, text in stage.steps if word == "ENV")


def copied(text):
    """(stage or None, sources, destination)"""
    words = text.split()
    source_stage = words.pop(0).partition("=")[2] if words[0].startswith("--from=") else None
    return source_stage, words[:-1], words[-1]


def connect_to_mirrors(folder):
    """What lets this machine reach mirrors lets the folder: names, proxies, certificates."""
    for path in ["/etc/resolv.conf", "/etc/hosts", *glob.glob("/etc/apt/apt.conf.d/*proxy*"), *glob.glob("/usr/local/share/ca-certificates/*")]:
        if os.path.exists(path):
            folder.path(path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder.path(path))


class Builder:
    """Runs the steps of one stage. `others` are the roots of the stages before it, by name."""

    def __init__(self, folder, context, others):
        self.folder, self._context, self._others = folder, pathlib.Path(context), others
        self._cwd = "/"

    def build(self, stage):
        for word, text in stage.steps:
            if word == "RUN":
                debian.run(*self.folder.wrapper(cwd=self._cwd), "sh", "-ec", text)
            elif word == "WORKDIR":
                self._cwd = text
                self.folder.path(text).mkdir(parents=True, exist_ok=True)
            elif word == "COPY":
                self._copy(*copied(text))

    def _copy(self, stage, sources, destination):
        inside = os.path.join(self._cwd, destination)
        target = self.folder.path(inside)
        if inside.endswith(("/", ".")):
            target.mkdir(parents=True, exist_ok=True)
        for source in sources:
            found = glob.glob(str((self._others[stage] if stage else self._context) / source.lstrip("/")))
            assert found, f"nothing to copy: {source}"
            for path in found:
                if os.path.isdir(path):
                    shutil.copytree(path, target, dirs_exist_ok=True, symlinks=True)
                else:
                    shutil.copy(path, target)
