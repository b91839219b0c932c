package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

class OpenFilesIT {
  @MountTest
  void removedFileLivesUntilItIsClosed(Union union) throws Exception {
    union.layers("lower l file \"lower\"").mount();

    union.run("echo upper > u; exec 3<>u 4<>l; rm u l; ls -A");
    assertThat(
            union.run(
                "echo upper > u; exec 3<>u; rm u; cat <&3; echo more >&3; stat -L -c '%h %s'"
                    + " /proc/self/fd/3; chmod 600 /proc/self/fd/3; stat -L -c %a /proc/self/fd/3;"
                    + " truncate -s 3 /proc/self/fd/3; stat -L -c %s /proc/self/fd/3; ls -A"))
        .isEqualTo("upper\n0 11\n600\n3\n");
  }

  @MountTest
  void removedLowerFileCanBeChangedThroughItsDescriptor(Union union) throws Exception {
    union.layers("lower f file \"lower\"").mount();

    assertThat(
            union.run(
                "exec 3<>f; rm f; cat <&3; printf more >&3; stat -L -c '%h %s' /proc/self/fd/3;"
                    + " chmod 640 /proc/self/fd/3; stat -L -c %a /proc/self/fd/3; ls -A"))
        .isEqualTo("lower0 9\n640\n");
    union.remount();
    assertThat(union.run("ls -A")).isEmpty();
  }

  @MountTest
  void directoryOfARemovedOpenFileCanBeRemoved(Union union) throws Exception {
    union.layers("lower x file \"\"").mount();

    assertThat(union.run("mkdir d; echo t > d/f; exec 3<d/f; rm d/f; rmdir d; cat <&3; ls -A"))
        .isEqualTo("t\nx\n");
  }

  @MountTest
  void nothingHiddenStaysAfterRemovedFilesAreClosed(Union union) throws Exception {
    union.layers("lower x file \"\"").mount();

    union.run("for i in $(seq 50); do echo $i > f$i; exec 3<f$i; rm f$i; exec 3<&-; done");

    assertThat(union.run("ls -A")).isEqualTo("x\n");
    assertThat(Command.script(Account.ROOT, "ls -A '" + union.upper() + "'").output()).isEmpty();
  }
}
