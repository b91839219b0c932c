package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

class HardLinksIT {
  @MountTest
  void lowerHardLinksStayOneFile(Union union) throws Exception {
    union
        .layers("lower d/a file \"old\"\nlower b hardlink \"d/a\"\nlower c hardlink \"d/a\"")
        .mount();
    union.incomparable("overlayfs without index=on breaks hard links");

    union.run("printf new > b");
    assertThat(union.run("cat d/a b c; stat -c %h d/a b c")).isEqualTo("newnewnew3\n3\n3\n");
    union.remount();
    assertThat(union.run("cat d/a b c; stat -c %h d/a b c")).isEqualTo("newnewnew3\n3\n3\n");
    assertThat(union.run("stat -c %i d/a b c").lines().distinct()).hasSize(1);
    union.run("rm b; printf x >> c");
    assertThat(union.run("cat d/a c; stat -c %h d/a c")).isEqualTo("newxnewx2\n2\n");
    union.remount();
    assertThat(union.run("cat d/a c; stat -c %h d/a c; test ! -e b")).isEqualTo("newxnewx2\n2\n");
    union.run("rm d/a c");
    union.remount();
    assertThat(union.run("find . -type f")).isEmpty();
    assertThat(
            Command.script(Account.ROOT, "find '" + union.work() + "' -path '*index/*'").output())
        .isEmpty();
  }

  @MountTest
  void newHardLinksShareTheFile(Union union) throws Exception {
    union.layers("lower a file \"text\"").mount();

    union.sameAsPlain("ln a b; echo x >> b; cat a; stat -c %h a b; rm a; stat -c %h b; cat b");
    union.remount();
    assertThat(union.run("cat b; stat -c %h b; ls -A")).isEqualTo("textx\n1\nb\n");
  }

  @MountTest
  void linkOverAWhiteoutWorks(Union union) throws Exception {
    union.layers("lower a file \"a\"\nlower b file \"b\"").mount();

    union.run("rm b; ln a b; cat b");
    union.remount();

    assertThat(union.run("cat b; stat -c %h a")).isEqualTo("a2\n");
  }

  @MountTest
  void oneNameOfALowerFileCanBeRenamed(Union union) throws Exception {
    union.layers("lower a file \"t\"\nlower b hardlink \"a\"").mount();
    union.incomparable("overlayfs without index=on breaks hard links");

    union.run("mv a c; echo x >> b; cat c");
    union.remount();

    assertThat(union.run("cat b c; stat -c %h b c; ls")).isEqualTo("tx\ntx\n2\n2\nb\nc\n");
  }
}
