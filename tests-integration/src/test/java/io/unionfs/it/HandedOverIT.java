package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

/** Mounts that the caller makes, and hands over as a descriptor. */
class HandedOverIT {
  private static String serve(Union union, int fd, String what) {
    return "exec "
        + fd
        + "<>/dev/fuse; mount -i -t fuse.unionfs-mount -o"
        + " fd="
        + fd
        + ",rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions handed '"
        + union.point()
        + "'; "
        + Tool.mount()
        + " "
        + String.join(" ", union.variant().options())
        + " --log-file '"
        + union.log()
        + "' --lower '"
        + union.lower()
        + "' --upper '"
        + union.upper()
        + "' --work '"
        + union.work()
        + "' /dev/fd/"
        + fd
        + "; "
        + what;
  }

  @MountTest(accounts = Account.ROOT)
  void mountOfTheCallerIsServedUntilItIsUnmounted(Union union) throws Exception {
    union.layers("lower f file \"text\"");

    for (int fd : new int[] {3, 7}) {
      String said =
          Command.script(
                  Account.ROOT,
                  serve(
                      union,
                      fd,
                      "exec "
                          + fd
                          + ">&-; cd '"
                          + union.point()
                          + "'; cat f; echo more >> f; cat f; cd /; umount '"
                          + union.point()
                          + "'"))
              .output();
      assertThat(said).startsWith("text").endsWith("more\n");
      Union.await("the layers are given up", () -> free(union));
    }
    assertThat(union.lower().resolve("f")).hasContent("text");
  }

  private static boolean free(Union union) {
    try {
      return Command.script(Account.ROOT, "flock -n '" + union.upper() + "' true").run().status()
          == 0;
    } catch (java.io.IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }
}
