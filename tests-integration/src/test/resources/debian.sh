# debian.sh make DIRECTORY: a small Debian there, with archives fetched; 75 where there is no source
# debian.sh change DIRECTORY: installs, upgrades, removes and purges packages in it, without a network
# Run it in mount and process namespaces of its own: what it mounts is for nobody else.
set -euo pipefail

new='cron less xml-core'
again='coreutils dpkg perl-base tar tzdata'

export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
export SOURCE_DATE_EPOCH=1000000000

make() {
  . /etc/os-release
  local source
  source=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 'Component: main' \
    "Codename: ${VERSION_CODENAME:-none}")
  source=${source%%$'\n'*}
  [ -n "$source" ] || { echo "apt knows no source of ${VERSION_CODENAME:-this system}"; exit 75; }
  # in memory, where dpkg's many syncs cost nothing
  local memory=$1.memory
  mkdir "$memory"
  mount -t tmpfs -o mode=755 debian "$memory"
  debootstrap --variant=minbase "$VERSION_CODENAME" "$memory" "$source" || exit 75
  enter "$memory"
  # no service is started in a chroot
  printf '#!/bin/sh\nexit 101\n' > usr/sbin/policy-rc.d
  chmod 755 usr/sbin/policy-rc.d
  inside apt-get -q update || exit 75
  inside apt-get -qy install --download-only --no-install-recommends $new || exit 75
  inside apt-get -qy install --download-only --reinstall $again || exit 75
  package 1
  package 2
  package 3
  umount dev proc
  cp -a . "$1"
}

# Devices and processes of its own: the host's would be at the mercy of the packages' scripts.
enter() {
  cd "$1"
  mount -t proc proc proc
  mount -t tmpfs -o mode=755 dev dev
  mknod -m 666 dev/null c 1 3
  mknod -m 666 dev/zero c 1 5
  mknod -m 666 dev/full c 1 7
  mknod -m 666 dev/random c 1 8
  mknod -m 666 dev/urandom c 1 9
  mknod -m 666 dev/tty c 5 0
  ln -s /proc/self/fd dev/fd
}

inside() {
  chroot . "$@" </dev/null
}

# A package whose versions change what a package can: files that come, go, and change, a file in a
# directory's place, links of both kinds, a configuration file, a diverted file of another package, scripts.
package() {
  local version=$1 tree=tmp/unionfs-demo-$1
  mkdir -p "$tree/DEBIAN" "$tree/usr/share/unionfs-demo/kept" "$tree/etc/unionfs-demo"
  cat > "$tree/DEBIAN/control" <<TEXT
Package: unionfs-demo
Version: $version
Architecture: all
Maintainer: nobody <nobody@localhost>
Description: files that change
TEXT
  echo /etc/unionfs-demo/conf > "$tree/DEBIAN/conffiles"
  echo "version $version" > "$tree/etc/unionfs-demo/conf"
  echo "of $version" > "$tree/usr/share/unionfs-demo/only-$version"
  seq $((version * 10000)) > "$tree/usr/share/unionfs-demo/kept/grows"
  ln "$tree/usr/share/unionfs-demo/kept/grows" "$tree/usr/share/unionfs-demo/hard"
  ln -s "only-$version" "$tree/usr/share/unionfs-demo/link"
  if [ "$version" = 2 ]; then
    echo file > "$tree/usr/share/unionfs-demo/changes"
  else
    mkdir "$tree/usr/share/unionfs-demo/changes"
    echo inner > "$tree/usr/share/unionfs-demo/changes/inner"
  fi
  cat > "$tree/DEBIAN/preinst" <<'TEXT'
#!/bin/sh
set -e
dpkg-divert --package unionfs-demo --add --rename --divert /bin/cat.real /bin/cat
TEXT
  cat > "$tree/DEBIAN/postinst" <<'TEXT'
#!/bin/sh
set -e
[ -e /bin/cat ] || ln -s cat.real /bin/cat
update-alternatives --install /usr/bin/unionfs-demo unionfs-demo /usr/share/unionfs-demo/hard 10
dpkg-statoverride --list /usr/share/unionfs-demo/kept >/dev/null ||
  dpkg-statoverride --update --add root mail 2750 /usr/share/unionfs-demo/kept
TEXT
  cat > "$tree/DEBIAN/postrm" <<'TEXT'
#!/bin/sh
set -e
case $1 in
  remove)
    rm -f /bin/cat
    dpkg-divert --package unionfs-demo --remove --rename /bin/cat
    dpkg-statoverride --remove /usr/share/unionfs-demo/kept ;;
esac
TEXT
  cat > "$tree/DEBIAN/prerm" <<'TEXT'
#!/bin/sh
set -e
[ "$1" != remove ] || update-alternatives --remove unionfs-demo /usr/share/unionfs-demo/hard
TEXT
  chmod 755 "$tree"/DEBIAN/p*
  inside dpkg-deb --root-owner-group --build "/$tree" "/root/demo-$version.deb"
  rm -r "$tree"
}

verify() {
  local wrong
  wrong=$(inside dpkg --verify; inside dpkg --audit)
  [ -z "$wrong" ] || { echo "after $1: $wrong"; exit 1; }
  inside apt-get check
  echo "verified after $1"
}

change() {
  enter "$1"
  verify nothing
  inside apt-get -qy install --no-download --no-install-recommends $new
  verify install
  inside apt-get -qy install --no-download --reinstall $again
  verify reinstall
  inside dpkg --install /root/demo-1.deb
  verify demo-1
  inside dpkg --force-confnew --install /root/demo-2.deb
  verify demo-2
  inside dpkg --force-confnew --install /root/demo-3.deb
  verify demo-3
  inside apt-get -qy remove less
  inside apt-get -qy --purge autoremove cron xml-core
  inside apt-get -qy purge less
  verify purge
  inside dpkg --remove unionfs-demo
  inside dpkg --purge unionfs-demo
  inside dpkg --install /root/demo-1.deb
  verify 'demo-1 again'
}

"$@"
