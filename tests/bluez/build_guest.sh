#!/usr/bin/env bash
# Makes a guest with Debian's kernel and BlueZ from Debian's packages, unpacked and not installed. No root needed.
# Usage: build_guest.sh FOLDER        (about 90 MB are fetched; Debian 12 on amd64)
set -euo pipefail
guest=$(realpath -m "$1")
mkdir -p "$guest/packages" "$guest/root" "$guest/initrd"

kernel=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image/ {print $2; exit}')
missing() { # what these packages need and this system lacks
  apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" |
    grep '^[a-z]' | sort -u | grep -vE '^(cdebconf|dbus-broker|install-info|libelogind0|usrmerge|libdebian-installer4)$' |
    while read -r package; do
      dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || echo "$package"
    done
}
if [ ! -e "$guest/packages/complete" ]; then
  # shellcheck disable=SC2046
  (cd "$guest/packages" && apt-get -qq download "$kernel" $(missing qemu-system-x86 bluez busybox-static kmod dbus-daemon))
  for package in "$guest"/packages/*.deb; do dpkg -x "$package" "$guest/root"; done
  touch "$guest/packages/complete"
fi

release=${kernel#linux-image-}
modules="$guest/root/lib/modules/$release"
busybox="$guest/root/bin/busybox"
[ -x "$busybox" ] || busybox="$guest/root/usr/bin/busybox"
"$busybox" depmod -b "$guest/root" "$release"
rm -rf "$guest/initrd"
mkdir -p "$guest/initrd"/{bin,proc,sys,dev,host,layer,new,modules}
cp "$busybox" "$guest/initrd/bin/busybox"
# In the order in which they need each other, as depmod found it.
wanted() {
  for name in virtio_pci 9pnet_virtio 9p overlay hci_vhci; do
    line=$(grep -E "/$name\.ko:" "$modules/modules.dep")
    echo "${line#*:}" | tr ' ' '\n' | tac
    echo "${line%%:*}"
  done | grep . | awk '!seen[$0]++'
}
number=100
for module in $(wanted); do
  cp "$modules/$module" "$guest/initrd/modules/$number-$(basename "$module")"
  number=$((number + 1))
done
cp "$(dirname "$0")/guest_init.sh" "$guest/initrd/init"
chmod +x "$guest/initrd/init"
(cd "$guest/initrd" && find . | "$busybox" cpio -o -H newc 2>/dev/null | gzip) >"$guest/initrd.gz"
cp "$guest/root/boot/vmlinuz-$release" "$guest/vmlinuz"
