package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import io.unionfs.control.MountStatistics;
import io.unionfs.control.StatisticsReader;
import io.unionfs.statistics.CopiedFile;
import io.unionfs.statistics.OperationFigures;
import java.util.function.Predicate;

/** {@code unionfs stats}. */
class StatsIT {
  private static MountStatistics stats(Union union) throws Exception {
    return StatisticsReader.read(
        Command.of(Account.ROOT, Tool.unionfs(), "stats", "--json", union.point().toString())
            .output());
  }

  private static OperationFigures operation(MountStatistics stats, String name) {
    return stats.operations().stream()
        .filter(operation -> operation.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + name + ": " + stats.operations()));
  }

  @MountTest(accounts = Account.ROOT)
  void requestsAreCountedAndTimed(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();
    union.run("cat f; for i in $(seq 20); do test -e no-$i || :; done");

    MountStatistics first = stats(union);
    union.run("for i in $(seq 20 40); do test -e no-$i || :; done");
    MountStatistics second = stats(union);

    OperationFigures lookups = operation(second, "LOOKUP");
    assertThat(first.transport()).isEqualTo(union.variant().isKernel() ? "kernel" : "jnr-fuse");
    assertThat(operation(first, "LOOKUP").requests()).isGreaterThanOrEqualTo(20);
    assertThat(operation(first, "LOOKUP").latency().count()).isPositive();
    assertThat(lookups.latency().since(operation(first, "LOOKUP").latency()).count())
        .isEqualTo(lookups.requests() - operation(first, "LOOKUP").requests());
    assertThat(lookups.latency().percentileNanos(0.5)).isPositive();
    assertThat(second.nodes()).isPositive();
    assertThat(second.knownNodes() >= 0).isEqualTo(union.variant().isKernel());
    assertThat(second.resources().descriptors())
        .isBetween(10L, second.resources().mostDescriptors());
    assertThat(second.resources().residentBytes()).isGreaterThan(10 << 20);
    assertThat(second.caches()).extracting("name").contains("names", "lowers", "descriptors");
  }

  @MountTest(accounts = Account.ROOT)
  void copyUpsAreShownWithTheProgramThatCausedThem(Union union) throws Exception {
    union
        .layers(
            """
            lower d/small file "text"
            lower d/large file "longer text"
            """)
        .mount();
    union.run("chmod 600 d/small && truncate -s 5 d/large");

    MountStatistics stats = stats(union);

    assertThat(stats.copyUps().files()).isEqualTo(2);
    assertThat(stats.copyUps().directories()).isEqualTo(1);
    assertThat(stats.copyUps().bytes()).isEqualTo(9);
    assertThat(stats.copyUps().top())
        .extracting(CopiedFile::path, file -> file.program().toString())
        .containsExactly(tuple("/d/large", "truncate"), tuple("/d/small", "chmod"));
    Predicate<String> shown = line -> line.startsWith("truncate") && line.endsWith("/d/large");
    assertThat(
            Command.of(Account.ROOT, Tool.unionfs(), "stats", union.point().toString())
                .output()
                .lines()
                .anyMatch(shown))
        .isTrue();
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void whoWroteIsKnownAlsoWhenTheKernelWritesBackLater(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();
    stats(union); // somebody looks

    union.run("perl -e 'open(my $f, q(>>), q(f)) or die; print $f q(more)' && sync f");

    assertThat(stats(union).copyUps().top())
        .extracting(file -> file.program().toString())
        .containsExactly("perl");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void watchingEndsWithTheReader(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();
    String watch =
        Tool.unionfs()
            + " stats --watch --interval 0.1 '"
            + union.point()
            + "' 2>&1 | head -c 3000";

    assertThat(Command.script(Account.ROOT, watch).output())
        .contains("OPERATION")
        .contains("mounted");
    assertThat(Command.script(Account.ROOT, Tool.unionfs() + " stats / || echo $?").output())
        .endsWith("1\n");
    assertThat(
            Command.script(Account.ROOT, Tool.unionfs() + " stats --interval 0 / || echo $?")
                .output())
        .endsWith("2\n");
  }
}
