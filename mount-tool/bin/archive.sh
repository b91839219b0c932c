#!/bin/sh
# Makes the class-data sharing archive of a start: archive.sh JAVA TARGET
# It names the jars as launch.sh does: below a descriptor, so that it stays good where they are moved.
# One static archive of JDK and program together; its heap objects can only be written with G1, and the serial
# collector of JDK 17 leaves them alone. Without an archive everything works, and starts slower.
java=$1
target=$2
jar=/proc/self/fd/9/unionfs-mount-tool.jar
list=$target/unionfs.classes
native=$target/native/jni/x86_64-Linux:$target/native/jni/aarch64-Linux

provider=io.unionfs.cli.log.LineLogProvider
boot=/proc/self/fd/9/unionfs-boot.jar
hot=$target/unionfs.hot

rm -f "$target/unionfs.jsa" "$hot"

# Which methods a mount calls often, from what the compiler did when one was used for a second: a line for each
# class, in the order of its first. What only a start calls is not among them, nor what every start calls itself,
# nor what changes files: there the disk takes longest.
"$java" -Xlog:disable -Xlog:all=error:stderr -XX:TieredStopAtLevel=1 -XX:+UseSerialGC \
  -Xlog:jit+compilation=debug:file=/proc/self/fd/9/unionfs.hot.log:none \
  -Djffi.boot.library.path="$native" -Dslf4j.provider="$provider" -Dslf4j.internal.verbosity=WARN -cp "$jar" io.unionfs.cli.Training hot 9<"$target" &&
awk '
  match($0, /[a-z][A-Za-z0-9_.$]*::[A-Za-z0-9_$<>]+ \([0-9]+ bytes\)/) {
    split(substr($0, RSTART, RLENGTH), word, "::| ")
    if (word[1] ~ /\$\$Lambda|\$Proxy/ || word[2] == "<clinit>") next
    if (word[1] !~ /^io\.unionfs\.(sys|layer|stack|core|statistics|transport)\.|^com\.kenai\./ &&
        word[1] !~ /^java\.(util\.concurrent|lang\.ref)\./) next
    if (seen[word[1], word[2]]++) next
    if (!(word[1] in names)) order[++classes] = word[1]
    names[word[1]] = names[word[1]] " " word[2]
  }
  END { for (i = 1; i <= classes; i++) print order[i] names[order[i]] }
' "$hot.log" > "$hot.new" && mv "$hot.new" "$hot"
rm -f "$hot.log" "$hot.new"

"$java" -Xbootclasspath/a:"$boot" -XX:+UnlockDiagnosticVMOptions -XX:+WhiteBoxAPI -XX:-DisplayVMOutput \
  -Dunionfs.hotMethods="$hot" -XX:DumpLoadedClassList="$list" -XX:+UseSerialGC -Xlog:disable -Xlog:all=error:stderr \
  -Djffi.boot.library.path="$native" -Dslf4j.provider="$provider" -Dslf4j.internal.verbosity=WARN -cp "$jar" io.unionfs.cli.Training 9<"$target" || exit 0
"$java" -Xshare:dump -XX:SharedClassListFile="$list" -XX:SharedArchiveFile="$target/unionfs.jsa" -XX:+UseG1GC \
  -Xlog:disable -Xlog:all=error:stderr -Xbootclasspath/a:"$boot" -cp "$jar" 9<"$target" || exit 0
