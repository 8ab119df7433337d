#!/bin/busybox sh
# The guest's first process: this computer's files, read only below a layer in memory, and BlueZ over a virtual adapter.
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
export PATH=/bin
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
for module in /modules/*.ko; do insmod "$module" || echo "no $module"; done
mount -t 9p -o trans=virtio,version=9p2000.L,ro,msize=512000,cache=loose host /host
mount -t tmpfs layer /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work overlay /new
for folder in proc sys dev; do mount --move "/$folder" "/new/$folder"; done
mount -t tmpfs run /new/run
mount -t tmpfs tmp /new/mnt
ip link set lo up
read -r guest_folder </new/proc/cmdline
guest_folder=${guest_folder##*guest=}
guest_folder=${guest_folder%% *}
chroot /new /bin/bash "$guest_folder/work.sh" 2>&1
echo "guest ended: $?"
poweroff -f
