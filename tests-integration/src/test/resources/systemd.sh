# The units and lines of docs/MOUNT.md in a systemd that is booted on this system, in memory:
# systemd.sh HOME COMMANDS RECIPE CGROUP (unit|fstab|automount)
# Run it as the first process of its own, in mount, UTS and IPC namespaces of its own. What CHECK says of it is in
# HOME/said. CGROUP is made; it is the caller's to remove.
set -euo pipefail
home=$1
commands=$2
recipe=$3
cgroup=$4
way=$5

root=$home/root
mkdir -p "$home/memory" "$root" "$home/out"
mount -t tmpfs -o mode=755 memory "$home/memory"
mkdir "$home/memory/upper" "$home/memory/work"
mount -t overlay -o "lowerdir=/,upperdir=$home/memory/upper,workdir=$home/memory/work" system "$root"
for point in dev run mnt tmp var/log; do
  mount -t tmpfs -o mode=755 "$point" "$root/$point"
done
mount -o remount,dev "$root/dev"
while read -r device major minor; do
  mknod -m 666 "$root/dev/$device" c "$major" "$minor"
done <<'END'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
fuse 10 229
autofs 10 235
END
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mkdir -p "$root/memory" "$root/commands" "$root/out" "$root/mnt/x"
mount -t tmpfs -o mode=755 memory "$root/memory"
mount --bind "${commands%/*/*}" "$root/commands"
mount --bind "$home/out" "$root/out"
mkdir "$root/memory/a" "$root/memory/b" "$root/memory/c"
echo text > "$root/memory/a/f"
for helper in mount umount; do
  ln -sf "/commands/mount-tool/bin/$helper.fuse.unionfs-mount" "$root/usr/sbin"
done

# Units are what stands in the document and here, besides those of systemd itself.
units=$root/etc/systemd/system
rm -rf "$units" "$root/etc/fstab"
mkdir "$units"
awk '$0 == "```" { inside = 0 } inside; $0 == "```ini" { inside = 1 }' "$recipe" > "$home/mnt-x.mount"
grep -q ^RequiresMountsFor= "$home/mnt-x.mount"
systemd-analyze verify "$home/mnt-x.mount"
line=$(grep -E '^none +/mnt/x +fuse' "$recipe")
echo '/memory /srv none bind' > "$root/etc/fstab" # where the layers are, once it is mounted
first=mnt-x.mount
case $way in
  unit) sed 's/workdir=[^,]*/&,log=journal,log_level=info/' "$home/mnt-x.mount" > "$units/mnt-x.mount" ;;
  fstab) sed 's/nofail/&,log=journal,log_level=info/' <<<"$line" >> "$root/etc/fstab" ;;
  automount)
    first=mnt-x.automount
    sed 's/nofail/noauto,x-systemd.automount,log=journal,log_level=info/' <<<"$line" >> "$root/etc/fstab"
    ;;
esac
cat > "$units/test.target" <<END
[Unit]
DefaultDependencies=no
Wants=systemd-journald.service $first check.service
END
cat > "$units/check.service" <<END
[Unit]
DefaultDependencies=no
After=systemd-journald.service $first
[Service]
Type=oneshot
ExecStart=/bin/bash -eu /out/check
StandardOutput=append:/out/said
StandardError=inherit
ExecStopPost=/bin/systemctl --force poweroff
END
cat > "$home/out/check" <<'END'
systemctl is-active "$(basename /run/first/*)"
cat /mnt/x/f
findmnt -nro FSTYPE /mnt/x | tail -n 1
pid=$(/commands/mount-tool/bin/unionfs list --json | sed -n 's/.*"pid":\([0-9]*\).*/\1/p')
sed -n 's/^0:://p' "/proc/$pid/cgroup"
echo new > /mnt/x/n
systemctl stop mnt-x.automount 2>/dev/null || true
systemctl stop mnt-x.mount
flock --nonblock /srv/c echo free
cat /srv/c/n
journalctl --sync
journalctl -q --no-pager -o cat -u mnt-x.mount | grep -o 'transport [a-z]*'
journalctl -q --no-pager -o cat -t unionfs-mount UNIONFS_MOUNT=/mnt/x | grep -o '^unmounted .*'
END
mkdir -p "$root/run/first/$first"

mkdir "$cgroup"
echo $$ > "$cgroup/cgroup.procs"
exec unshare --cgroup bash -euc '
  mount -t cgroup2 cgroup2 "$0/sys/fs/cgroup"
  exec env -i container=podman PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    chroot "$0" /lib/systemd/systemd --system --unit=test.target --log-target=console --show-status=false' "$root"
