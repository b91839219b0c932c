package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;

/*
 * A cluster that was made in a lower. Two loads write at the same time: a writer that notes each row
 * once it is committed, and pgbench, whose tables must add up. fsync and shared memory are as PostgreSQL
 * has them by default.
 */
/** PostgreSQL and the server below it are killed, and what was committed is there. */
@Tag("system")
class PostgresIT {
  private static final long PATIENCE_SECONDS = 120;
  private static final int ENOUGH = 100;

  private static final String ROW =
      "insert into rows select coalesce(max(n), 0) + 1, repeat(md5(random()::text), 60) from rows"
          + " returning n;";

  @MountTest
  void committedRowsSurviveThatPostgresIsKilled(Union union) throws Exception {
    Path bin = cluster(union);
    union.mount();

    Process postgres = start(union, bin);
    List<Process> loads = load(union, bin);
    kill(postgres);
    awaitEnd(loads);
    requireCommitted(union, bin);
  }

  @MountTest
  void committedRowsSurviveThatTheServerIsKilled(Union union) throws Exception {
    Path bin = cluster(union);
    union.mount();

    Process postgres = start(union, bin);
    List<Process> loads = load(union, bin);
    union.server().destroyForcibly();
    Union.await("the server is gone", () -> !union.hasServer());
    kill(postgres);
    awaitEnd(loads);
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
    union.mount();
    requireCommitted(union, bin);
  }

  /* Root cannot be postgres, so it is the user in unions of both. */
  private static Path cluster(Union union) throws IOException, InterruptedException {
    Path bin = Needs.postgres();
    Command.script(
            Account.ROOT,
            "cd '%s'; install -d -m 700 -o %d -g %d lower/data sock; sed 's/^/%s/' < <(yes '' | head -n 20000) > rows.sql"
                .formatted(union.home(), Account.USER.uid(), Account.USER.gid(), ROW))
        .output();
    Path data = union.lower().resolve("data");
    as(bin, "initdb -N -k -A trust -U pg -D '%s'".formatted(data));
    Process postgres = start(union, bin, data);
    as(
        bin,
        "pgbench -h '%s' -U pg -q -i postgres 2>&1; ".formatted(socket(union))
            + psql(
                union, "create table rows(n int primary key, x text); create extension amcheck"));
    stop(postgres);
    return bin;
  }

  private static Path socket(Union union) {
    return union.home().resolve("sock");
  }

  /** The numbers of committed rows. */
  private static Path said(Union union) {
    return union.home().resolve("said");
  }

  private static String psql(Union union, String statements) {
    return "psql -h '%s' -U pg -qAtX postgres -c '%s'".formatted(socket(union), statements);
  }

  private static String as(Path bin, String script) throws IOException, InterruptedException {
    return Command.script(Account.USER, "export PATH=" + bin + ":$PATH; " + script).output();
  }

  private static Process start(Union union, Path bin) throws IOException, InterruptedException {
    return start(union, bin, union.point().resolve("data"));
  }

  private static Process start(Union union, Path bin, Path data)
      throws IOException, InterruptedException {
    Path log = union.home().resolve("postgres.log");
    Process postgres =
        Command.of(
                Account.USER,
                bin.resolve("postgres").toString(),
                "-D",
                data.toString(),
                "-k",
                socket(union).toString(),
                "-c",
                "listen_addresses=")
            .start(log.toFile(), log.toFile());
    as(
        bin,
        "until pg_isready -q -h '%s'; do kill -0 %d; done"
            .formatted(socket(union), postgres.pid()));
    return postgres;
  }

  /** A clean shutdown: what remains is to be checked by others. */
  private static void stop(Process postgres) throws InterruptedException {
    postgres.destroy();
    assertThat(postgres.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    assertThat(postgres.exitValue()).isZero();
  }

  /** The writer and pgbench, with some rows committed. */
  private static List<Process> load(Union union, Path bin)
      throws IOException, InterruptedException {
    Path said = said(union);
    Path bench = union.home().resolve("bench.log");
    Process writer =
        Command.of(
                Account.USER,
                bin.resolve("psql").toString(),
                "-h",
                socket(union).toString(),
                "-U",
                "pg",
                "-qAtX",
                "-v",
                "ON_ERROR_STOP=1",
                "-f",
                union.home().resolve("rows.sql").toString(),
                "postgres")
            .start(said.toFile(), union.home().resolve("writer.err").toFile());
    Process other =
        Command.of(
                Account.USER,
                bin.resolve("pgbench").toString(),
                "-h",
                socket(union).toString(),
                "-U",
                "pg",
                "-n",
                "-c",
                "2",
                "-T",
                Long.toString(PATIENCE_SECONDS),
                "postgres")
            .start(bench.toFile(), bench.toFile());
    Union.await("rows are committed", () -> !writer.isAlive() || rows(said).size() >= ENOUGH);
    assertThat(writer.isAlive() && other.isAlive())
        .as(Files.readString(union.home().resolve("writer.err")) + Files.readString(bench))
        .isTrue();
    return List.of(writer, other);
  }

  private static List<String> rows(Path said) {
    try (Stream<String> lines = Files.lines(said)) {
      return lines.toList();
    } catch (IOException e) {
      throw new AssertionError("cannot be read: " + said, e);
    }
  }

  private static void kill(Process postgres) throws InterruptedException {
    List<ProcessHandle> children = postgres.descendants().toList();
    postgres.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
    assertThat(postgres.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    Union.await("all are gone", () -> children.stream().noneMatch(ProcessHandle::isAlive));
  }

  private static void awaitEnd(List<Process> loads) throws InterruptedException {
    for (Process load : loads) {
      assertThat(load.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
      assertThat(load.exitValue()).isNotZero();
    }
  }

  private static void requireCommitted(Union union, Path bin) throws Exception {
    List<String> committed = rows(said(union));
    String last = committed.get(committed.size() - 1);
    Process postgres = start(union, bin);

    assertThat(as(bin, psql(union, "select count(*) from rows where n <= " + last)))
        .isEqualTo(last + "\n");
    assertThat(
            as(
                bin,
                psql(
                    union,
                    "with sums(s) as (select sum(abalance) from pgbench_accounts"
                        + " union all select sum(tbalance) from pgbench_tellers"
                        + " union all select sum(bbalance) from pgbench_branches"
                        + " union all select sum(delta) from pgbench_history)"
                        + " select count(distinct s) from sums")))
        .isEqualTo("1\n");
    as(bin, psql(union, "vacuum full rows") + ";" + psql(union, "reindex table pgbench_accounts"));
    assertThat(
            as(
                bin,
                "pg_amcheck -h '%s' -U pg --heapallindexed --parent-check postgres 2>&1"
                    .formatted(socket(union))))
        .isEmpty();
    stop(postgres);
    assertThat(as(bin, "pg_checksums -c -D '%s'".formatted(union.point().resolve("data"))))
        .contains("Bad checksums:  0\n");
  }
}
