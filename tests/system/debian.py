"""Debian packages of this build, and Debian in a folder to install them in."""
import os
import pathlib
import shutil
import subprocess
import tempfile

from harness import BUILD, FULL, REPOSITORY, TOOLS

# What the folder has beside a bare system: what the packages depend on, and what an author of a plugin builds with. So nothing
# is downloaded while a test runs.
INCLUDED = ("adduser", "ca-certificates", "cmake", "g++", "libpoconet80", "libpocoutil80", "logrotate", "ninja-build",
            "pkg-config", "systemd-standalone-sysusers", "zlib1g")
SUITE = "bookworm"
BASE = TOOLS / "debian" / "base"
QUIET = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LC_ALL": "C.UTF-8", "TERM": "dumb", "DEBIAN_FRONTEND": "noninteractive"}


def run(*words, check=True, **options):
    """Both outputs as text; a failure shows them."""
    done = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, words))}: exit status {done.returncode}\n{done.stdout}")
    return done.stdout


def missing_tools(*names):
    return [name for name in names if not shutil.which(name)]


def pack(folder, version=None):
    """The packages of this build tree, made in `folder`: {name: path}. Their flags are the tests', not a package's."""
    run("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", folder, "-D", f"CPACK_OUTPUT_FILE_PREFIX={folder}/packages",
        "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=gzip", *(("-R", version) if version else ()), cwd=BUILD,
        env={**os.environ, "SOURCE_DATE_EPOCH": "1700000000"}, umask=0o022)
    return packages_in(folder)


def build(*arguments):
    """As scripts/package builds them: the packages, and what it says."""
    said = run(REPOSITORY / "scripts" / "package", *arguments, cwd=REPOSITORY)
    return packages_in(REPOSITORY / "build-package"), said


def packages_in(folder):
    found = {path.name.split("_")[0]: path for path in pathlib.Path(folder).glob("packages/*.deb")}
    assert found, f"no package in {folder}"
    return found


def why_no_folder():
    """A reason for skipping, or None."""
    if not FULL:
        return "installs packages in a whole Debian: runs with MPSMTP_FULL=1"
    if os.geteuid() != 0:
        return "needs root"
    missing = missing_tools("debootstrap", "chroot", "dpkg-shlibdeps")
    return f"not installed: {', '.join(missing)}" if missing else None


def _mirror():
    """The first archive that this machine's apt uses for the suite."""
    lines = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE)").splitlines()
    return next(line.split()[0] for line in lines if line.endswith(" " + SUITE))


def _base():
    """Made once; a folder of another name until it is whole."""
    if not BASE.exists():
        BASE.parent.mkdir(parents=True, exist_ok=True)
        unfinished = pathlib.Path(tempfile.mkdtemp(prefix="unfinished-", dir=BASE.parent))
        try:
            run("debootstrap", "--variant=minbase", f"--include={','.join(INCLUDED)}", SUITE, unfinished, _mirror())
            unfinished.chmod(0o755)
            unfinished.rename(BASE)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    return BASE


class Folder:
    """A copy of it, with /proc and /dev, until it is closed."""

    def __init__(self):
        base = _base()
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="mpsmtp-debian-"))
        self._mounts = []
        run("cp", "-a", "--reflink=auto", f"{base}/.", self.root)
        for name in ("proc", "dev"):
            run("mount", "--bind", f"/{name}", self.root / name)
            self._mounts.append(self.root / name)

    def close(self):
        for mount in reversed(self._mounts):
            run("umount", "--lazy", mount)
        shutil.rmtree(self.root)

    def run(self, *words, user=None, check=True):
        return run(*self.wrapper(user), *words, check=check)

    def wrapper(self, user=None, cwd="/"):
        """In front of a command: as root, or as a user of the folder."""
        return ["chroot", *([f"--userspec={user}:{user}"] if user else []), str(self.root),
                "env", "-i", "-C", cwd, *(f"{key}={value}" for key, value in QUIET.items())]

    def put(self, path, inside):
        shutil.copy(path, self.root / inside)
        return "/" + inside

    def install(self, *packages, check=True):
        """What dpkg says, without an answer to any question."""
        return self.run("dpkg", "--install", *(self.put(package, f"var/cache/{package.name}") for package in packages), check=check)

    def path(self, inside):
        return self.root / inside.lstrip("/")

    def processes(self):
        """Those that run in it."""
        roots = {}
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                roots[entry.name] = os.readlink(entry / "root")
            except OSError:
                continue
        return [pid for pid, root in roots.items() if root == str(self.root)]
