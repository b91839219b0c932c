#!/bin/sh
# Makes the class-data sharing archive of a start: archive.sh JAVA TARGET
# It names the jars as launch.sh does: below a descriptor, so that it stays good where they are moved.
# One static archive of JDK and program together; its heap objects can only be written with G1, and are
# read by the serial collector as well. Without an archive everything works, and starts slower.
java=$1
target=$2
jar=/proc/self/fd/9/unionfs-mount-tool.jar
list=$target/unionfs.classes
native=$target/native/jni/x86_64-Linux:$target/native/jni/aarch64-Linux

rm -f "$target/unionfs.jsa"
"$java" -XX:DumpLoadedClassList="$list" -XX:+UseSerialGC -Xlog:disable -Xlog:all=error:stderr \
  -Djffi.boot.library.path="$native" -cp "$jar" io.unionfs.cli.Training 9<"$target" || exit 0
"$java" -Xshare:dump -XX:SharedClassListFile="$list" -XX:SharedArchiveFile="$target/unionfs.jsa" -XX:+UseG1GC \
  -Xlog:disable -Xlog:all=error:stderr -cp "$jar" 9<"$target" || exit 0
