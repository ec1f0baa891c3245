#!/usr/bin/env bash
# From nothing: a bare Debian 12 in a temp folder, a copy of this repository, and the two commands of the README.
#   tests/system/fresh_machine.sh
# Needs root, debootstrap and a package mirror (that of this machine). Takes some ten minutes and 3 GB, so that only
# scripts/test --full runs it. The folder is removed at the end, whatever happened.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
readonly suite=bookworm

say()
{
    printf 'fresh_machine: %s\n' "$*"
}

if ((EUID != 0)) || ! command -v debootstrap >/dev/null; then
    say "not run: needs root and debootstrap"
    exit 0
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/mpsmtp-fresh.XXXXXX")
mounts=()

clean_up()
{
    local mount
    for mount in "${mounts[@]}"; do
        umount --lazy "$root/$mount"
    done
    rm -rf --one-file-system "$root"
}
trap clean_up EXIT

# The first archive that this machine's apt uses for the suite.
mirror()
{
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' | awk -v suite=$suite '$2 == suite { print $1; exit }'
}

# A command, not a function: started in the background, its process is the server itself in the end.
inside=(chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb)

mount_kernel_folders()
{
    mount --bind /proc "$root/proc"
    mounts+=(proc)
    mount --bind /dev "$root/dev"
    mounts+=(dev)
    mount --bind /dev/pts "$root/dev/pts" # a test opens a terminal
    mounts=(dev/pts "${mounts[@]}")
    mount -t tmpfs tmpfs "$root/dev/shm" 2>/dev/null && mounts=(dev/shm "${mounts[@]}")
}

# What lets this machine reach mirrors and registries lets the bare one too: names, proxies, own certificates.
copy_network_settings()
{
    local path
    for path in /etc/resolv.conf /etc/hosts /etc/apt/apt.conf.d/*proxy* /usr/local/share/ca-certificates/*.crt; do
        [[ ! -e $path ]] || cp -L --parents "$path" "$root"
    done
}

wait_for_greeting()
{
    local tries
    for ((tries = 0; tries < 600; ++tries)); do
        if { exec 3<>/dev/tcp/127.0.0.1/8025; } 2>/dev/null; then
            read -r greeting <&3
            exec 3>&-
            [[ $greeting == 220* ]] && return
        fi
        kill -0 "$1" || return
        sleep 1
    done
    return 1
}

try_run()
{
    say "scripts/run"
    "${inside[@]}" /mpsmtpd/scripts/run &
    local server=$!
    wait_for_greeting "$server" || { say "scripts/run does not serve"; kill "$server"; return 1; }
    kill -TERM "$server" # scripts/run ends in exec, so this is the server
    wait "$server"
}

say "debootstrap $suite into $root"
debootstrap --variant=minbase "$suite" "$root" "$(mirror)" >"$root.log" 2>&1 || { tail "$root.log"; exit 1; }
rm "$root.log"
mount_kernel_folders
copy_network_settings
git clone --quiet . "$root/mpsmtpd"
try_run
say "scripts/test"
"${inside[@]}" /mpsmtpd/scripts/test
