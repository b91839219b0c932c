# A union inside a container that cannot be written, with an unpacked archive: container.sh PACKAGE HOME
set -eu
package=$1
home=$2
runtime=$(mktemp -d /tmp/p.XXXXXX)
export HOME="$home" XDG_RUNTIME_DIR="$runtime"
export CONTAINERS_STORAGE_CONF="$home/storage.conf" CONTAINERS_CONF="$home/containers.conf"
cat > "$CONTAINERS_CONF" <<END
[engine]
events_logger = "file"
cgroup_manager = "cgroupfs"
runtime = "runc"
[containers]
netns = "none"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
END
cat > "$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "overlay"
graphroot = "$home/graph"
runroot = "$home/run"
END
finish() {
  status=$?
  podman rm -af > /dev/null || status=1
  podman rmi -af > /dev/null || status=1
  rm -rf --one-file-system "$runtime"
  exit "$status"
}
trap finish EXIT
cd "$home"

# busybox, and the libraries that the package depends on
mkdir -p root/bin root/usr root/proc root/dev root/sys root/tmp root/etc root/opt/unionfs root/data/lower root/mnt
cp /bin/busybox root/bin/
for applet in sh cat ls mkdir readlink touch; do
  ln -s busybox "root/bin/$applet"
done
find "$package/runtime" "$package/native" -type f \( -name '*.so' -o -name java \) -exec ldd {} + 2>/dev/null |
  sed -n 's/.*=> \(\/.*\) (0x.*/\1/p; s/^\t\(\/.*\) (0x.*/\1/p' | sort -u | grep -vF "$package/" |
  while IFS= read -r library; do
    mkdir -p "root${library%/*}"
    cp -L "$library" "root$library"
  done
echo text > root/data/lower/f
tar -C root --owner=0 --group=0 -c . | podman import - inside > /dev/null 2>&1

podman run --rm --network=none --device /dev/fuse --cap-add SYS_ADMIN --read-only \
  --tmpfs /tmp:ro,noexec --tmpfs /upper -v "$package:/opt/unionfs:ro" inside sh -euc '
    if touch /x /tmp/x 2>/dev/null; then exit 9; fi
    mkdir /upper/c /upper/w
    /opt/unionfs/bin/unionfs-mount --lower /data/lower --upper /upper/c --work /upper/w /mnt
    cat /mnt/f
    echo changed > /mnt/f
    cat /upper/c/f
    /opt/unionfs/bin/unionfs umount /mnt
    ls /mnt'
echo done
