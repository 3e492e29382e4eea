#!/usr/bin/env bash
# Builds a Debian chroot with GIMP 3 (run as root; 1 to 2 minutes, 900 MB); does nothing where it is.
#   gimp3_chroot.sh FOLDER
set -euo pipefail
root=$1
[ -e "$root/.matteplug-complete" ] && exit 0
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
if ! command -v debootstrap >/dev/null; then
    apt-get update -q
    apt-get install -y -q --no-install-recommends debootstrap
fi
[ -e "$root/etc/debian_version" ] || debootstrap --variant=minbase trixie "$root"
# /dev stays debootstrap's own: a bind mount left behind would lose the machine's with the folder.
mount -t proc proc "$root/proc"
trap 'umount "$root/proc"' EXIT
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
chroot "$root" apt-get update -q
chroot "$root" apt-get install -y -q --no-install-recommends \
    gimp python3-gi python3-gi-cairo gir1.2-gtk-3.0 gegl fonts-dejavu-core adwaita-icon-theme
touch "$root/.matteplug-complete"
