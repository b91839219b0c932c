# Sourced by launch.sh where it lies in a checkout: finds Java and the jar in $home, and builds what is
# missing or older than its sources.
root=$here/../..
jar=$home/unionfs-mount-tool.jar
stamp=$home/built

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
    mvn -B -ntp -f "$root/pom.xml" -pl mount-tool -am -DskipTests -Dspotless.check.skip=true \
      -Dunionfs.packages=false package >&2 ||
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

