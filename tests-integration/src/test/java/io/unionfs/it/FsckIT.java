package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** {@code unionfs fsck} of layers that unions and the kernel's overlayfs have worked on. */
class FsckIT {
  private static final String LAYERS =
      """
      lower a/f1 file "one"
      lower a/f2 file "two"
      lower c/old/x file "x"
      lower d/x/y file "y"
      lower e/deep/er/z file "z"
      lower h/1 file "linked"
      lower big file "big"
      """;

  private static final String WORK =
      """
      ln h/1 h/9 || :; echo more >> a/f1; chmod 600 a/f2 big; mv big big2; rm -r c; mkdir c; echo n > c/new
      ln a/f1 a/hard; rm h/1; mv e/deep e/deep2 || :; mkdir -p e/deep; mv d d2 || :; mkdir -p n/m; mv n n2
      mkfifo ff; mv ff ff2; rm a/f2; mkdir a/f2; touch "n2/a
      b"; sync .
      """;

  private static Command.Result fsck(Union union, String... options) throws Exception {
    List<String> line = new ArrayList<>(List.of(Tool.unionfs(), "fsck"));
    line.addAll(List.of("--lower", union.lowerOption(), "--upper", union.upper().toString()));
    line.addAll(List.of(options));
    return Command.of(union.account(), line.toArray(String[]::new)).run();
  }

  private static void assertClean(Command.Result said) {
    assertThat(said.status()).as(said.out() + said.err()).isZero();
    assertThat(said.err()).isEmpty();
    assertThat(said.out()).contains("0 errors, 0 warnings");
  }

  @MountTest
  void whatAUnionLeavesIsClean(Union union) throws Exception {
    union.layers(LAYERS).mount("--redirect-dir=on");
    union.run(WORK);

    assertClean(fsck(union, "--work", union.work().toString(), "--redirect-dir=on"));
    union.unmount();
    Command.Result said = fsck(union, "--work", union.work().toString(), "--redirect-dir=on");
    assertClean(said);
    assertThat(said.out()).doesNotContain("note:");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void whatTheKernelsOverlayfsLeavesIsClean(Union union) throws Exception {
    union.layers(LAYERS);
    try (Overlay overlay = Overlay.mount(union, "redirect_dir=on", "metacopy=on", "index=on")) {
      Command.script(Account.ROOT, WORK).in(overlay.point()).output();
    }

    assertClean(fsck(union, "--work", union.home().resolve("overlay-work").toString()));
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void aKilledServerLeavesNothingWorseThanNotes(Union union) throws Exception {
    union.layers(LAYERS).mount();
    union.run("echo x >> a/f1; sync .; mv a/f2 a/f3; rm -r c; mkdir c");

    union.server().destroyForcibly();
    Union.await("the server ends", () -> !union.hasServer());

    assertClean(fsck(union, "--work", union.work().toString()));
    Command.of(union.account(), Tool.unionfs(), "umount", union.point().toString()).output();
    union.mount();
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void aMountedUnionIsCheckedAndNotRepaired(Union union) throws Exception {
    union.layers(LAYERS).mount();
    union.run("rm a/f1");
    String point = union.point().toString();

    assertClean(Command.of(Account.ROOT, Tool.unionfs(), "fsck", point).run());
    Command.Result byPoint =
        Command.of(Account.ROOT, Tool.unionfs(), "fsck", "--repair", point).run();
    Command.Result byLayers = fsck(union, "--repair", "--work", union.work().toString());

    assertThat(byPoint.status()).isEqualTo(8);
    assertThat(byLayers.status()).isEqualTo(8);
    assertThat(byLayers.err()).contains("is in use by a mounted union");
    assertThat(union.run("ls a")).isEqualTo("f2\n");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void aRepairMakesTheExitStatusThatOfFsck(Union union) throws Exception {
    union.layers(LAYERS);
    String upper = union.upper().toString();
    Command.script(
            Account.ROOT,
            "cd '" + upper + "' && echo x > f && setfattr -n trusted.overlay.opaque -v y f")
        .output();

    assertThat(fsck(union).status()).isEqualTo(4);
    Command.Result repaired = fsck(union, "--repair");
    assertThat(repaired.status()).as(repaired.out()).isEqualTo(1);
    assertThat(repaired.out()).contains("repair: remove the mark").contains("/f: repaired");
    assertClean(fsck(union));
    assertThat(Command.of(Account.ROOT, Tool.unionfs(), "fsck").run().status()).isEqualTo(2);
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void whatTheKernelsOverlayfsUsesIsNotChanged(Union union) throws Exception {
    union.layers(LAYERS);
    Path link = Files.createSymbolicLink(union.home().resolve("up"), union.upper());
    try (Overlay overlay = Overlay.mount(union, union.lowerOption(), link)) {
      Command.script(Account.ROOT, "echo new > a/new").in(overlay.point()).output();
      String lowers = union.lowerOption();
      String upper = union.upper() + "/";

      Command.Result repair = fsck(union, "--repair");
      Command.Result discard =
          Command.of(
                  Account.ROOT,
                  Tool.unionfs(),
                  "discard",
                  "--yes",
                  "--lower",
                  lowers,
                  "--upper",
                  upper,
                  ".")
              .run();

      assertThat(repair.status()).isEqualTo(8);
      assertThat(discard.status()).isEqualTo(1);
      assertThat(repair.err() + discard.err())
          .containsSubsequence(
              "is in use by the mount at " + overlay.point(),
              "is in use by the mount at " + overlay.point());
      assertThat(overlay.point().resolve("a/new")).hasContent("new");
    }
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void otherLowersCostNoDeletion(Union union) throws Exception {
    union.layers(LAYERS).mount();
    union.run("echo x >> a/f1; rm a/f2; sync .");
    union.unmount();
    String work = union.work().toString();
    String other = Files.createDirectory(union.home().resolve("other")).toString();
    String upper = union.upper().toString();

    Command.Result wrong =
        Command.of(
                Account.ROOT,
                Tool.unionfs(),
                "fsck",
                "--repair",
                "--lower",
                other,
                "--upper",
                upper,
                "--work",
                work)
            .run();
    assertThat(wrong.out()).contains("a/f2: not repaired: nothing shows that these are the lower");
    union.mount();
    assertThat(union.run("ls a")).isEqualTo("f1\n");
    union.unmount();

    String idle = union.upper().resolve("a/idle").toString();
    Command.of(Account.ROOT, "mknod", idle, "c", "0", "0").output();
    Command.Result right = fsck(union, "--repair", "--work", work);
    assertThat(right.out()).contains("a/idle: repaired").doesNotContain("a/f2");
    assertThat(union.upper().resolve("a/idle")).doesNotExist();
    assertThat(union.upper().resolve("a/f2")).exists();
  }
}
