#!/bin/sh
# Runs a mail server that was unpacked but not installed, as if it were: private_root.sh TOOLS SCRATCH COMMAND...
# To be started by `unshare --mount --pid --fork --kill-child`, as root. Its /usr, /etc, /var/lib and /var/spool are
# the machine's with the unpacked packages laid over them and a memory file system on top, seen by COMMAND alone. SCRATCH is
# an empty folder. The users that the packages would make at installation are there, and box0 to box127 for the mail.
# When the process that started all this ends, everything in here is killed.
set -eu
tools=$1 scratch=$2
shift 2

mount --make-rprivate /
mount -t tmpfs tmpfs "$scratch"
for part in usr etc var/lib var/spool; do
    mkdir -p "$scratch/$part/upper" "$scratch/$part/work"
    layers=/$part
    for packages in "$tools" "$tools/peers"; do
        [ ! -d "$packages/$part" ] || layers=$packages/$part:$layers
    done
    mount -t overlay overlay \
        -o "lowerdir=$layers,upperdir=$scratch/$part/upper,workdir=$scratch/$part/work" "/$part"
done
mount -t tmpfs tmpfs /run

account()
{
    grep -q "^$1:" /etc/group || echo "$1:x:$2:" >>/etc/group
    grep -q "^$1:" /etc/passwd || echo "$1:x:$2:$2::/nonexistent:/bin/sh" >>/etc/passwd
}

id=59000
for name in benchmail postfix postdrop dovecot dovenull opensmtpd opensmtpq Debian-exim; do
    account "$name" "$id"
    id=$((id + 1))
done
box=0
while [ "$box" -lt 128 ]; do
    echo "box$box:x:59000:59000::/nonexistent:/bin/sh" >>/etc/passwd
    box=$((box + 1))
done

"$@" &
wait
