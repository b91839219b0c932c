# Sourced by the commands beside it: finds Java and the jars, and says how the program is started.
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

# A package has its runtime beside the commands. What a checkout has, and has not yet, is for checkout.sh.
if [ -x "$here/../runtime/bin/java" ]; then
  home=$here/..
  java=$home/runtime/bin/java
else
  home=$here/../target
  . "$here/checkout.sh"
fi

# The archive of classes names the jars by their paths. A descriptor of the directory is the same path
# wherever the directory lies; without it, or without the archive, everything works, and starts slower.
jars=$home
[ -r "$home" ] && [ -d /proc/self/fd ] && jars=/proc/self/fd/9
for argument; do
  case $argument in
    */fd/9|*/fd/9[!0-9]*) jars=$home ;;
  esac
done

start() {
  case $jars in
    "$home") exec "$java" "$@" ;;
    *) exec "$java" "$@" 9<"$home" ;;
  esac
}

# Serial collector and a small heap, capped, for a small footprint; the archive of classes for a quick
# start, where it was made for, so that mounts share its pages, and silence on standard output if it does
# not fit this Java.
# The quick compiler alone: a server lives for seconds as often as for days, and its time is that of system
# calls. The other one costs a third of a second of a core and 20 MiB first, and gives 4 us a request later.
# The methods that every mount needs are compiled while the command line is read: the runtime has no option to keep
# compiled code, but its own tests can ask for a compilation, and so can we (HotMethods). It then says what else
# tests could ask for, on standard output, unless it is told to be silent.
# The C library gives memory back that the compiler needed for a moment.
# Limits of containers are not looked up: the heap has its own, and a server that has mounted opens nothing by
# path, which could lead into its own mount.
hot=
[ "$program" != unionfs-mount ] || [ ! -r "$home/unionfs.hot" ] || hot=yes
export MALLOC_ARENA_MAX=1 MALLOC_TRIM_THRESHOLD_=131072
set -- ${hot:+-XX:+UnlockDiagnosticVMOptions -XX:+WhiteBoxAPI -XX:-DisplayVMOutput} \
  ${hot:+-Dunionfs.hotMethods="$jars/unionfs.hot"} -Xbootclasspath/a:"$jars/unionfs-boot.jar" \
  -XX:SharedArchiveFile="$jars/unionfs.jsa" -Xshare:auto -Xlog:disable -Xlog:all=error:stderr \
  -XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0 \
  -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -XX:-UseContainerSupport -Xms32m -Xmx"${UNIONFS_HEAP:-256m}" \
  -XX:NewSize=4m -XX:MaxNewSize=8m -XX:MinHeapFreeRatio=40 -XX:MaxHeapFreeRatio=60 \
  -Djffi.boot.library.path="$jars/native/jni/x86_64-Linux:$jars/native/jni/aarch64-Linux" \
  -Dslf4j.provider=io.unionfs.cli.log.LineLogProvider -Dslf4j.internal.verbosity=WARN \
  -Dunionfs.startedIn="$PWD" ${UNIONFS_JAVA_OPTS:-} -cp "$jars/unionfs-mount-tool.jar" io.unionfs.cli.Main "$program" "$@"
