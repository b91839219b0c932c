# Sourced by the commands beside it: finds the checkout, Java and the jar, and starts the program.
# $program is the command's name, $self the path of the command itself.

fail() {
  printf '%s: %s\n' "$program" "$1" >&2
  exit 1
}

case $self in
  */*) ;;
  *) self=$(command -v -- "$self") ;;
esac
if [ -h "$self" ]; then
  self=$(readlink -f -- "$self"; printf x)
  self=${self%?x}
fi
case $self in
  */*) here=${self%/*} ;;
  *) here=. ;;
esac
root=$here/../..
target=$here/../target
jar=$target/unionfs-mount-tool.jar
stamp=$target/built

if [ -n "${JAVA_HOME:-}" ] && [ -x "$JAVA_HOME/bin/java" ]; then
  java=$JAVA_HOME/bin/java
else
  java=java
  command -v java >/dev/null || fail 'Java is missing; install JDK 17 or newer, or set JAVA_HOME'
fi

outdated() {
  [ -f "$jar" ] && [ -f "$stamp" ] || return 0
  [ -w "$root/pom.xml" ] || return 1
  [ -n "$(find "$root/pom.xml" "$root/src/pom.xml" "$root/src/main" "$here/../pom.xml" "$here/../src/main" \
    -newer "$stamp" -print -quit 2>/dev/null)" ]
}

build() {
  command -v mvn >/dev/null || fail 'Maven is missing; it is needed to build the tool once'
  (
    flock 9
    outdated || exit 0
    printf '%s: building the tool (once)\n' "$program" >&2
    mvn -B -ntp -f "$root/pom.xml" -pl mount-tool -am -DskipTests -Dspotless.check.skip=true package >&2 ||
      fail 'the build failed; see above'
  ) 9<"$root/pom.xml" || exit 1
}

if outdated; then
  wanted=no
  [ -t 2 ] && wanted=yes
  for argument; do
    case $argument in
      --version|-V|demo) wanted=yes ;;
    esac
  done
  if [ "$wanted" = yes ] && [ -w "$root" ] && [ -f "$root/pom.xml" ]; then
    build "$@"
  else
    fail "the tool is not built, or older than its sources; run: mvn -f $(cd "$root" && pwd)/pom.xml -pl mount-tool -am -DskipTests package"
  fi
fi

# Serial collector and a small heap, capped, for a small footprint; the archive of classes for a quick
# start, where it was made for, so that mounts share its pages, and silence on standard output if it does
# not fit this Java.
# The quick compiler alone: a server lives for seconds as often as for days, and its time is that of system
# calls. The other one costs a third of a second of a core and 20 MiB first, and gives 4 us a request later.
# The C library gives memory back that the compiler needed for a moment.
export MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
set -- -XX:SharedArchiveFile="$target/unionfs.jsa" -Xshare:auto -Xlog:disable -Xlog:all=error:stderr \
  -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 \
  -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -Xms20m -Xmx"${UNIONFS_HEAP:-256m}" \
  -XX:NewSize=4m -XX:MaxNewSize=8m -XX:MinHeapFreeRatio=20 -XX:MaxHeapFreeRatio=40 \
  -Djffi.boot.library.path="$target/native/jni/x86_64-Linux:$target/native/jni/aarch64-Linux" \
  -Dunionfs.startedIn="$PWD" ${UNIONFS_JAVA_OPTS:-} -cp "$jar" io.unionfs.cli.Main "$program" "$@"
