# The recipes of docs/CONTAINERS.md for Debian's image, which is made of a Debian that lies in a directory:
# image.sh DEB HOME DEBIAN PROGRAM RECIPE
# HOME is empty, PROGRAM the mount program, RECIPE the file that the recipe stands in.
set -eu
package=$1
home=$2
debian=$3
program=$4
recipe=$5
runtime=$(mktemp -d /tmp/p.XXXXXX)
export HOME="$home" XDG_RUNTIME_DIR="$runtime"
export CONTAINERS_STORAGE_CONF="$home/storage.conf" CONTAINERS_CONF="$home/containers.conf"
cat > "$CONTAINERS_CONF" <<END
[engine]
events_logger = "file"
cgroup_manager = "cgroupfs"
runtime = "runc"
[containers]
netns = "host"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
END
cat > "$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "overlay"
graphroot = "$home/graph"
runroot = "$home/run"
[storage.options.overlay]
mount_program = "$program"
END
finish() {
  status=$?
  podman rm -af > /dev/null || status=1
  podman rmi -af > /dev/null || status=1
  rm -rf --one-file-system "$runtime"
  exit "$status"
}
trap finish EXIT

mkdir "$home/context"
cd "$home/context"
cp "$package" .
tar -C "$debian" --one-file-system -c . | podman import - debian:12 > /dev/null 2>&1

# The text between the lines that begin and end it, of the one block of that kind with a line that matches.
block() {
  awk -v begin='```'"$1" -v wanted="$2" '
    $0 == "```" && inside { if (found) printf "%s", text; inside = 0; next }
    $0 == begin { inside = 1; found = 0; text = ""; next }
    inside { text = text $0 "\n"; if ($0 ~ wanted) found = 1 }' "$recipe"
}

block sh '^podman run ' | sed "s/unionfs_VERSION_amd64/$(basename "$package" .deb)/" > run.sh
grep -q unionfs-mount run.sh
sh -eu run.sh > ran.log 2>&1 || { cat ran.log >&2; exit 1; }
grep -x debian_version ran.log

block dockerfile '^FROM debian:12$' > Dockerfile
grep -q unionfs Dockerfile
buildah bud --pull-never --network=host -t union . >&2

podman run --rm --network=none --device /dev/fuse --cap-add SYS_ADMIN --tmpfs /upper union sh -euc '
  mkdir /mnt/x
  unionfs-mount --lower /etc --upper /upper /mnt/x
  cat /mnt/x/debian_version > /dev/null
  echo changed > /mnt/x/motd
  cat /upper/motd
  unionfs umount /mnt/x
  ls /mnt/x
  ls /tmp'
echo done
