package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** The mount program as container engines call it: what they rely on, call by call. */
class EngineIT {
  private static final String FUSE_MAGIC = "65735546";

  private static String options(Union union) {
    return "lowerdir="
        + union.lowerOption()
        + ",upperdir="
        + union.upper()
        + ",workdir="
        + union.work();
  }

  private static Command.Result call(Union union, String options, Path point) throws Exception {
    List<String> line = new java.util.ArrayList<>(union.bareCommand());
    line.addAll(List.of("-o", options, point.toString()));
    return Command.of(union.account(), line.toArray(String[]::new)).run();
  }

  private static Path directory(Union union, String name) throws Exception {
    Path made = union.home().resolve(name);
    Command.of(union.account(), "mkdir", made.toString()).output();
    return made;
  }

  private static void detach(Union union, Path point) throws Exception {
    if (union.isRoot()) {
      Command.of(Account.ROOT, "umount", "-il", point.toString()).output();
    } else {
      Command.of(Account.USER, "fusermount3", "-uz", point.toString()).output();
    }
  }

  @MountTest
  void mountIsUsableAndKnownByItsMagicWhenTheCallReturns(Union union) throws Exception {
    union.layers("lower f file \"text\"");

    String said =
        Command.script(
                union.account(),
                "%s -o '%s' '%s' < /dev/null > /dev/null; stat -f -c %%t '%s'; cat '%s/f'"
                    .formatted(
                        String.join(" ", union.bareCommand()),
                        options(union),
                        union.point(),
                        union.point(),
                        union.point()))
            .output();

    assertThat(said).isEqualTo(FUSE_MAGIC + "\ntext");
    assertThat(Command.of(union.account(), Tool.mount(), "--version").output())
        .startsWith("unionfs ");
    union.unmount();
  }

  /* An engine waits for the end of the pipe that it reads errors from. */
  @MountTest
  void serverHasASessionOfItsOwnAndNothingOfItsCaller(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    Path pipe = union.home().resolve("pipe");
    Command.script(
            union.account(),
            "cd '%s'; mkfifo pipe; cat pipe > said & exec 7> pipe 8< lower/f; %s -o '%s' mnt 2>&7; exec 7>&-; wait"
                .formatted(union.home(), String.join(" ", union.bareCommand()), options(union)))
        .output();

    Path server = Path.of("/proc/" + serverIn(union).pid());
    String stat = Files.readString(server.resolve("stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    assertThat(fields[3]).as("session").isEqualTo(String.valueOf(server.getFileName()));
    try (var open = Files.list(server.resolve("fd"))) {
      for (Path fd : open.toList()) {
        Path target = Files.readSymbolicLink(fd);
        int number = Integer.parseInt(String.valueOf(fd.getFileName()));
        if (number <= 2) {
          assertThat(target).isEqualTo(Path.of("/dev/null"));
        }
        assertThat(target).isNotEqualTo(pipe).isNotEqualTo(union.lower().resolve("f"));
      }
    }
    union.unmount();
  }

  private static ProcessHandle serverIn(Union union) {
    return ProcessHandle.allProcesses()
        .filter(process -> startedIn(process.pid(), union.home()))
        .findFirst()
        .orElseThrow();
  }

  private static boolean startedIn(long pid, Path home) {
    try {
      return Files.readString(
              Path.of("/proc/" + pid + "/cmdline"), java.nio.charset.StandardCharsets.ISO_8859_1)
          .contains("-Dunionfs.startedIn=" + home + "\0");
    } catch (java.io.IOException e) {
      return false; // ended meanwhile
    }
  }

  /* podman detaches mounts with mapped ids, and makes its short links anew, while containers run. */
  @MountTest
  void layersAreUsedAfterTheirPathsAreGone(Union union) throws Exception {
    union.layers("lower d/f file \"text\"\nlower d/g file \"text\"\nlower2 e/h file \"deep\"");
    union.incomparable("the lowers have moved");
    Path links = directory(union, "l");
    Command.script(union.account(), "cd '%s'; ln -s ../lower A; ln -s ../lower2 B".formatted(links))
        .output();
    String lowers = links + "/A:" + links + "/B";
    Path bound = directory(union, "bound");
    if (union.isRoot()) {
      Command.of(Account.ROOT, "mount", "--bind", union.home() + "/lower2", bound.toString())
          .output();
      lowers = links + "/A:" + bound;
    }
    String layers = ",upperdir=" + union.upper() + ",workdir=" + union.work();
    call(union, "lowerdir=" + lowers + layers, union.point()).expectSuccess();

    Command.script(
            Account.ROOT,
            "cd '%s'; %s rm l/A l/B; mv lower moved; mv lower2 moved2; mv upper moved-upper"
                .formatted(union.home(), union.isRoot() ? "umount -l bound;" : ""))
        .output();

    assertThat(union.run("cat d/f e/h; echo more >> d/f; rm d/g; touch e/n; cat d/f; ls d e"))
        .isEqualTo("textdeeptextmore\nd:\nf\n\ne:\nh\nn\n");
    assertThat(Command.of(Account.ROOT, "ls", union.home() + "/moved-upper/e").output())
        .isEqualTo("n\n");
    union.unmount();
    Command.script(
            Account.ROOT, "cd '%s'; mv moved-upper upper; mv moved lower".formatted(union.home()))
        .output();
  }

  /* Without waiting for the server, engines read, rename and remove what it served. */
  @MountTest
  void everythingIsInTheUpperWhenUnmountReturnsAndNothingComesBack(Union union) throws Exception {
    union.layers("lower d/f file \"text\"\nlower d/g file \"gone\"");
    for (int round = 0; round < 5; round++) {
      Path layer = directory(union, "layer" + round);
      Path diff = directory(union, "layer" + round + "/diff");
      Path work = directory(union, "layer" + round + "/work");
      Path merged = directory(union, "layer" + round + "/merged");
      String layers =
          "lowerdir=%s,upperdir=%s,workdir=%s,,volatile".formatted(union.lower(), diff, work);
      call(union, layers, merged).expectSuccess();
      Command.script(
              union.account(),
              "for i in $(seq 200); do echo $i > n$i; done; head -c 3000000 /dev/zero > big;"
                  + " echo more >> d/f; rm d/g; mv n1 d/m")
          .in(merged)
          .output();

      detach(union, merged);
      String found =
          Command.script(
                  Account.ROOT,
                  "cd '%s'; cat d/f; stat -c %%s big; ls | wc -l; cat d/m n200; cd ..; mv diff taken; rm -rf work taken merged; cd ..; rmdir layer%d"
                      .formatted(diff, round))
              .output();

      assertThat(found).isEqualTo("textmore\n3000000\n201\n1\n200\n");
      Union.await("the server ends", () -> !serves(merged));
      assertThat(Files.exists(layer)).isFalse();
    }
  }

  private static boolean serves(Path point) {
    return ProcessHandle.allProcesses()
        .anyMatch(process -> endsWith(process.pid(), "\0" + point + "\0"));
  }

  private static boolean endsWith(long pid, String end) {
    try {
      return Files.readString(
              Path.of("/proc/" + pid + "/cmdline"), java.nio.charset.StandardCharsets.ISO_8859_1)
          .endsWith(end);
    } catch (java.io.IOException e) {
      return false; // ended meanwhile
    }
  }

  /* podman diff compares what lstat(2) and listxattr(2) say in a container and in its image. */
  @MountTest
  void whatIsUnmodifiedIsTheSameInTheContainerAndInItsImage(Union union) throws Exception {
    union.layers(
        """
        lower a/f file "text"
        lower a/g file "text"
        lower b/c/d file "text"
        lower2 a/f file "below"
        lower2 a/h file "text"
        """);
    union.incomparable("two unions are compared");
    Command.script(
            union.account(),
            "cd '%s'; ln a/g a/hard; ln -s f a/l; mkfifo -m 600 a/p; setfattr -n user.x -v '1' a/f; chmod 2750 b;"
                    .formatted(union.lower())
                + " touch -d '2001-02-03 04:05:06.123456789' a/f b/c ../lower2/a/h a")
        .output();
    if (union.isRoot()) {
      Command.script(
              Account.ROOT,
              "cd '%s'; chown 7:8 a/h; setcap cap_net_raw+ep a/h; mknod -m 600 null c 1 3"
                  .formatted(union.home() + "/lower2"))
          .output();
    }
    call(union, options(union), union.point()).expectSuccess();
    Path image = directory(union, "image");
    call(union, "lowerdir=" + union.lowerOption(), image).expectSuccess();
    try {
      union.run("echo more >> a/g; rm b/c/d; mkdir n; cat a/f");
      String seen =
          """
          import os
          changed = ("./a/g", "./a/hard", "./b/c", "./b/c/d", "./n")
          for top, names, files in os.walk("."):
              for entry in os.scandir(top):
                  assert entry.inode() != 0, entry
                  if entry.path in changed:
                      continue
                  s = os.lstat(entry.path)
                  names = os.listxattr(entry.path, follow_symlinks=False)
                  xattrs = [(n, os.getxattr(entry.path, n, follow_symlinks=False)) for n in sorted(names)]
                  print(entry.path, s.st_mode, s.st_uid, s.st_gid, s.st_rdev, s.st_size, s.st_mtime_ns, xattrs)
          """;
      Command.Result container =
          Command.of(union.account(), "python3", "-c", seen)
              .in(union.point())
              .run()
              .expectSuccess();
      Command.Result parent =
          Command.of(union.account(), "python3", "-c", seen).in(image).run().expectSuccess();

      assertThat(container.out().lines().sorted().toList())
          .isEqualTo(parent.out().lines().sorted().toList());
      assertThat(container.out())
          .contains("user.x")
          .doesNotContain("overlay")
          .contains("123456789");
      assertThat(container.out().contains("security.capability")).isEqualTo(union.isRoot());
      String device = "stat -c %d '" + union.point() + "' '" + image + "' | sort -u | wc -l";
      assertThat(Command.script(union.account(), device).output()).isEqualTo("2\n");
    } finally {
      detach(union, image);
    }
    union.unmount();
  }

  @MountTest
  void wordsOfStorageConfAndLabelsAreNoObstacle(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    String more =
        ",,fsync=0,static_nlink,xino=auto,metacopy=on,index=off,timeout=60,threaded=1,plugins=a:b,"
            + "context=\"system_u:object_r:container_file_t:s0:c1,c2\",frobnicate,";

    Command.Result said = call(union, options(union) + more, union.point());

    assertThat(said.status()).isZero();
    assertThat(said.err().lines().map(line -> line.toLowerCase(Locale.ROOT)))
        .allMatch(line -> line.startsWith("unionfs-mount: warning: "))
        .anyMatch(line -> line.contains("frobnicate"))
        .noneMatch(line -> line.contains("c2"));
    assertThat(union.run("cat f; stat -c %h .")).isEqualTo("text1\n");
    union.unmount();
  }
}
