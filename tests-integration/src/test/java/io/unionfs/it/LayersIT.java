package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The commands that look into layers, on live mounts and after them. */
class LayersIT {
  private static Command.Result tool(Union union, String... words) throws Exception {
    List<String> line = new ArrayList<>(List.of("env", "XDG_RUNTIME_DIR=" + runtime(union)));
    line.add(Tool.unionfs());
    line.addAll(List.of(words));
    return Command.of(union.account(), line.toArray(String[]::new)).in(union.home()).run();
  }

  /* Where the control socket of a plain user's mount is made, too. */
  private static Path runtime(Union union) {
    return union.home().resolve("run");
  }

  private static void mount(Union union) throws Exception {
    if (!Files.exists(runtime(union))) {
      Command.of(union.account(), "mkdir", "-m", "700", runtime(union).toString()).output();
    }
    union.environment("XDG_RUNTIME_DIR", runtime(union).toString());
    union.mount();
  }

  private static String out(Union union, String... words) throws Exception {
    Command.Result said = tool(union, words);
    assertThat(said.status()).as(said.err()).isZero();
    return said.out();
  }

  private static String[] layers(Union union, String... words) {
    List<String> line = new ArrayList<>(List.of(words));
    line.addAll(List.of("--lower", union.lowerOption()));
    line.addAll(List.of("--upper", union.upper().toString(), "--work", union.work().toString()));
    return line.toArray(String[]::new);
  }

  @MountTest
  void diffOfALiveMountHasWhatProgramsHaveJustWritten(Union union) throws Exception {
    union.layers(
        """
        lower  f       file "text"
        lower  d/x     file "text"
        lower  old     file "text"
        lower  gone/y  file "text"
        """);
    mount(union);

    union.run("echo more >> f; chmod 600 d/x; mv old new; rm -r gone; : > $'a\\xff'");

    assertThat(out(union, "diff", union.point().toString()))
        .isEqualTo("A a\\377\nM d/x  (mode)\nM f  (content)\nD gone/\nR old -> new\n");
    assertThat(out(union, "diff", "--json", union.point().toString()))
        .contains("\"path\":\"a\\\\377\",\"pathBytes\":\"Yf8=\"");
    assertThat(out(union, "diff", "--content", union.point().toString()))
        .contains("-text\n\\ No newline at end of file\n+textmore\n");
    union.unmount();
    assertThat(tool(union, layers(union, "diff")).out())
        .isEqualTo("A a\\377\nM d/x  (mode)\nM f  (content)\nD gone/\nR old -> new\n");
  }

  @MountTest
  void fileThatWasWrittenWithWhatItHadIsNoChangeWhenItIsRead(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    mount(union);

    union.run("printf text > f");

    assertThat(out(union, "diff", union.point().toString())).isEqualTo("M f  (content)\n");
    assertThat(out(union, "diff", "--content", union.point().toString())).isEmpty();
  }

  @MountTest
  void whichTellsTheLayersOfPathsInAMount(Union union) throws Exception {
    union.layers(
        """
        lower   f       file "text"
        lower2  f       file "older"
        lower2  gone/y  file "text"
        """);
    mount(union);

    union.run("echo more >> f; rm -r gone; ln -s f link");

    String point = union.point().toString();
    assertThat(out(union, "which", point + "/f"))
        .contains("f: file\n  upper    provides  file")
        .contains("lower 1  hidden    file")
        .contains("lower 2  hidden    file")
        .contains("copied up from lower 1, f");
    assertThat(out(union, "which", point + "/link")).contains("link: symlink\n  upper");
    assertThat(tool(union, "which", point + "/gone/y").out())
        .contains("gone/y: deleted\n")
        .contains("hides")
        .contains("lower 2  hidden  file");
    assertThat(out(union, "which", "-r", point)).contains("copied up    f  (hides lower 1");
    Command.Result outside = tool(union, "which", union.home().toString());
    assertThat(outside.status()).isEqualTo(1);
    assertThat(outside.err()).contains("not in a mounted union");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void lowerThatTheUnionIsMountedOnIsFoundThroughTheServer(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    String lower = union.lower().toString();
    String upper = union.upper().toString();
    Files.createDirectory(runtime(union));
    Command.of(
            Account.ROOT,
            "env",
            "XDG_RUNTIME_DIR=" + runtime(union),
            Tool.mount(),
            "--lower",
            lower,
            "--upper",
            upper,
            "--work",
            union.work().toString(),
            lower)
        .run()
        .expectSuccess();
    try {
      Files.writeString(Path.of(lower, "g"), "new");

      assertThat(out(union, "diff", lower)).isEqualTo("A g\n");
      assertThat(out(union, "which", lower + "/f")).contains("lower 1  provides  file");
    } finally {
      Command.of(Account.ROOT, Tool.unionfs(), "umount", lower).run().expectSuccess();
    }
  }

  @MountTest
  void discardOfLayersGivesBackWhatTheLowersHaveButNotUnderAMount(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower gone/y file \"text\"");
    mount(union);
    union.run("echo more >> f; rm -r gone; mkdir d; touch d/new");

    Command.Result used = tool(union, layers(union, "discard", "--yes", "f"));
    assertThat(used.status()).isEqualTo(1);
    assertThat(used.err()).contains("in use by a mounted union");
    union.unmount();
    assertThat(tool(union, layers(union, "discard", "--yes", "f", "gone")).out())
        .isEqualTo("M f  (content)\nD gone/\n");
    mount(union);

    assertThat(union.run("cat f gone/y; ls")).isEqualTo("texttextd\nf\ngone\n");
  }

  /* What only the index knows is left out then, and a copy without a name is not spoken of. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void diffNeedsNoRightsToTheIndex(Union union) throws Exception {
    union.layers("lower a file \"text\"");
    Files.createLink(union.lower().resolve("b"), union.lower().resolve("a"));
    mount(union);
    union.run("chmod 600 a; rm a; echo > new");
    union.unmount();

    Command.Result byRoot = tool(union, layers(union, "diff"));
    List<String> line = new ArrayList<>(List.of(Tool.unionfs()));
    line.addAll(List.of(layers(union, "diff", "--stat")));
    Command.Result byUser = Command.of(Account.USER, line.toArray(String[]::new)).run();

    assertThat(byRoot.out()).isEqualTo("D a\nA new\n");
    assertThat(byRoot.err())
        .startsWith("unionfs: 1 changed file has no name left but in the lowers");
    assertThat(byUser.out()).contains("  a\n", "  new\n", "1 added");
    assertThat(byUser.err()).isEmpty();
    assertThat(byUser.status()).isZero();
    assertThat(tool(union, layers(union, "diff", "--links")).out())
        .isEqualTo("D a\nA new\nM b  (mode)\n");
  }
}
