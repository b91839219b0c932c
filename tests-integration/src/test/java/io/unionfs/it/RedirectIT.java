package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;

/* Marks of redirect_dir and metacopy: those of kernel overlayfs, ours, and crafted ones. */
class RedirectIT {
  private static final String LAYERS =
      """
      lower d/a file "upper a"
      lower d/s/t file "t"
      lower2 d/b file "b"
      lower2 d/s/u file "u"
      lower2 x/y/z file "z"
      lower3 d/a file "hidden"
      lower3 d/s/v file "v"
      lower3 x/y/w file "w"
      lower3 taken/old file "old"
      """;

  private static final String RENAMES =
      "mv d e; mv x/y deep; rm -r taken; mv deep taken; mkdir n; mv e/s n/s; mv n m; mv e d;"
          + " mv d x/d; echo changed >> x/d/a; mkdir d; echo new > d/new; mv m/s/v m/s/renamed";

  @MountTest(accounts = Account.ROOT)
  void redirectsOfTheKernelInTheUpperAreFollowed(Union union) throws Exception {
    union.layers(LAYERS);
    String expected;
    try (Overlay kernel = Overlay.mount(union, "redirect_dir=on")) {
      Command.script(union.account(), RENAMES).in(kernel.point()).output();
      expected = Tree.of(kernel.point());
    }
    Path point = union.mount();

    assertThat(Tree.of(point)).isEqualTo(expected);
    union.run("echo more >> m/s/u; mv m/s/t m/s/tt; rm x/d/b; touch taken/z");
    union.remount();
    assertThat(union.run("cat m/s/u m/s/tt; ls -A x/d taken"))
        .isEqualTo("umore\nttaken:\nw\nz\n\nx/d:\na\n");
  }

  @MountTest(accounts = Account.ROOT)
  void redirectsOfTheKernelInALowerAreFollowed(Union union) throws Exception {
    union.layers(LAYERS.replaceAll("lower ", "lower1 "));
    String below = "lower2:lower3".replaceAll("lower", union.home() + "/lower");
    String expected;
    try (Overlay kernel =
        Overlay.mount(
            union, below, union.home().resolve("lower1"), "redirect_dir=on", "index=off")) {
      Command.script(union.account(), "mv x/y q; mv d x/d; mkdir d; mv x/d/s d/r; rm x/d/b")
          .in(kernel.point())
          .output();
      expected = Tree.of(kernel.point());
    }
    Path point = union.mount();

    assertThat(Tree.of(point)).isEqualTo(expected);
  }

  @MountTest(accounts = Account.ROOT)
  void filesWithoutDataReadAndChangeAsWhole(Union union) throws Exception {
    String files = "";
    for (String name : new String[] {"read", "write", "cut", "moved", "gone", "linked", "mode"}) {
      files += "lower2 d/" + name + " file \"the data of " + name + "\"\n";
    }
    union.layers(files);
    String expected;
    try (Overlay kernel = Overlay.mount(union, "metacopy=on", "redirect_dir=on")) {
      Command.script(
              union.account(),
              "chmod 640 d/*; mv d/moved d/there; mkdir n; mv d/linked n; ln n/linked n/second")
          .in(kernel.point())
          .output();
      expected = Tree.of(kernel.point());
    }
    Path point = union.mount();

    assertThat(Tree.of(point)).isEqualTo(expected);
    union.run(
        "test $(stat -c %b d/read) -gt 0; echo ' and more' >> d/write; truncate -s 8 d/cut;"
            + " mv d/there moved; exec 3<>d/gone; rm d/gone; head -c 8 <&3; echo x >&3;"
            + " chmod 600 d/mode; ln d/read d/reader; echo y >> n/linked");
    union.remount();
    assertThat(
            union.run("cat d/read d/reader d/write d/cut moved d/mode n/second; stat -c %a d/mode"))
        .isEqualTo(
            "the data of readthe data of readthe data of write and more\nthe datathe data of moved"
                + "the data of modethe data of linkedy\n600\n");
  }

  @MountTest(accounts = Account.ROOT)
  void fileWithoutDataInALowerIsCopiedUpWhole(Union union) throws Exception {
    union.layers("lower1 none dir\nlower2 f file \"the data\"");
    String below = union.home() + "/lower2";
    try (Overlay kernel =
        Overlay.mount(union, below, union.home().resolve("lower1"), "metacopy=on")) {
      Command.script(union.account(), "chmod 604 f; mv f g").in(kernel.point()).output();
    }
    union.mount();

    assertThat(union.run("cat g; stat -c %a g; ls -A")).isEqualTo("the data604\ng\nnone\n");
    union.run("printf ' grows' >> g");
    union.remount();
    assertThat(union.run("cat g; stat -c %a g")).isEqualTo("the data grows604\n");
  }

  @MountTest
  void directoriesAreRenamedWithRedirects(Union union) throws Exception {
    union.layers(LAYERS).incomparable(union.isRoot() ? "" : "userxattr does not follow redirects");
    union.mount("--redirect-dir");
    union.sameAsPlain(RENAMES + "; find . -printf '%P %y %m\\n' | sort; cat x/d/a m/s/u taken/w");
    String shown = Tree.of(union.account(), union.point());

    union.unmount();
    union.mount("-o", "redirect_dir=on");
    assertThat(Tree.of(union.account(), union.point())).isEqualTo(shown);
    union.sameAsPlain("mv x/d x/d2; mv x/d2 d/d3; mv m/s d/s; find . -printf '%P %y %m\\n' | sort");
    union.sameAsPlain("rm -r d; find . -printf '%P %y %m\\n' | sort");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void mergedDirectoriesAreExchanged(Union union) throws Exception {
    union.layers(LAYERS).incomparable(union.isRoot() ? "" : "userxattr does not follow redirects");
    union.mount("--redirect-dir=on");

    union.call("rename2", "d", "x/y", "2");
    union.call("rename2", "taken", "x/y/a", "2");
    union.unmount();
    union.mount("--redirect-dir=on");

    assertThat(union.run("find . -type f | sort; cat d/w x/y/s/u taken"))
        .isEqualTo(
            "./d/w\n./d/z\n./taken\n./x/y/a/old\n./x/y/b\n./x/y/s/t\n./x/y/s/u\n./x/y/s/v\n"
                + "wuupper a");
  }

  @MountTest
  void openFilesAndInodeNumbersGoWithARenamedDirectory(Union union) throws Exception {
    union.layers(LAYERS).incomparable(union.isRoot() ? "" : "userxattr does not follow redirects");
    union.mount("--redirect-dir");

    String before = union.run("stat -c %i d d/a d/s/v");
    union.run("exec 3<>d/b; mv d x/new; printf B >&3; cat x/new/b; cat x/new/s/v");
    String after = union.run("stat -c %i x/new x/new/a x/new/s/v");
    union.unmount();
    union.mount("--redirect-dir");

    assertThat(after).isEqualTo(before);
    assertThat(union.run("stat -c %i x/new x/new/a x/new/s/v; cat x/new/b"))
        .isEqualTo(before + "B");
  }

  @MountTest
  void marksThatAnybodyCanWriteAreFollowedByOptionOnly(Union union) throws Exception {
    union.layers("lower d dir\nlower2 secret/f file \"hidden\"\nlower g file \"\"");
    Command.script(Account.ROOT, "setfattr -n user.overlay.redirect -v /secret d")
        .in(union.lower())
        .output();
    Command.script(
            Account.ROOT,
            "truncate -s 6 g; setfattr -n user.overlay.metacopy g;"
                + " setfattr -n user.overlay.redirect -v /secret/f g")
        .in(union.lower())
        .output();
    union.expectLog("is not followed");
    union.incomparable("overlayfs without userxattr does not see them");
    union.mount();

    assertThat(union.attempt("ls d").err()).contains("Input/output error");
    assertThat(union.attempt("cat g").err()).contains("Input/output error");
    assertThat(union.run("cat secret/f")).isEqualTo("hidden");
    union.unmount();
    union.mount("--redirect-dir=follow");
    assertThat(union.run("ls d; cat g")).isEqualTo("f\nhidden");
    union.unmount();
    union.mount("--redirect-dir=nofollow");
    assertThat(union.attempt("ls d").err()).contains("Input/output error");
    union.unmount();
  }

  @MountTest(accounts = Account.ROOT)
  void craftedRedirectsGiveErrorsAndNothingElse(Union union) throws Exception {
    union.layers(
        """
        lower up dir
        lower empty dir
        lower long dir
        lower nowhere dir
        lower loop dir
        lower2 loop dir
        lower2 good/f file "good"
        """);
    Command.script(
            Account.ROOT,
            "setfattr -n trusted.overlay.redirect -v /../../etc up;"
                + " setfattr -n trusted.overlay.redirect -v '' empty;"
                + " setfattr -n trusted.overlay.redirect -v a/b long;"
                + " setfattr -n trusted.overlay.redirect -v /no/such nowhere;"
                + " setfattr -n trusted.overlay.redirect -v /loop loop;"
                + " setfattr -n trusted.overlay.redirect -v /loop ../lower2/loop")
        .in(union.lower())
        .output();
    union.expectLog("redirect mark is no path");
    union.incomparable("overlayfs lists directories with such marks");
    union.mount();

    assertThat(union.attempt("ls up").err()).contains("Input/output error");
    assertThat(union.attempt("ls empty").err()).contains("Input/output error");
    assertThat(union.attempt("ls long").err()).contains("Input/output error");
    assertThat(union.run("ls -A nowhere loop; cat good/f")).isEqualTo("loop:\n\nnowhere:\ngood");
    union.unmount();
  }

  @MountTest
  void renamedDirectoryIsListedWithItsInodeNumber(Union union) throws Exception {
    union.layers(
        "lower a/x file \"x\"\nlower b/y file \"y\"\nupper u dir 0755\nlower m/c/z file \"z\"");
    union.incomparable("overlayfs is mounted without redirects");
    union.mount("--redirect-dir");
    String numbers =
        "for d in . u m; do ls -i $d | while read i n; do"
            + " [ $i = $(stat -c %i $d/$n) ] && echo $d/$n; done; done | sort | tr '\\n' ' '";

    union.run("mv a u/a; mv b bb; mv m/c m/cc; mkdir e; mkdir e/b");
    assertThat(union.run(numbers)).isEqualTo("./bb ./e ./m ./u m/cc u/a ");
    union.unmount();
    union.mount("--redirect-dir");
    assertThat(union.run(numbers)).isEqualTo("./bb ./e ./m ./u m/cc u/a ");
  }
}
