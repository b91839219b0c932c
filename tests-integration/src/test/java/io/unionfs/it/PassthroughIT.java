package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Tag;

/** Data that goes past the server, and data that must not. */
class PassthroughIT {
  @MountTest
  void readerThatWaitsSeesWhatIsAppendedToALowerFile(Union union) throws Exception {
    union.layers("lower f file \"low\\n\"").mount();

    assertThat(
            union.run(
                """
                exec 3< <(exec tail -n +1 -f f)
                read -r a <&3
                echo second >> f
                read -r b <&3
                echo third >> f
                read -r c <&3
                echo $a $b $c
                kill $!
                """))
        .isEqualTo("low second third\n");
  }

  @MountTest
  void openFilesAndMapsSeeTheCopyUp(Union union) throws Exception {
    union.layers("lower f file \"old content\"").mount();

    assertThat(union.call("map_over_copy_up", "f")).isEqualTo("old new new");
    assertThat(union.call("mapped", "f", "NEW")).isEqualTo("0");
    assertThat(union.run("cat f")).isEqualTo("NEW content");
    union.remount();
    assertThat(union.run("cat f")).isEqualTo("NEW content");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.PASSTHROUGH)
  void dataOfUpperFilesDoesNotReachTheServer(Union union) throws Exception {
    union.layers("upper u file \"text\"\nlower l file \"text\"").mount();
    int before = dataRequests(union);

    union.run("cat u; echo more >> u; head -c 1M /dev/zero > n; cat n > /dev/null; sync n");
    assertThat(dataRequests(union)).isEqualTo(before);

    union.run("cat l; echo more >> l");
    assertThat(dataRequests(union)).isGreaterThan(before);
    int after = dataRequests(union);
    union.run("cat l; echo more >> l; test $(stat -c %s l) = 14");
    assertThat(dataRequests(union)).isEqualTo(after);
  }

  private static int dataRequests(Union union) throws IOException {
    return (int)
        Files.readString(union.log(), StandardCharsets.ISO_8859_1)
            .lines()
            .filter(line -> line.contains(" READ ") || line.contains(" WRITE "))
            .count();
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.PASSTHROUGH)
  void lowersPassThroughWhereThereIsNoUpper(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount("--ro");

    assertThat(union.run("cat f")).isEqualTo("text");
    assertThat(union.attempt("echo x >> f").err()).contains("Read-only file system");
    assertThat(dataRequests(union)).isZero();
  }

  @MountTest
  void parallelWritersOfALowerFileLeaveItAsItIs(Union union) throws Exception {
    union.layers("lower f file \"0\\n\"").mount();

    union.run(
        "for w in 1 2 3 4 5 6 7 8; do (for i in $(seq 50); do echo $w-$i >> f; done) & done; wait");

    assertThat(union.run("wc -l < f; sort -u f | wc -l")).isEqualTo("401\n401\n");
    assertThat(union.lower().resolve("f")).hasContent("0\n");
  }

  @MountTest
  void openFilesSurviveRenameAndRemoval(Union union) throws Exception {
    union.layers("upper a file \"a\"\nupper b file \"b\"\nlower l file \"l\"").mount();

    assertThat(
            union.run(
                "exec 3<>a 4<>b 5<>l; mv a b; rm l; echo 1 >&3; echo 2 >&4; echo 3 >&5; cat b; ls;"
                    + " cat /proc/self/fd/4 /proc/self/fd/5"))
        .isEqualTo("1\nb\n2\n3\n");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void directIoAndCachedIoSeeTheSame(Union union) throws Exception {
    union.layers("lower x file \"\"").mount();

    assertThat(union.call("direct", "n")).isEqualTo("8192 ddd");
  }

  @MountTest(accounts = Account.ROOT)
  void thousandsOfFilesAreOpenAtOnce(Union union) throws Exception {
    manyFilesAreOpen(union, 2000);
  }

  @Tag("system")
  @MountTest
  void asManyFilesAreOpenAtOnceAsOneProcessMay(Union union) throws Exception {
    manyFilesAreOpen(union, 9000);
  }

  private static void manyFilesAreOpen(Union union, int most) throws Exception {
    union.layers("lower d/x file \"\"").mount();

    assertThat(
            union.run(
                "ulimit -n 10000 2>/dev/null || ulimit -n $(ulimit -Hn); rm d/x;"
                    + " n=$(($(ulimit -n) - 100)); python3 '"
                    + union.calls()
                    + "' many_open d $((n > "
                    + most
                    + " ? "
                    + most
                    + " : n))"))
        .isEqualTo("0 wrong, []\n");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void openNamesOfOneHardLinkAreOneFile(Union union) throws Exception {
    union.layers("lower a file \"old\\n\"\nlower b hardlink \"a\"\nupper u file \"up\\n\"");
    union.incomparable("overlayfs counts names of lower hard links otherwise");
    union.mount();

    assertThat(
            union.run(
                """
                exec 3<a 4<u
                echo new >> b; ln u v; echo new >> v; exec 5<v; rm u; mv v w; echo last >> w; : > x; mv x b
                cat <&3; echo -; cat <&4; echo -; cat <&5; echo -; cat a w
                """))
        .isEqualTo("old\nnew\n-\nup\nnew\nlast\n-\nup\nnew\nlast\n-\nold\nnew\nup\nnew\nlast\n");
  }
}
