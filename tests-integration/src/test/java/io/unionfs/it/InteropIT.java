package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

class InteropIT {
  private static final String CHANGES =
      "echo changed > d/f; rm d/g; mkdir -p n/m; echo new > n/m/x; rm -r s; mkdir s; touch s/y;"
          + " mv d/h moved; ln d/f hard; ln -s d/f soft; chmod 700 e; touch -d 2002-02-02 e/k;"
          + " mkfifo e/p; rm -r w; setfattr -n user.a -v b e/k; mv n/m e/q; rm z; echo z > z";

  private static final String LAYERS =
      """
      lower d/f file "one"
      lower d/g file "two"
      lower d/h file "three"
      lower s/a file "four"
      lower2 s/b file "five"
      lower2 d/f file "hidden"
      lower2 d/i file "six"
      lower e/k file "seven"
      lower2 w/x/y file "eight"
      lower2 z file "nine"
      """;

  @MountTest
  void upperOfTheKernelIsContinued(Union union) throws Exception {
    union.layers(LAYERS);
    String expected;
    try (Overlay kernel = Overlay.mount(union)) {
      Command.script(union.account(), CHANGES).in(kernel.point()).output();
      expected = Tree.of(union.account(), kernel.point());
    }
    Path point = union.mount();

    assertThat(Tree.of(union.account(), point)).isEqualTo(expected);
    union.run("echo more >> moved; rm hard; rm -r s; mkdir s; mv e/q n/m; cat n/m/x");
    assertThat(union.run("ls -A s d e n")).isEqualTo("d:\nf\ni\n\ne:\nk\np\n\nn:\nm\n\ns:\n");
  }

  @MountTest
  void ourUpperIsContinuedByTheKernelAndAgainByUs(Union union) throws Exception {
    union.layers(LAYERS).mount();
    union.run(CHANGES);
    String expected = Tree.of(union.account(), union.point());
    union.unmount();
    try (Overlay kernel = Overlay.mount(union)) {
      assertThat(Tree.of(union.account(), kernel.point())).isEqualTo(expected);
      Command.script(union.account(), "rm -r s; mkdir s; touch s/z; mv moved back; rm -r e")
          .in(kernel.point())
          .output();
      expected = Tree.of(union.account(), kernel.point());
    }
    Path point = union.mount();

    assertThat(Tree.of(union.account(), point)).isEqualTo(expected);
  }

  @MountTest
  void everyChangeGivesTheSameTreeAsOnAPlainDirectory(Union union) throws Exception {
    union.layers(LAYERS).mount();

    union.sameAsPlain(
        CHANGES + "; find . -printf '%P %y %m %l\\n' | sort; cat d/f moved z n/../e/q/x");
  }
}
