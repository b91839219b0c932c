package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

class RemovalIT {
  @MountTest
  void removedLowerFileLeavesAWhiteout(Union union) throws Exception {
    union.layers("lower d/f file \"text\"").mount();

    union.run("rm d/f");

    assertThat(union.run("ls -A d")).isEmpty();
    assertThat(Command.of(Account.ROOT, "stat", "-c", "%F %t:%T", union.upper() + "/d/f").output())
        .isEqualTo("character special file 0:0\n");
  }

  @MountTest
  void renameOverThenRemoveDoesNotBringTheLowerBack(Union union) throws Exception {
    union.layers("lower f file \"lower\"").mount();

    union.run("echo x > tmp; mv tmp f; rm f; test ! -e f");
    union.remount();

    assertThat(union.run("ls -A")).isEmpty();
  }

  @MountTest
  void directoryMadeWhereOneWasRemovedIsEmpty(Union union) throws Exception {
    union
        .layers("lower d/a file \"1\"\nlower d/sub/b file \"2\"\nlower2 d/sub/c file \"3\"")
        .mount();

    union.run("rm d/a; rm -r d/sub; mkdir d/sub");
    assertThat(union.run("find . | sort")).isEqualTo(".\n./d\n./d/sub\n");
    union.remount();
    assertThat(union.run("find . | sort")).isEqualTo(".\n./d\n./d/sub\n");
    union.run("rmdir d/sub; mkdir d/sub; touch d/sub/b; rm -r d; mkdir d");
    assertThat(union.run("find . | sort")).isEqualTo(".\n./d\n");
  }

  @MountTest
  void mergedDirectoryIsRemovedOnlyWhenItShowsNothing(Union union) throws Exception {
    union.layers("lower d/a file \"\"\nlower2 d/b file \"\"\nupper d/c file \"\"").mount();

    assertThat(union.attempt("rmdir d").err()).contains("not empty");
    union.run("rm d/a d/c");
    assertThat(union.attempt("rmdir d").err()).contains("not empty");
    union.run("rm d/b; rmdir d; test ! -e d");
  }

  @MountTest
  void everyKindOfFileReplacesEveryOther(Union union) throws Exception {
    union
        .layers(
            """
            lower a file "x"
            lower b/x file "y"
            lower c symlink "a"
            lower p fifo
            """)
        .mount();

    union.sameAsPlain(
        "rm a; mkdir a; touch a/z; rm -r b; echo b > b; rm c; mkfifo c; rm p; ln -s b p; cat p;"
            + " find . -printf '%P %y %l\\n' | sort");
    union.remount();
    assertThat(union.run("find . -mindepth 1 -printf '%P %y\\n' | sort"))
        .isEqualTo("a d\na/z f\nb f\nc p\np l\n");
  }

  @MountTest
  void fileInOneLayerHidesADirectoryBelow(Union union) throws Exception {
    union.layers("lower x file \"file\"\nlower2 x/y file \"hidden\"").mount();

    assertThat(union.run("cat x")).isEqualTo("file");
    union.run("rm x; mkdir x");
    assertThat(union.run("ls -A x")).isEmpty();
  }

  @MountTest
  void whiteoutInTheMiddleHidesWhatIsBelowIt(Union union) throws Exception {
    if (!Account.isRoot()) {
      return;
    }
    union
        .layers(
            "lower d/x file \"\"\nlower2 d/y whiteout\nlower2 e whiteout\nlower3 d/y file \"\"\nlower3 e/f file \"\"")
        .mount();

    assertThat(union.run("find . | sort")).isEqualTo(".\n./d\n./d/x\n");
  }

  @MountTest
  void opaqueDirectoryHidesWhatIsBelowIt(Union union) throws Exception {
    union
        .layers("lower d opaque\nlower d/x file \"\"\nlower2 d/y file \"\"\nlower3 d/z file \"\"")
        .mount();
    union.incomparable("a user's overlayfs reads marks of root only with its own option");

    assertThat(union.run("ls -A d")).isEqualTo("x\n");
  }

  @MountTest
  void removalOfADirectoryThatIsOpenDisturbsNothing(Union union) throws Exception {
    union.layers("lower d/f file \"\"").mount();

    union.run("exec 3< d; rm -r d; ls /proc/self/fd/3 >/dev/null 2>&1 || true; mkdir d; touch d/g");

    assertThat(union.run("ls -A d")).isEqualTo("g\n");
  }

  @MountTest
  void recursiveRemovalOfAMergedTreeEnds(Union union) throws Exception {
    union.layers("lower keep file \"\"").mount();
    union.run("mkdir -p t/{a,b,c}/{d,e}; touch t/{a,b,c}/{d,e}/f{1..20}");
    union.remount();

    union.run("rm -r t; test ! -e t; mkdir t; rmdir t");

    assertThat(union.run("ls -A")).isEqualTo("keep\n");
  }

  @MountTest
  void nameRemovedAndMadeAgainIsThereAtOnce(Union union) throws Exception {
    union.layers("lower d/f0 file \"lower\"").mount();

    union.run(
        """
        cd d
        python3 - <<'END'
        import os
        for i in range(300):
          for name in "f0", "f1", "f2":
            if i or name == "f0":
              os.unlink(name)
            assert not os.path.lexists(name)
            with open(name, "x") as made:
              made.write(str(i))
            with open(name) as again:
              assert again.read() == str(i)
        END
        """);
  }
}
