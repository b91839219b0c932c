package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

class RenameIT {
  @MountTest
  void renamedLowerFileIsGoneFromItsOldPlace(Union union) throws Exception {
    union.layers("lower d/f file \"text\"").mount();

    union.run("mv d/f g; test ! -e d/f; cat g");
    union.remount();

    assertThat(union.run("find . -type f | sort; cat g")).isEqualTo("./g\ntext");
  }

  @MountTest
  void directoryWithLowerContentIsExdevAndMvCopies(Union union) throws Exception {
    union.layers("lower d/f file \"text\"\nlower2 d/g file \"more\"").mount();

    assertThat(union.run("perl -e 'rename(\"d\", \"e\") or print \"$!\"'"))
        .isEqualTo("Invalid cross-device link");
    union.run("mv d e; test ! -e d");

    assertThat(union.run("cat e/f e/g")).isEqualTo("textmore");
  }

  @MountTest
  void pureUpperDirectoryIsRenamedWithItsContent(Union union) throws Exception {
    union.layers("lower x/y file \"\"").mount();

    union.run("mkdir -p d/s; echo 1 > d/s/f; mv d x/e; cat x/e/s/f; echo 2 >> x/e/s/f; mv x/e z");
    union.remount();

    assertThat(union.run("cat z/s/f; ls -A x")).isEqualTo("1\n2\ny\n");
  }

  @MountTest
  void directoryRenamedOverAnEmptiedMergedOneShowsOnlyItself(Union union) throws Exception {
    union.layers("lower d/a file \"\"\nlower2 d/b file \"\"").mount();

    union.run("rm d/a d/b; mkdir n; touch n/c; mv -T n d; test ! -e n");
    assertThat(union.run("ls -A d")).isEqualTo("c\n");
    union.remount();
    assertThat(union.run("ls -A d")).isEqualTo("c\n");
  }

  @MountTest
  void directoryRenamedOverAWhiteoutShowsOnlyItself(Union union) throws Exception {
    union.layers("lower d/a file \"\"").mount();

    union.run("rm -r d; mkdir n; touch n/c; mv n d");
    union.remount();

    assertThat(union.run("ls -A . d")).isEqualTo(".:\nd\n\nd:\nc\n");
  }

  @MountTest
  void renameFollowsTheRulesOfAPlainDirectory(Union union) throws Exception {
    union.layers("lower f file \"f\"\nlower g file \"g\"\nlower d/x file \"\"").mount();

    union.sameAsPlain("mv -T f g; ls; cat g");
    union.sameAsPlain("mkdir e; mv -T g e || echo refused; mv -T e g || echo refused; ls");
    union.sameAsPlain("mkdir -p p/q; mv p p/q/r 2>&1 | sed 's/.*: //' ; ls");
    union.sameAsPlain("mkdir full; touch full/x; mkdir m; mv -T m full || echo refused");
    union.sameAsPlain("ln g h; mv g h; ls; stat -c %h h");
  }

  @MountTest
  void fileRenamedOverAnOpenOneLeavesTheOpenOneReadable(Union union) throws Exception {
    union.layers("lower f file \"old\"\nlower g file \"new\"").mount();

    assertThat(union.run("exec 3<f; mv g f; cat <&3; cat f; ls -A")).isEqualTo("oldnewf\n");
  }
}
