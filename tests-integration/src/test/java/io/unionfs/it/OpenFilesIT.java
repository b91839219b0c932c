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

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void removedDirectoryCanBeChangedThroughItsDescriptor(Union union) throws Exception {
    union
        .layers(
            """
            lower lower dir
            lower merged dir
            upper merged dir
            upper upper dir
            """)
        .mount();

    assertThat(
            union.run(
                """
                python3 - <<'END'
                import os
                for name in "lower", "merged", "upper":
                    fd = os.open(name, os.O_RDONLY | os.O_DIRECTORY)
                    os.rmdir(name)
                    os.fchmod(fd, 0o711)
                    os.utime(fd, (1, 2))
                    os.setxattr(fd, "user.t", b"v")
                    os.fsync(fd)
                    stat = os.fstat(fd)
                    print(oct(stat.st_mode), stat.st_mtime, os.getxattr(fd, "user.t"), os.listdir(fd))
                    try:
                        os.mkdir("below", dir_fd=fd)
                    except FileNotFoundError:
                        print("nothing can be made in it")
                END
                ls -A"""))
        .isEqualTo("0o40711 2.0 b'v' []\nnothing can be made in it\n".repeat(3));
    union.remount();
    assertThat(union.run("ls -A")).isEmpty();
    assertThat(Command.script(Account.ROOT, "ls -A '" + union.work() + "/work'").output())
        .isEmpty();
  }

  @MountTest
  void nothingHiddenStaysAfterRemovedFilesAreClosed(Union union) throws Exception {
    union.layers("lower x file \"\"").mount();

    union.run("for i in $(seq 50); do echo $i > f$i; exec 3<f$i; rm f$i; exec 3<&-; done");

    assertThat(union.run("ls -A")).isEqualTo("x\n");
    assertThat(Command.script(Account.ROOT, "ls -A '" + union.upper() + "'").output()).isEmpty();
  }

  @MountTest
  void openFilesAreUsedAfterTheirDirectoryCannotBeSearched(Union union) throws Exception {
    union
        .layers(
            """
            upper d/f file "upper"
            upper d/g file "upper"
            lower d/h file "lower"
            """)
        .mount();

    assertThat(
            union.run(
                """
                python3 - <<'END'
                import os
                files = [os.open("d/" + name, os.O_RDWR) for name in "fgh"]
                for fd in files:
                    os.pwrite(fd, b"WR", 0)
                os.chmod("d", 0o600)
                for fd in files:
                    os.fsync(fd)
                    os.pwrite(fd, b"ITTEN, and more", 2)
                    os.ftruncate(fd, 7)
                    os.fchmod(fd, 0o640)
                    os.setxattr(fd, "user.t", b"v")
                    os.utime(fd, (1, 2))
                    os.fsync(fd)
                    print(oct(os.fstat(fd).st_mode), os.pread(fd, 100, 0))
                os.chmod("d", 0o000)
                os.pwrite(files[0], b"w", 0)
                for fd in files:
                    os.fsync(fd)
                    os.close(fd)
                print(oct(os.stat("d").st_mode))
                os.chmod("d", 0o755)
                END
                """))
        .isEqualTo(
            """
            0o100640 b'WRITTEN'
            0o100640 b'WRITTEN'
            0o100640 b'WRITTEN'
            0o40000
            """);
    union.remount();
    assertThat(
            union.run("cd d; cat f g h; stat -c '%n %a' f g h; getfattr --only-values -n user.t f"))
        .isEqualTo("wRITTENWRITTENWRITTENf 640\ng 640\nh 640\nv");
  }
}
