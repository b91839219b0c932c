package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code unionfs discard} in live mounts. */
class DiscardIT {
  private static final String LAYERS =
      """
      lower   f         file "lower"
      lower   d/x       file "x"
      lower2  d/deep/c  file "c"
      lower   o/z       file "z"
      lower   gone/y    file "y"
      lower   link      symlink f
      lower2  h1        file "linked"
      """;

  private static Path runtime(Union union) {
    return union.home().resolve("run");
  }

  private static Command.Result tool(Union union, String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of("env", "XDG_RUNTIME_DIR=" + runtime(union)));
    line.add(Tool.unionfs());
    line.addAll(List.of(words));
    return Command.of(union.account(), line.toArray(String[]::new)).in(union.home()).run();
  }

  private static void mount(Union union, String... more) throws Exception {
    if (!Files.exists(runtime(union))) {
      Command.of(union.account(), "mkdir", "-m", "700", runtime(union).toString()).output();
    }
    union.environment("XDG_RUNTIME_DIR", runtime(union).toString());
    union.mount(more);
  }

  private static void discardAll(Union union) throws Exception {
    tool(union, "discard", "--yes", union.point().toString()).expectSuccess();
  }

  private static String tree(Union union) throws Exception {
    return union.run(
        "find . -mindepth 1 -printf '%p %i %M %s %T@ %l %n\\n' | sort; find . -type f | sort | xargs cat");
  }

  private static void assertHealthy(Union union) throws Exception {
    Command.Result said =
        tool(
            union,
            "fsck",
            "--lower",
            union.lowerOption(),
            "--upper",
            union.upper().toString(),
            "--work",
            union.work().toString());
    assertThat(said.status()).as(said.out() + said.err()).isZero();
    assertThat(said.out()).contains("0 errors, 0 warnings, 0 notes");
  }

  private static String script(Union union) throws IOException {
    Path script = union.home().resolve("discard.py");
    try (InputStream source = DiscardIT.class.getResourceAsStream("/discard.py")) {
      if (source == null) {
        throw new IOException("discard.py is missing");
      }
      Files.copy(source, script);
    }
    return script.toString();
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void everythingIsAsInTheLowersWhileItIsInUse(Union union) throws Exception {
    union.layers(LAYERS);
    Path h1 = union.home().resolve("lower2/h1");
    Files.createLink(h1.resolveSibling("h2"), h1);
    mount(union);
    String before = tree(union);

    Command.of(
            union.account(),
            "env",
            "XDG_RUNTIME_DIR=" + runtime(union),
            "/usr/bin/python3",
            script(union),
            Tool.unionfs())
        .in(union.point())
        .run()
        .expectSuccess();

    union.unmount();
    try (var left = Files.list(union.upper())) {
      assertThat(left).isEmpty();
    }
    assertHealthy(union);
    mount(union);
    assertThat(tree(union)).isEqualTo(before);
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void programsThatGoOnWritingLoseWhatTheyWroteAndNothingElse(Union union) throws Exception {
    union.layers(LAYERS);
    mount(union);
    String before = tree(union);
    String loops =
        """
        export XDG_RUNTIME_DIR='%s'
        work() {
          while [ ! -e ../stop ]; do
            echo $1 > d/deep/$1; echo more >> f; mkdir -p d/new$1/a; mv d/deep/$1 d/new$1/a/f
            ln d/new$1/a/f d/l$1; rm -rf d/new$1 d/l$1; rm -f d/x o/z; echo $1 > o/z
            chmod 70$1 d/deep; touch d; ls -lR . ; cat d/x
          done
        }
        for i in 1 2 3; do work $i > /dev/null 2>> ../errors & done
        for i in $(seq 12); do '%s' discard --yes . > /dev/null || echo failed; done
        touch ../stop; wait
        """
            .formatted(runtime(union), Tool.unionfs());

    assertThat(union.run(loops)).isEmpty();

    List<String> told =
        Files.readAllLines(union.home().resolve("errors")).stream()
            .filter(line -> !line.contains("No such file or directory"))
            .filter(line -> !line.contains("File exists"))
            .filter(line -> !line.contains("Directory not empty"))
            .filter(line -> !line.isBlank()) // two shells that write a line in parts
            .toList();
    assertThat(told).isEmpty();
    discardAll(union);
    assertThat(tree(union)).isEqualTo(before);
    union.unmount();
    assertHealthy(union);
    mount(union);
    assertThat(tree(union)).isEqualTo(before);
  }

  @MountTest(variants = Variant.KERNEL)
  void killedServerLeavesEachPathAsItWasOrAsInTheLowers(Union union) throws Exception {
    union.layers(LAYERS);
    mount(union);
    String before = tree(union);
    int paths = 30;
    union.run(
        "for i in $(seq "
            + paths
            + "); do mkdir -p t$i/a; touch t$i/a/{1..100}; done; rm f; sync .");
    List<String> words = new ArrayList<>(List.of("env", "XDG_RUNTIME_DIR=" + runtime(union)));
    words.addAll(List.of(Tool.unionfs(), "discard", "--yes", union.point() + "/f"));
    for (int i = 1; i <= paths; i++) {
      words.add(union.point() + "/t" + i);
    }
    ProcessHandle server = union.server();
    Path out = union.home().resolve("out");
    Process discarding =
        Command.of(union.account(), words.toArray(String[]::new)).start(out.toFile(), out.toFile());
    Union.await("a path goes", () -> !Files.exists(union.upper().resolve("t1")));
    server.destroyForcibly();
    discarding.waitFor();
    Union.await("the server ends", () -> !union.hasServer());
    Command.of(Account.ROOT, "umount", "-l", union.point().toString()).run().expectSuccess();

    mount(union);

    String trees =
        union.run("for t in t*; do [ -d $t ] || continue; find $t | wc -l; done | sort -u");
    assertThat(trees).isIn("", "102\n");
    discardAll(union);
    assertThat(tree(union)).isEqualTo(before);
    union.unmount();
    assertHealthy(union);
    mount(union);
  }

  @MountTest(variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void whatCannotBeThrownAwayIsRefusedWithNothingChanged(Union union) throws Exception {
    union.layers(LAYERS);
    mount(union);
    union.run("echo more >> f; mv d/x y");
    String before = tree(union);
    String point = union.point().toString();

    assertThat(tool(union, "discard", "--dry-run", point + "/f").out())
        .isEqualTo("M f  (content)\n");
    Command.Result half = tool(union, "discard", "--yes", point + "/y");
    assertThat(half.status()).isEqualTo(1);
    Command.Result asked = tool(union, "discard", point + "/f");
    assertThat(asked.status()).isEqualTo(1);
    if (union.variant().isKernel()) {
      assertThat(asked.err()).contains("say --yes");
    } else {
      assertThat(half.err()).contains("libfuse 2 cannot tell the kernel");
      assertThat(asked.err()).contains("--transport=kernel");
    }

    assertThat(tree(union)).isEqualTo(before);
  }

  /* The kernel would unmount it without a word. */
  @MountTest(variants = Variant.KERNEL, accounts = Account.ROOT)
  void whatSomethingIsMountedOnIsNotThrownAway(Union union) throws Exception {
    union.layers(LAYERS);
    mount(union);
    Path other = Files.writeString(union.home().resolve("other"), "other");
    union.run("echo more >> f; mkdir -p new/sub; touch new/sub/g o/more; rm gone/y");
    String point = union.point().toString();
    List<String> mounted = List.of(point + "/f", point + "/new/sub/g", point + "/o/z");
    for (String each : mounted) {
      Command.of(Account.ROOT, "mount", "--bind", other.toString(), each).run().expectSuccess();
    }
    try {
      for (String path : List.of("", "/new", "/new/sub")) {
        Command.Result said = tool(union, "discard", "--yes", point + path);
        assertThat(said.status()).isEqualTo(1);
        assertThat(said.err())
            .contains(path.startsWith("/new") ? point + "/new/sub/g" : point + "/f")
            .contains("unmount it first");
      }
      Command.Result itself = tool(union, "discard", "--yes", point + "/f");
      assertThat(itself.status()).isEqualTo(1);
      assertThat(itself.err()).contains("not in a mounted union");
      tool(union, "discard", "--yes", point + "/o", point + "/gone").expectSuccess();

      assertThat(union.run("ls o; cat gone/y f new/sub/g o/z")).isEqualTo("z\nyotherotherother");
    } finally {
      for (String each : mounted) {
        Command.of(Account.ROOT, "umount", each).run().expectSuccess();
      }
    }
    discardAll(union);
    assertThat(union.run("cat f; ls")).isEqualTo("lowerd\nf\ngone\nh1\nlink\no\n");
  }

  /* They lead to another file, so the kernel would unmount what is there as well. */
  @MountTest(variants = Variant.KERNEL, accounts = Account.ROOT)
  void whatSomethingIsMountedOnUnderAnotherNameIsNotThrownAway(Union union) throws Exception {
    union.layers(LAYERS);
    Path h1 = union.home().resolve("lower2/h1");
    Files.createLink(h1.resolveSibling("h2"), h1);
    mount(union);
    Path other = Files.writeString(union.home().resolve("other"), "other");
    union.run("echo more >> h1; cat h2; echo more >> f");
    String point = union.point().toString();
    Command.of(Account.ROOT, "mount", "--bind", other.toString(), point + "/h2")
        .run()
        .expectSuccess();
    try {
      Command.Result said = tool(union, "discard", "--yes", point + "/h1");
      assertThat(said.status()).isEqualTo(1);
      assertThat(said.err()).contains(point + "/h2").contains("unmount it first");
      tool(union, "discard", "--yes", point + "/f").expectSuccess();

      assertThat(union.run("cat h1 h2 f")).isEqualTo("linkedmore\notherlower");
    } finally {
      Command.of(Account.ROOT, "umount", point + "/h2").run().expectSuccess();
    }
    discardAll(union);
    assertThat(union.run("cat h1 h2 f")).isEqualTo("linkedlinkedlower");
  }

  /* A plain user may not read the marks of such a file, and a rename by it is not to be told from a new file. */
  @MountTest(variants = Variant.KERNEL)
  void unreadableFileElsewhereDoesNotMatter(Union union) throws Exception {
    union.layers(LAYERS);
    mount(union);
    union.run("echo more >> f; echo x > n; chmod 000 n d/x");

    tool(union, "discard", "--yes", union.point() + "/f").expectSuccess();

    assertThat(union.run("cat f; ls -l n | cut -c1-10")).isEqualTo("lower----------\n");
    union.run("chmod 644 n d/x"); // who compares the tree at the end reads them
  }

  /* What a hostile client of the control socket says. */
  @MountTest(variants = Variant.KERNEL)
  void pathThatNoFileCanHaveIsRefused(Union union) throws Exception {
    union.layers(LAYERS);
    mount(union);
    union.run("echo more >> f; echo x > f2");
    String before = tree(union);
    String client =
        """
        import glob, json, socket, sys
        for path in ["f\\0x", "f\\0", "", "/", "/f", "..", "d/../f", "x" * 256, "f/" + "x" * 5000]:
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(glob.glob(sys.argv[1] + "/unionfs/*.sock")[0])
                s.sendall(json.dumps({"discard": [{"path": path}]}).encode() + b"\\n")
                print(json.loads(s.makefile().readline())["error"])
        """;

    List<String> said =
        Command.of(union.account(), "/usr/bin/python3", "-c", client, runtime(union).toString())
            .output()
            .lines()
            .toList();

    assertThat(said).hasSize(9);
    assertThat(said.subList(0, 2)).allMatch(each -> each.contains("NUL"));
    assertThat(said.get(2)).contains("empty path");
    assertThat(said.subList(3, 5)).allMatch(each -> each.contains("not relative"));
    assertThat(said.subList(5, 7)).allMatch(each -> each.contains("'..'"));
    assertThat(said.subList(7, 9)).allMatch(each -> each.contains("at most 255 bytes"));
    Command.Result empty = tool(union, "discard", "--yes", "");
    assertThat(empty.status()).isNotZero();
    assertThat(empty.err()).contains("empty path");
    assertThat(tree(union)).isEqualTo(before);
  }

  @MountTest(variants = Variant.KERNEL)
  void readOnlyUnionIsLeftAlone(Union union) throws Exception {
    union.layers(LAYERS + "upper f file \"upper\"");
    mount(union, "-o", "ro");

    Command.Result said = tool(union, "discard", "--yes", union.point().toString());

    assertThat(said.status()).isEqualTo(1);
    assertThat(said.err()).contains("read-only");
    assertThat(union.run("cat f")).isEqualTo("upper");
  }
}
