#!/usr/bin/env bash
# Boots a Debian 12 with systemd, and runs guest.py in it; prints what that says.
#   tests/system/boot/boot.sh PACKAGES GUEST
# PACKAGES is a folder of Debian packages; in it they are in /packages, and not installed. What is booted, without any network:
#   nspawn   a container with process 1, mounts, cgroups and network of its own: a minute or two
#   qemu     a machine, emulated, all of it memory: ten times as long; where this one lets no container boot
# BOOT_IN=nspawn or BOOT_IN=qemu chooses. Kept below build/tools/boot, unpacked and never installed: the bare system and
# systemd-nspawn, 200 MB, or qemu and a kernel, 300 MB more. Needs root, debootstrap and a package mirror the first time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
packages=$(realpath "$1")
guest=$(realpath "$2")
readonly packages guest suite=bookworm
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
    (cd "$1.part" && apt-get -q -o APT::Sandbox::User=root download "${@:2}") >/dev/null || return
    local deb
    for deb in "$1.part"/*.deb; do
        dpkg-deb -x "$deb" "$1.part" || return
        rm "$deb"
    done
    mv "$1.part" "$1"
}

# What installing PACKAGE would install; the package itself if it is there already.
with_dependencies()
{
    { echo "$1"; apt-get install --simulate --no-install-recommends "$1" | awk '$1 == "Inst" { print $2 }'; } | sort -u
}

prepare_system()
{
    compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null || apt-get -q update >/dev/null
    [[ -d debian ]] && return
    say "debootstrap $suite"
    rm -rf debian.part
    debootstrap --variant=minbase --include=systemd,systemd-sysv,python3-minimal,libpocofoundation80,libpoconet80,zlib1g \
        $suite debian.part "$(mirror)" >debootstrap.log 2>&1 || { tail debootstrap.log >&2; return 1; }
    rm -rf debian.part/var/cache/apt/* debian.part/var/lib/apt/lists/* debian.part/usr/share/{doc,man,locale}/*
    mv debian.part debian
}

prepare_qemu()
{
    local wanted
    mapfile -t wanted < <(with_dependencies qemu-system-x86)
    fetch qemu "${wanted[@]}"
    fetch cpio cpio
    fetch kernel "$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ { print $2; exit }')"
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

# write_units SYSTEM OUTPUT
write_units()
{
    cat >"$1/etc/systemd/system/guest.service" <<UNIT
[Unit]
After=basic.target
[Service]
ExecStart=/usr/bin/python3 /guest.py
StandardOutput=$2
StandardError=$2
[Install]
WantedBy=multi-user.target
UNIT
    mkdir -p "$1/etc/systemd/system/multi-user.target.wants"
    ln -sf ../guest.service "$1/etc/systemd/system/multi-user.target.wants/guest.service"
    ln -sf /dev/null "$1/etc/systemd/system/serial-getty@ttyS0.service"
    ln -sf /dev/null "$1/etc/systemd/system/console-getty.service"
    echo guest >"$1/etc/hostname"
    : >"$1/etc/machine-id"
}

# start_container OPTION...: in the background, as process $running: systemd-nspawn by the loader and the libraries of the system that it
# boots, since it needs those of its own version; in a cgroup of its own, which process 1 takes for the whole, and with a
# /run that nothing is left in. It ends with this script, however that ends.
start_container()
{
    local libraries=$tools/debian/usr/lib/x86_64-linux-gnu
    group=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)/mpsmtp-boot.$$
    mkdir -p "$group" || return
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setpriv --pdeathsig TERM timeout --kill-after=30 "$longest" unshare --mount bash -c \
        'echo $$ >"$1/cgroup.procs" && mount -t tmpfs tmpfs /run && shift && exec "$@"' bash "$group" \
        "$libraries/ld-linux-x86-64.so.2" --library-path "$libraries:$libraries/systemd" nspawn/usr/bin/systemd-nspawn \
        --quiet --register=no --keep-unit --private-network --resolv-conf=off --timezone=off --link-journal=no \
        --console=read-only --directory "$image/debian" --boot systemd.show_status=no "$@" </dev/null >&2 &
    running=$!
}

end_container()
{
    local status=0
    wait "$running" || status=$?
    running=''
    find "$group" -depth -type d -exec rmdir {} +
    return $status
}

# Whether a container boots here: one that is switched off again at once.
boots_in_container()
{
    fetch nspawn systemd-container && longest=60 start_container systemd.unit=poweroff.target && end_container
}

run_in_container()
{
    fetch nspawn systemd-container
    write_units "$image/debian" append:/console
    : >"$image/debian/console"
    start_container
    tail --pid="$running" -n +1 -f "$image/debian/console"
    end_container
}

# Emulated: /dev/kvm within a virtual machine is not to be relied on (measured: a kernel that never says a word).
run_in_qemu()
{
    local libraries=qemu/usr/lib/x86_64-linux-gnu:qemu/lib/x86_64-linux-gnu
    prepare_qemu
    write_init "$image/debian"
    write_units "$image/debian" file:/dev/ttyS0
    (cd "$image/debian" && find . | "$tools/cpio/bin/cpio" --quiet -o -H newc) >"$image/initrd"
    rm -rf "$image/debian"
    LD_LIBRARY_PATH=$libraries timeout "$longest" qemu/usr/bin/qemu-system-x86_64 -nodefaults -display none -serial stdio \
        -no-reboot -machine accel=tcg -cpu max -smp 2 -m 2048 -L qemu/usr/share/qemu -L qemu/usr/share/seabios \
        -kernel kernel/boot/vmlinuz-* -initrd "$image/initrd" \
        -append "console=ttyS0 panic=-1 quiet systemd.show_status=no"
}

clean_up()
{
    if [[ -n $running ]]; then
        kill "$running" 2>/dev/null || true
        end_container || true
    fi
    rm -rf --one-file-system "$image"
}

running=''
longest=1500 # seconds
image=$(mktemp -d "${TMPDIR:-/tmp}/mpsmtp-boot.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT TERM
readonly tools=$PWD
prepare_system
cp -a debian "$image/debian"
cp -a "$packages" "$image/debian/packages"
cp "$guest" "$image/debian/guest.py"

where=${BOOT_IN:-}
[[ -n $where ]] || { boots_in_container && where=nspawn; } || where=qemu
say "booting in $where"
case $where in
    nspawn) run_in_container ;;
    qemu) run_in_qemu ;;
    *) say "BOOT_IN is nspawn or qemu" && exit 64 ;;
esac
