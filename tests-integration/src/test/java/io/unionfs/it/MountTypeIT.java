package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import org.junit.jupiter.api.Tag;

/** Those that mount by the type: mount(8) with each spelling of it, and the automounter. */
class MountTypeIT {
  private static final String COMMANDS = Tool.mount().substring(0, Tool.mount().lastIndexOf('/'));

  /* The program has to lie where mount.fuse3 looks for it. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void typeFuseTakesTheProgramFromTheSource(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    String script =
        """
        mount -t tmpfs none /usr/local/sbin
        ln -s '%s/unionfs-mount' /usr/local/sbin
        cd '%s'
        mount -t fuse -o "lowerdir=$PWD/lower,upperdir=$PWD/upper" 'unionfs-mount#base' mnt
        cat mnt/f
        findmnt -no SOURCE,FSTYPE mnt
        umount mnt
        """
            .formatted(COMMANDS, union.home());

    String said = Command.of(Account.ROOT, "unshare", "--mount", "bash", "-euc", script).output();

    assertThat(said).startsWith("text").containsPattern("base +fuse.unionfs-mount\n");
  }

  /* Never for processes of its own group, so it gets another. */
  @Tag("system")
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void automounterMountsAndUnmounts(Union union) throws Exception {
    Needs.programs("automount");
    union.layers("lower f file \"text\\n\"");
    Files.createDirectory(union.home().resolve("auto"));
    String script =
        """
        mount -t tmpfs none /srv; mkdir /srv/u /srv/w; sbin=$(readlink -f /sbin)
        mount -t overlay -o lowerdir=$sbin,upperdir=/srv/u,workdir=/srv/w none $sbin
        ln -s '%s/mount.fuse.unionfs-mount' '%s/umount.fuse.unionfs-mount' $sbin
        cd '%s'
        echo "$PWD/auto $PWD/map --timeout=1" > master
        echo "u -fstype=fuse.unionfs-mount,lowerdir=$PWD/lower,upperdir=$PWD/upper :none" > map
        setsid automount -f "$PWD/master" > log 2>&1 & automounter=$!
        trap 'kill $automounter; wait' EXIT
        ready() { grep -q " $PWD/auto autofs " /proc/mounts; }
        gone() { ! grep -q " $PWD/auto/u fuse.unionfs-mount " /proc/mounts; }
        until ready || [ $SECONDS -gt 30 ]; do :; done
        cat auto/u/f
        echo new > auto/u/n
        ! gone || exit 9
        until gone || [ $SECONDS -gt 60 ]; do :; done
        gone
        cat upper/n
        """
            .formatted(COMMANDS, COMMANDS, union.home());

    String said = Command.of(Account.ROOT, "unshare", "--mount", "bash", "-euc", script).output();

    assertThat(said).isEqualTo("text\nnew\n");
  }
}
