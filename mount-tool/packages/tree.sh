#!/bin/sh
# Makes what the packages consist of: tree.sh JDK MODULE VERSION TIME
# In MODULE/target/packages: unionfs-VERSION, which runs from any place, the archive of it, and in debian/ what
# else the Debian package needs. All files are of that TIME: the class-data archive knows jars
# by their time, and the same input should give the same packages.
set -eu
export LC_ALL=C
umask 022
jdk=$1
module=$2
version=$3
epoch=$(date -d "$4" +%s)
# What the jars need of Java, as jdeps says; a test compares.
modules=java.base,java.logging,java.management,jdk.unsupported

out=$module/target/packages
rm -f "$module"/target/unionfs-*-linux-*.tar.gz "$module"/target/unionfs_*.deb
name=unionfs-$version
tree=$out/$name
machine=$(uname -m)
case $machine in
  x86_64) architecture=amd64 ;;
  aarch64) architecture=arm64 ;;
  *) architecture= ;;
esac

skip() {
  rm -rf "$out"
  printf 'no packages are made: %s\n' "$1"
  exit 0
}

tar --version 2>/dev/null | grep -q GNU || skip 'GNU tar is missing'
[ -n "$architecture" ] || skip "there is no native library for $machine"
[ -x "$jdk/bin/jlink" ] && [ -f "$jdk/jmods/java.base.jmod" ] ||
  skip "$jdk has no jmods, which a runtime is linked of; with a whole JDK they are made (Debian: openjdk-17-jdk-headless)"

# Linking takes longest, and depends on the JDK alone.
runtime=$out/runtime
made=$jdk,$modules,$(cksum < "$jdk/jmods/java.base.jmod"),$(command -v strip || true)
if [ "$(cat "$runtime.made" 2>/dev/null)" != "$made" ]; then
  rm -rf "$out"
  mkdir -p "$out"
  "$jdk/bin/jlink" --add-modules "$modules" --strip-java-debug-attributes --no-header-files --no-man-pages \
    --compress=2 --output "$runtime"
  rm -f "$runtime/bin/keytool" "$runtime/lib/classlist" "$runtime/lib/jrt-fs.jar"
  if command -v strip > /dev/null; then
    find "$runtime" -type f -perm -u+x ! -name '*.so' -exec strip --strip-unneeded {} +
    find "$runtime" -name '*.so' -exec strip --strip-unneeded {} +
  fi
  printf %s "$made" > "$runtime.made"
fi

rm -rf "$tree" "$out/debian"
mkdir -p "$tree/bin" "$tree/lib" "$tree/native/jni" "$tree/docs"
cp -a "$runtime" "$tree/runtime"
cp "$module/target/unionfs-mount-tool.jar" "$module/target/unionfs-boot.jar" "$tree"
for jar in "$module"/target/lib/*.jar; do
  case ${jar##*/} in
    jffi-*-native.jar) ;;                       # its library lies in native
    jspecify-*|error_prone_annotations-*) ;;    # for compilers
    *) cp "$jar" "$tree/lib" ;;
  esac
done
cp -R "$module/target/native/jni/$machine-Linux" "$tree/native/jni"
! command -v strip > /dev/null || strip --strip-unneeded "$tree/native/jni/$machine-Linux/"*.so
for command in unionfs unionfs-mount mount.fuse.unionfs-mount umount.fuse.unionfs-mount launch.sh; do
  cp "$module/bin/$command" "$tree/bin"
done
cp -R "$module/target/man" "$tree/man"
for page in "$module"/packages/man/*; do
  sed "s/@DATE@/${4%%T*}/; s/@VERSION@/unionfs $version/" "$page" > "$tree/man/${page##*/}"
done
cp -R "$module/target/completion" "$tree/completion"
cp -R "$module/target/zsh" "$tree/completion/zsh"
cp "$module/../LICENSE" "$module/../README.md" "$module/packages/copyright" "$tree"
cp "$module"/../docs/*.md "$tree/docs"
chmod -R u+w,a+rX,go-w "$tree"
chmod 755 "$tree"/bin/*
chmod 644 "$tree/bin/launch.sh"
find "$tree" -exec touch -h -d "@$epoch" {} +

sh "$module/bin/archive.sh" "$tree/runtime/bin/java" "$tree" > "$out/archive.log" 2>&1 || cat "$out/archive.log"
rm -f "$tree/unionfs.classes"
[ ! -f "$tree/unionfs.hot" ] || chmod 644 "$tree/unionfs.hot"
if [ -f "$tree/unionfs.jsa" ]; then
  chmod 644 "$tree/unionfs.jsa"
else
  printf 'packages without an archive of classes, which start slower; see %s\n' "$out/archive.log"
fi
find "$tree" -exec touch -h -d "@$epoch" {} +

tar -C "$out" --sort=name --format=gnu --owner=0 --group=0 --numeric-owner -cf "$out/archive.tar" "$name"
gzip -6n < "$out/archive.tar" > "$out/$name-linux-$machine.tar.gz"
rm "$out/archive.tar"
mv "$out/$name-linux-$machine.tar.gz" "$module/target"

# The Debian package: the same tree below /usr/lib, but what has its own place elsewhere.
debian=$out/debian
usr=$debian/root/usr
mkdir -p "$debian/control" "$usr/bin" "$usr/sbin" "$usr/lib" "$usr/share/man/man1" "$usr/share/man/man8" \
  "$usr/share/bash-completion" "$usr/share/zsh" "$usr/share/doc/unionfs" "$usr/share/lintian/overrides"
cp -a "$tree" "$usr/lib/unionfs"
mv "$usr/lib/unionfs/completion/zsh" "$usr/share/zsh/vendor-completions"
mv "$usr/lib/unionfs/completion" "$usr/share/bash-completion/completions"
mv "$usr/lib/unionfs/docs" "$usr/lib/unionfs/README.md" "$usr/lib/unionfs/copyright" "$usr/share/doc/unionfs"
rm -r "$usr/lib/unionfs/man" "$usr/lib/unionfs/LICENSE"
for page in "$tree"/man/*; do
  gzip -9n < "$page" > "$usr/share/man/man${page##*.}/${page##*/}.gz"
done
ln -s ../lib/unionfs/bin/unionfs ../lib/unionfs/bin/unionfs-mount "$usr/bin"
ln -s ../lib/unionfs/bin/mount.fuse.unionfs-mount ../lib/unionfs/bin/umount.fuse.unionfs-mount "$usr/sbin"
debian_version=$(printf %s "$version" | sed 's/-/~/g')
sed "s/@VERSION@/$debian_version/; s/@DATE@/$(date -R -u -d "@$epoch")/" "$module/packages/changelog" |
  gzip -9n > "$usr/share/doc/unionfs/changelog.gz"
cp "$module/packages/lintian-overrides" "$usr/share/lintian/overrides/unionfs"
find "$debian/root" -exec touch -h -d "@$epoch" {} +
tar -C "$debian/root" --sort=name --format=gnu --owner=root:0 --group=root:0 -cf "$debian/data.tar" ./usr
libc=$(find "$tree" -name '*.so' -exec grep -aoh 'GLIBC_2\.[0-9]*' {} + | sort -uV | tail -n 1)
size=$(du -sk --apparent-size "$usr" | cut -f 1)
sed -e "s/@ARCHITECTURE@/$architecture/; s/@LIBC@/${libc#GLIBC_}/; s/@SIZE@/$size/" \
  -e "s/@VERSION@/$debian_version/" \
  "$module/packages/control" > "$debian/control/control"
printf %s "unionfs_${debian_version}_$architecture.deb" > "$debian/name"
