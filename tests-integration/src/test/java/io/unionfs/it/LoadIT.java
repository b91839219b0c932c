package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;

/** Loads of Debian's packages that verify what they read. */
@Tag("system")
class LoadIT {
  @MountTest(accounts = Account.ROOT)
  void fileServerLoadRunsWithoutErrors(Union union) throws Exception {
    union.mount();

    String said =
        union.run("dbench -D . -c /usr/share/dbench/client.txt -t 5 5 2>&1; rm -rf clients; ls -A");

    assertThat(said).contains("Throughput");
    // it also says that it does without a semaphore, and how
    assertThat(said.lines().filter(line -> line.contains("failed") && !line.contains("semaphore")))
        .isEmpty();
  }

  @MountTest(accounts = Account.ROOT)
  void checksummedBlocksAreReadBackFromNewAndCopiedUpFiles(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; for f in psync mmap direct; do"
                + " head -c 2M /dev/urandom > lower-$f; done")
        .output();
    union.mount();

    union.run(
        "check() { fio --name=check --verify=crc32c --verify_fatal=1 --do_verify=1 --verify_state_save=0 --size=2M --bs=4k"
            + " --rw=randwrite --minimal --filename=\"$@\"; };"
            + " for where in lower upper; do"
            + " check $where-psync --ioengine=psync; check $where-mmap --ioengine=mmap;"
            + " check $where-direct --ioengine=psync --direct=1; done");

    assertThat(union.run("stat -c '%n %s' *"))
        .isEqualTo(
            """
            lower-direct 2097152
            lower-mmap 2097152
            lower-psync 2097152
            upper-direct 2097152
            upper-mmap 2097152
            upper-psync 2097152
            """);
  }
}
