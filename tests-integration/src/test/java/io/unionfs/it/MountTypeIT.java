package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

/** The forms in which mount(8) and fstab may name the type. */
class MountTypeIT {
  /* The program has to lie where mount.fuse3 looks for it. */
  private static final String PLACE =
      "mount -t tmpfs none /usr/local/sbin; ln -s '%s' /usr/local/sbin/unionfs-mount; ";

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void typeFuseTakesTheProgramFromTheSource(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    String script =
        PLACE.formatted(Tool.mount())
            + "mount -t fuse -o 'lowerdir=%s,upperdir=%s' 'unionfs-mount#base' '%s'; cat '%s/f'; findmnt -no SOURCE,FSTYPE '%s'; umount '%s'"
                .formatted(
                    union.lower(),
                    union.upper(),
                    union.point(),
                    union.point(),
                    union.point(),
                    union.point());

    String said = Command.of(Account.ROOT, "unshare", "--mount", "bash", "-euc", script).output();

    assertThat(said).startsWith("text").containsPattern("base +fuse.unionfs-mount\n");
  }
}
