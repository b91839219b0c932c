package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

/** File handles (name_to_handle_at, open_by_handle_at), which outlive what the kernel remembers. */
class HandlesIT {
  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void handlesLeadToTheirFilesAfterTheyWereForgotten(Union union) throws Exception {
    union.layers(
        """
        lower d/e/low file "low"
        lower d/e/copied file "copied"
        lower d/moved file "moved"
        lower hard file "hard"
        lower hard2 hardlink "hard"
        upper up file "up"
        """);
    union.incomparable("overlayfs counts names of lower hard links otherwise");
    union.mount();
    String low = union.call("handle_of", "d/e/low");
    String copied = union.call("handle_of", "d/e/copied");
    String moved = union.call("handle_of", "d/moved");
    String hard = union.call("handle_of", "hard");
    String up = union.call("handle_of", "up");
    String directory = union.call("handle_of", "d/e");

    union.run("echo more >> d/e/copied; mv d/moved elsewhere; echo more >> hard2; rm hard");
    Union.dropCaches();

    assertThat(union.call("by_handle", low)).isEqualTo("low");
    assertThat(union.call("by_handle", copied)).isEqualTo("copiedmore");
    assertThat(union.call("by_handle", moved)).isEqualTo("moved");
    assertThat(union.call("by_handle", hard)).isEqualTo("hardmore");
    assertThat(union.call("by_handle", up)).isEqualTo("up");
    assertThat(union.call("by_handle", directory)).isEqualTo("copied low in e");
    union.remount();
    assertThat(union.call("by_handle", copied)).isEqualTo("copiedmore");
    assertThat(union.call("by_handle", directory)).isEqualTo("copied low in e");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void handleOfARemovedFileIsStaleAlsoWhenItsNumberIsUsedAgain(Union union) throws Exception {
    union.layers("lower f file \"\"").mount();
    union.run("for i in $(seq 20); do echo old > n$i; done");
    String handle = union.call("handle_of", "n7");
    String lower = union.call("handle_of", "f");

    union.run("rm n* f; for i in $(seq 40); do echo new > m$i; done");
    Union.dropCaches();

    assertThat(union.call("by_handle", handle)).isEqualTo("ESTALE");
    assertThat(union.call("by_handle", lower)).isEqualTo("ESTALE");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void forgedHandlesLeadNowhere(Union union) throws Exception {
    union.layers("lower d/f file \"text\"").mount();
    String file = union.call("handle_of", "d/f");
    String directory = union.call("handle_of", "d");

    assertThat(union.call("forged", file)).isEqualTo("ESTALE");
    assertThat(union.call("forged", directory)).isEqualTo("ESTALE");
    assertThat(union.call("by_handle", file)).isEqualTo("text");
    assertThat(union.run("cat d/f")).isEqualTo("text");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void handlesOfDirectoriesEndWithThem(Union union) throws Exception {
    union.layers("lower a/b/f file \"\"\nlower e/x file \"\"").mount();
    union.run("mkdir -p n/m");
    String merged = union.call("handle_of", "a/b");
    String made = union.call("handle_of", "n/m");
    String emptied = union.call("handle_of", "e");

    union.run("mv n/m a/b/m; rm -r e; mkdir e");
    Union.dropCaches();

    assertThat(union.call("by_handle", made)).isEqualTo("in f m");
    assertThat(union.call("by_handle", merged)).isEqualTo("f m in b");
    assertThat(union.call("by_handle", emptied)).isEqualTo("ESTALE");
    union.run("rm -r a n");
    Union.dropCaches();
    assertThat(union.call("by_handle", made)).isEqualTo("ESTALE");
    assertThat(union.call("by_handle", merged)).isEqualTo("ESTALE");
  }
}
