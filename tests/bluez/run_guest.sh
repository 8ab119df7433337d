#!/usr/bin/env bash
# Runs real_bluez.py in the guest; prints what it prints. Usage: run_guest.sh FOLDER
set -euo pipefail
guest=$(realpath "$1")
here=$(realpath "$(dirname "$0")")
project=$(realpath "$here/../..")
root="$guest/root"
cat >"$guest/work.sh" <<WORK
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/mnt LUMBAR_STORAGE__FOLDER=/mnt/lumbar
libraries=$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu
mkdir -p /run/dbus /etc/dbus-1/system.d /var/lib/bluetooth
cp $root/etc/dbus-1/system.d/bluetooth.conf /etc/dbus-1/system.d/
dbus-daemon --system --fork
LD_LIBRARY_PATH=\$libraries $root/usr/libexec/bluetooth/bluetoothd --nodetach &
cd $project
# The radio is there for as long as its program lives.
.venv/bin/python $here/real_bluez.py
echo "real_bluez.py ended: \$?"
WORK
export LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu"
timeout 300 "$root/usr/bin/qemu-system-x86_64" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" \
  -accel tcg -cpu max -m 1024 -smp 2 -nographic -no-reboot -nic none \
  -kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" -append "console=ttyS0 quiet panic=-1 guest=$guest" \
  -fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
  -device virtio-9p-pci,fsdev=host,mount_tag=host </dev/null
