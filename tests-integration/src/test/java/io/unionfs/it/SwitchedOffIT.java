package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

/** What options take away. */
class SwitchedOffIT {
  @MountTest
  void aclsAndXattrsAreSwitchedOff(Union union) throws Exception {
    union.layers("lower f file \"text\"").incomparable("the kernel shows what is in the layers");
    Command.of(union.account(), "setfattr", "-n", "user.x", "-v", "1", union.lower() + "/f")
        .output();

    union.mount("-o", "noxattrs=1");
    assertThat(union.attempt("getfattr -n user.x f").err()).contains("Operation not supported");
    assertThat(union.attempt("setfattr -n user.y -v 1 f").err())
        .contains("Operation not supported");
    assertThat(union.run("cat f")).isEqualTo("text");
    union.unmount();

    union.mount("-o", "noacl");
    assertThat(union.attempt("setfacl -m u:5:r f").err()).contains("Operation not supported");
    assertThat(union.run("getfattr --only-values -n user.x f")).isEqualTo("1");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.JNR_FUSE})
  void fsyncZeroIsVolatile(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount("-o", "fsync=0");

    union.run("echo more >> f; sync f");

    assertThat(
            Command.of(Account.ROOT, "test", "-d", union.work() + "/work/incompat/volatile")
                .run()
                .status())
        .isZero();
  }

  @MountTest
  void withTimeoutZeroChangesOfOthersAreSeenAtOnce(Union union) throws Exception {
    union.layers("lower d/f file \"text\"\nupper d/h file \"text\"");
    union.mount("-o", "timeout=0");
    assertThat(union.run("ls d; stat -c %a d/h; [ ! -e d/g ]")).isEqualTo("f\nh\n644\n");

    Command.script(union.account(), "cd '%s/d'; echo new > g; chmod 600 h".formatted(union.upper()))
        .output();

    assertThat(union.run("cat d/g; ls d; stat -c %a d/h")).isEqualTo("new\nf\ng\nh\n600\n");
  }
}
