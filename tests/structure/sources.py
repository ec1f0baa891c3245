"""The files of the repository, for tests that look at all of them."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("MPSMTP_BUILD", ROOT / "build"))


def _known_to_git():
    try:
        listed = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return listed.stdout.split("\0")[:-1] if listed.returncode == 0 else None


def _found():
    """For a machine without git, or a copy without its history."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders
                      if name not in (".git", "build", "mail", "__pycache__", "node_modules") and not name.startswith("build-")]
        for name in names:
            yield str((pathlib.Path(folder) / name).relative_to(ROOT))


def files(*suffixes):
    """Paths, relative to the root, of the files that git knows or would take in; `suffixes` as in ".h"."""
    names = _known_to_git()
    paths = sorted(pathlib.Path(name) for name in (_found() if names is None else names))
    return [path for path in paths if (ROOT / path).is_file() and (not suffixes or path.suffix in suffixes)]


def text(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")
