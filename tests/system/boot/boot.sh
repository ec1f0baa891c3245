#!/usr/bin/env bash
# Boots a Debian 12 with systemd and the staged server in qemu, and runs guest.py in it; prints its console.
#   tests/system/boot/boot.sh STAGE GUEST
# STAGE is a DESTDIR with the server installed for the prefix /usr. Kept below build/tools/boot, some 500 MB: qemu and a kernel,
# unpacked and never installed, and the bare system. Needs root, debootstrap and a package mirror the first time. The
# machine has no network and no disk: all of it is memory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
stage=$(realpath "$1")
guest=$(realpath "$2")
readonly stage guest suite=bookworm
mkdir -p build/tools/boot
cd build/tools/boot

say()
{
    printf 'boot: %s\n' "$*" >&2
}

# The first archive that this machine's apt uses for the suite.
mirror()
{
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' | awk -v suite=$suite '$2 == suite { print $1; exit }'
}

# fetch FOLDER PACKAGE...: unpacked, complete or not at all.
fetch()
{
    [[ -d $1 ]] && return
    say "unpacking ${*:2} into $1"
    rm -rf "$1.part"
    mkdir "$1.part"
    (cd "$1.part" && apt-get -q -o APT::Sandbox::User=root download "${@:2}") >/dev/null
    local deb
    for deb in "$1.part"/*.deb; do
        dpkg-deb -x "$deb" "$1.part"
        rm "$deb"
    done
    mv "$1.part" "$1"
}

# What installing PACKAGE would install; the package itself if it is there already.
with_dependencies()
{
    { echo "$1"; apt-get install --simulate --no-install-recommends "$1" | awk '$1 == "Inst" { print $2 }'; } | sort -u
}

prepare()
{
    local wanted
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt-get -q update >/dev/null
    mapfile -t wanted < <(with_dependencies qemu-system-x86)
    fetch qemu "${wanted[@]}"
    fetch cpio cpio
    fetch kernel "$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ { print $2; exit }')"
    [[ -d debian ]] && return
    say "debootstrap $suite"
    rm -rf debian.part
    debootstrap --variant=minbase --include=systemd,systemd-sysv,python3-minimal,libpocofoundation80,libpoconet80,zlib1g \
        $suite debian.part "$(mirror)" >debootstrap.log 2>&1 || { tail debootstrap.log >&2; return 1; }
    rm -rf debian.part/var/cache/apt/* debian.part/var/lib/apt/lists/* debian.part/usr/share/{doc,man,locale}/*
    mv debian.part debian
}

# The kernel's first system is no file system that can be left for another, which a sandbox has to do; so it is copied.
write_init()
{
    cat >"$1/init" <<'INIT'
#!/bin/sh
mount -t tmpfs -o mode=755,size=75% tmpfs /mnt
cd /
tar -c --exclude=./mnt --exclude=./init . | tar -x -C /mnt
mkdir -p /mnt/mnt
mount -t devtmpfs devtmpfs /mnt/dev
exec switch_root /mnt /lib/systemd/systemd
INIT
    chmod 755 "$1/init"
}

write_units()
{
    cat >"$1/etc/systemd/system/guest.service" <<'UNIT'
[Unit]
After=basic.target
[Service]
ExecStart=/usr/bin/python3 /guest.py
[Install]
WantedBy=multi-user.target
UNIT
    mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
    ln -sf ../guest.service "$1/etc/systemd/system/multi-user.target.wants/guest.service"
    ln -sf /dev/null "$1/etc/systemd/system/serial-getty@ttyS0.service"
    echo guest >"$1/etc/hostname"
    : >"$1/etc/machine-id"
}

image=$(mktemp -d "${TMPDIR:-/tmp}/mpsmtp-boot.XXXXXX")
trap 'rm -rf "$image"' EXIT
prepare
readonly tools=$PWD
cp -a debian "$image/debian"
cp -a "$stage/." "$image/debian/"
cp "$guest" "$image/debian/guest.py"
write_init "$image/debian"
write_units "$image/debian"
(cd "$image/debian" && find . | "$tools/cpio/bin/cpio" --quiet -o -H newc) >"$image/initrd"
rm -rf "$image/debian"

# Emulated: /dev/kvm within a virtual machine is not to be relied on (measured: a kernel that never says a word).
libraries=qemu/usr/lib/x86_64-linux-gnu:qemu/lib/x86_64-linux-gnu
say "booting"
LD_LIBRARY_PATH=$libraries timeout 1500 qemu/usr/bin/qemu-system-x86_64 -nodefaults -display none -serial stdio -no-reboot \
    -machine accel=tcg -cpu max -smp 2 -m 2048 -L qemu/usr/share/qemu -L qemu/usr/share/seabios \
    -kernel kernel/boot/vmlinuz-* -initrd "$image/initrd" \
    -append "console=ttyS0 panic=-1 quiet systemd.show_status=no"
