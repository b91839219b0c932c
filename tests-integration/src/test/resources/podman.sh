# Builds, runs, changes, compares and commits with podman: podman.sh HOME MOUNT_PROGRAM
# HOME is empty and the caller's. What is printed is compared by PodmanIT, as "== name" and lines.
set -eu
home=$1
program=$2
runtime=$(mktemp -d /tmp/p.XXXXXX) # sockets are made below it, whose paths must be short
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
graph='g=r a,p"h'"'"'i\j' # podman escapes nothing of it for the mount program
quoted=$(printf %s "$home/$graph" | sed 's/[\\"]/\\&/g')
cat > "$CONTAINERS_STORAGE_CONF" <<END
[storage]
driver = "overlay"
graphroot = "$quoted"
rootless_storage_path = "$quoted"
runroot = "$home/run"
[storage.options.overlay]
mount_program = "$program"
END
cd "$home"

finish() {
  status=$?
  podman rm -af >/dev/null || status=1
  podman rmi -af >/dev/null || status=1
  [ "$(id -u)" -eq 0 ] || podman unshare sh -c 'umount "$1/overlay"; rm -rf --one-file-system "$1" run' sh "$graph" || status=1
  podman system migrate >/dev/null 2>&1 || true # ends the process that keeps the user namespace
  rm -rf --one-file-system "$runtime"
  exit "$status"
}
trap finish EXIT

run() {
  podman run --network=none "$@"
}

mkdir -p root/bin root/etc root/usr root/proc root/dev root/sys
mkdir -m 1777 root/tmp
cp /bin/busybox root/bin/
for applet in sh ls cat mkdir rm touch mv echo chmod chown find sort stat ln; do
  ln -s busybox "root/bin/$applet"
done
echo base > root/etc/a
echo kept > root/etc/kept
tar -C root --owner=0 --group=0 -c . | podman import - base >/dev/null 2>&1
cat > Dockerfile <<'END'
FROM base
RUN echo 1 > /etc/one && mkdir /d && echo x > /d/x && echo y > /d/y
RUN rm /d/x && echo 2 > /etc/two
RUN rm -r /d && mkdir /d && echo z > /d/z
RUN mv /etc/a /etc/b
RUN rm /etc/one && mkdir /etc/one && echo q > /etc/one/q
RUN chmod 600 /etc/two && chown 7:8 /etc/b && ln /etc/b /etc/hard
END
podman build -q --network=none -t layered . >/dev/null

list='find /etc /d ! -name hosts ! -name hostname ! -name mtab ! -name resolv.conf | sort'
echo '== image'
run --rm layered sh -c "$list; cat /etc/b; stat -c '%u:%g %a %h' /etc/b /etc/two"

echo '== changes'
run --name changed layered sh -c \
  'rm -r /etc/one; echo new > /d/new; rm /d/z; mkdir /d/sub; touch /t; chmod 640 /t; echo 3 >> /etc/two; cat /etc/kept'
podman diff changed | sort
podman commit -q changed committed >/dev/null
run --rm committed sh -c "$list; cat /etc/two; stat -c '%u:%g %a' /t /etc/b"

echo '== read-only'
run --rm --read-only committed sh -c 'touch /x 2>&1 || cat /d/new'

echo '== another user'
run --rm --user 1000:1000 committed sh -c 'touch /etc/x 2>&1; touch /tmp/x && stat -c %u:%g /tmp/x'

echo '== mapped ids'
first=1
[ "$(id -u)" -ne 0 ] || first=100000
run --name mapped --uidmap "0:$first:1000" --gidmap "0:$first:1000" committed sh -c \
  'stat -c "%u:%g" / /d/new /etc/b; touch /mine; echo more >> /etc/b; chown 5:6 /d/new; stat -c "%u:%g" /mine /d/new'
podman diff mapped | sort
podman commit -q mapped again >/dev/null
run --rm again sh -c 'stat -c "%u:%g %n" /mine /etc/b /d/new'

if [ "$(id -u)" -ne 0 ]; then
  echo '== the same user inside'
  run --rm --userns=keep-id committed sh -c 'stat -c %u:%g / /d/new; touch /tmp/x' && echo 'touched'
fi

echo '== buildah'
container=$(buildah from --pull-never committed)
buildah run --isolation chroot "$container" sh -c 'echo built > /built; rm /etc/b; mv /d/sub /d/moved'
buildah commit -q "$container" built >/dev/null
buildah rm "$container" >/dev/null
run --rm built sh -c "$list; cat /built"
