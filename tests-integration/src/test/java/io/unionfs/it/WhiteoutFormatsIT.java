package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

class WhiteoutFormatsIT {
  private static final String LAYERS =
      """
      lower d/f file "f"
      lower d/g file "g"
      lower2 d/h file "h"
      lower2 d/sub/i file "i"
      lower e/only file "only"
      lower2 e/two file "two"
      lower full/a file "a"
      lower top file "top"
      lower moved file "moved"
      """;

  private static final String CHANGES =
      "rm d/f top; mv moved d/f; rm -r d/sub; mkdir d/sub; touch d/sub/new; rm e/*; rmdir e;"
          + " mkdir e; rm d/f; echo again > d/f; rm d/f; mkdir n; touch n/x; rm full/a; mv -T n full;"
          + " mv d/g g2; rm -r d/sub; echo file > d/sub; mkdir dd; mv d/h dd/h; rm dd/h; rmdir dd;"
          + " mkdir moved; touch moved/m; find . -printf '%P %y\\n' | sort; stat -c %h . d; cat d/sub g2;"
          + " rm -r full; ls -A; mkdir full; ls -A full; rm -r d; ls -A";

  private static void changesStay(Union union, String format) throws Exception {
    union.layers(LAYERS).incomparable("overlayfs does not read these whiteouts in an upper");
    union.mount("--whiteout", format);
    union.sameAsPlain(CHANGES);
    String shown = Tree.of(union.account(), union.point());
    union.unmount();
    union.mount("--whiteout", format);

    assertThat(Tree.of(union.account(), union.point())).isEqualTo(shown);
    union.sameAsPlain("rm -rf *; mkdir d e; touch d/f; find . | sort; rm -r d e; ls -A");
    union.unmount();
  }

  @MountTest
  void deletionsAsDotNames(Union union) throws Exception {
    changesStay(union, "aufs");
    String left =
        Command.script(Account.ROOT, "find . ! -type d ! -name '.wh.*'").in(union.upper()).output();
    assertThat(left).isEmpty();
  }

  @MountTest
  void deletionsAsXattrs(Union union) throws Exception {
    changesStay(union, "xattr");
    String devices = Command.script(Account.ROOT, "find . -type c").in(union.upper()).output();
    assertThat(devices).isEmpty();
  }

  @MountTest
  void xattrWhiteoutsAreTakenInALowerByTheKernelToo(Union union) throws Exception {
    union.layers(LAYERS).incomparable("overlayfs reads xattr whiteouts in lowers only");
    union.mount("--whiteout=xattr");
    union.run("rm d/f e/only top; rm -r d/sub; mv moved m");
    String shown = Tree.of(union.account(), union.point());
    union.unmount();

    Path fresh = union.home().resolve("fresh");
    Command.of(Account.ROOT, "mkdir", fresh.toString()).output();
    try (Overlay kernel = Overlay.mount(union, union.upper() + ":" + union.lowerOption(), fresh)) {
      assertThat(Tree.of(union.account(), kernel.point())).isEqualTo(shown);
    }
  }

  @MountTest
  void dotNamesOfImagesAreMarksWhenAnEngineCalls(Union union) throws Exception {
    union.layers(
        """
        lower d/.wh.gone file ""
        lower d/kept file "kept"
        lower o/.wh..wh..opq file ""
        lower o/new file "new"
        lower .wh.dir file ""
        lower .wh..wh.plnk dir
        lower both/x file "x"
        lower .wh.both file ""
        lower2 d/gone file "gone"
        lower2 d/other file "other"
        lower2 o/old file "old"
        lower2 dir/f file "f"
        lower2 both/y file "y"
        """);
    union.incomparable("to overlayfs they are ordinary names");
    union.mountAsEngine();

    assertThat(union.run("find . -mindepth 1 | sort"))
        .isEqualTo("./both\n./both/x\n./d\n./d/kept\n./d/other\n./o\n./o/new\n");
    assertThat(union.attempt("cat d/.wh.gone").err()).contains("No such file");
    assertThat(union.attempt("touch d/.wh.x").err()).contains("Operation not permitted");
    assertThat(union.attempt("mv d/kept d/.wh.x").err()).contains("Operation not permitted");
    assertThat(union.attempt("ln d/kept .wh..wh..opq").err()).contains("Operation not permitted");
    union.run("mkdir dir; echo g > d/gone; rm d/other");
    assertThat(union.run("ls -A dir d")).isEqualTo("d:\ngone\nkept\n\ndir:\n");
    union.unmount();
    union.mountAsEngine();
    assertThat(union.run("ls -A dir d")).isEqualTo("d:\ngone\nkept\n\ndir:\n");
  }

  @MountTest
  void dotNamesAreOrdinaryOtherwise(Union union) throws Exception {
    union.layers("lower d/.wh.gone file \"\"\nlower2 d/gone file \"gone\"").mount();

    union.sameAsPlain(
        "cat d/gone; ls -A d; echo x > .wh..wh..opq; mv d/.wh.gone d/.wh.; ls -A . d");
  }

  @MountTest(accounts = Account.ROOT)
  void namesTooLongForAMarkBesideThemAreDeletedAllTheSame(Union union) throws Exception {
    String name = "n".repeat(255);
    union.layers("lower d/" + name + " file \"\"\nlower d/k file \"\"");
    union.mount("--whiteout=aufs");

    union.run("rm d/n*");
    union.unmount();
    union.mount("--whiteout=aufs");
    assertThat(union.run("ls -A d")).isEqualTo("k\n");
  }
}
