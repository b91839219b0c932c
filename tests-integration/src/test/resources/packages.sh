# packages.sh archive PACKAGE HOME ACCOUNT... : uses an unpacked archive on the layers in HOME
# packages.sh debian DEB HOME: installs the Debian package in a copy of this system, uses it, and removes it
# packages.sh fresh DEB HOME: the same in the Debian that lies in HOME/debian
# Run it in mount and process namespaces of its own; $JAVA_DIRECTORY, and what PATH finds, is hidden there.
set -euo pipefail
export LC_ALL=C

must_fail() {
  if "$@" 2>/dev/null; then
    echo "succeeds: $*" >&2
    exit 1
  fi
}

# All of the system is read-only, and nothing can be executed in /tmp but the package: what it has to write,
# it writes to HOME.
seal() {
  local point
  mount --bind /tmp /tmp
  for point in "$1" "$2"; do
    mount --bind "$point" "$point"
  done
  mount -t tmpfs -o ro hidden "$JAVA_DIRECTORY"
  while read -r point; do
    point=$(printf %b "$point")
    case $point in
      /proc|/proc/*|/sys|/sys/*|/dev|/dev/*|"$2"|"$2"/*) ;;
      *) mount -o remount,bind,ro "$point" || true ;;
    esac
  done < <(findmnt -rno TARGET)
  mount -o remount,bind,ro,noexec /tmp
  must_fail touch /unionfs-test
  must_fail touch /tmp/unionfs-test
  must_fail touch "$1/unionfs-test"
}

archive() {
  local package=$1 home=$2 tool
  shift 2
  mkdir "$home/tools" "$home/run"
  for tool in readlink fusermount3; do
    ln -s "$(command -v $tool)" "$home/tools/$tool"
  done
  ln -s "$package/bin/unionfs-mount" "$home/linked"
  chown --reference="$home/mnt" "$home/run"
  seal "$package" "$home"
  set -- "$@" env -i PATH="$home/tools" XDG_RUNTIME_DIR="$home/run"
  must_fail "$@" java -version
  must_fail "$JAVA_DIRECTORY/bin/java" -version
  cd "$package"

  "$@" UNIONFS_JAVA_OPTS=-Xshare:on "$package/bin/unionfs" --version   # fails where the archive of classes does
  "$@" "$home/linked" $OPTIONS --lower "$home/lower" --upper "$home/upper" --work "$home/work" "$home/mnt"
  "$@" /bin/sh -c "cd '$home/mnt'; read -r line < f; echo \"\$line\"; echo new > f"
  "$@" bin/unionfs list > "$home/listed"
  grep -F "$home/mnt" "$home/listed" > /dev/null
  "$@" bin/unionfs umount "$home/mnt"
  flock --nonblock "$home/upper" true
}

debian() {
  local root=$2/root
  mkdir "$2/memory" "$root"
  mount -t tmpfs -o mode=755 memory "$2/memory"
  mkdir "$2/memory/upper" "$2/memory/work"
  mount -t overlay -o "lowerdir=/,upperdir=$2/memory/upper,workdir=$2/memory/work" system "$root"
  mount -t tmpfs hidden "$root$JAVA_DIRECTORY"
  system "$1" "$root"
}

fresh() {
  system "$1" "$2/debian"
}

system() {
  local root=$2 point
  for point in dev run srv tmp; do
    mount -t tmpfs -o mode=755,noexec "$point" "$root/$point"
  done
  mount -o remount,dev "$root/dev"
  mount -t proc proc "$root/proc"
  mknod -m 666 "$root/dev/null" c 1 3
  mknod -m 666 "$root/dev/fuse" c 10 229
  cp "$1" "$root/run/unionfs.deb"
  { declare -f used must_fail; echo 'set -euo pipefail; used'; } > "$root/run/used"
  # it has a command of the same name
  if chroot "$root" dpkg-query -W unionfs-fuse > /dev/null 2>&1; then
    chroot "$root" dpkg --no-triggers --purge unionfs-fuse > /dev/null 2>&1
  fi
  # images of Debian may leave manuals out
  chroot "$root" dpkg --path-include '/usr/share/*' --no-triggers --install /run/unionfs.deb > "$root/run/log" 2>&1 ||
    { cat "$root/run/log" >&2; exit 1; }
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /run/used < /dev/null
  [ -z "$(chroot "$root" dpkg --verify unionfs)" ]
  chroot "$root" dpkg --no-triggers --remove unionfs > /dev/null 2>&1
  [ -z "$(find "$root/usr/lib/unionfs" "$root/usr/bin/unionfs" "$root/usr/share/doc/unionfs" 2>/dev/null)" ]
  echo removed
}

used() {
  must_fail command -v java
  cd /srv
  mkdir a 'b: b' c m
  echo 'of a' > a/f
  echo 'of b' > 'b: b/f'
  echo 'of b' > 'b: b/g'
  local layers='lowerdir=/srv/a:/srv/b\: b,upperdir=/srv/c,workdir=/srv/w'

  mount -t fuse.unionfs-mount none /srv/m -o "$layers"
  findmnt -no SOURCE,FSTYPE m | tr -s ' '
  cat m/f m/g
  echo more >> m/f
  rm m/g
  unionfs list | grep -o '^/srv/m'
  umount m
  flock --nonblock c true                # let go already
  cat c/f
  stat -c %F c/g

  mount --fake -t fuse.unionfs-mount none /srv/m -o "$layers"
  must_fail mountpoint -q m
  echo "none /srv/m fuse.unionfs-mount ${layers// /\\040},noauto,nofail,x-systemd.requires-mounts-for=/srv/a 0 0" >> /etc/fstab
  for _ in 1 2 3; do
    mount /srv/m
    umount /srv/m
  done
  mount /srv/m
  mount -o remount,ro /srv/m
  must_fail touch m/h
  mount -o remount,rw /srv/m
  touch m/h
  must_fail umount /srv/m < m/f
  umount -l /srv/m < m/f
  must_fail mountpoint -q m
  while ! flock --nonblock c true; do :; done
  [ "$(findmnt -n -t fuse.unionfs-mount)" = "" ]

  bash -c '. /usr/share/bash-completion/completions/unionfs; complete -p unionfs' > /dev/null
  bash -c '. /usr/share/bash-completion/completions/unionfs-mount; complete -p unionfs-mount' > /dev/null
  [ -s /usr/share/doc/unionfs/copyright ]
  zcat /usr/share/doc/unionfs/changelog.gz | grep -q '^unionfs ('
  if command -v zsh > /dev/null; then
    zsh -fc 'fpath=(/usr/share/zsh/vendor-completions $fpath); autoload -U compinit; compinit -u -D
      print $_comps[unionfs] $_comps[unionfs-mount]' | grep -qx '_unionfs _unionfs'
  fi
  if command -v man > /dev/null; then
    man -w unionfs unionfs-mount unionfs-umount unionfs-list mount.fuse.unionfs-mount
    man umount.fuse.unionfs-mount 2>/dev/null | grep 'umount.fuse.unionfs-mount returns' > /dev/null
  fi
  echo used
}

"$@"
