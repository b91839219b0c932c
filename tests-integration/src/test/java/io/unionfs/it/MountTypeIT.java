package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
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

  /* Of an absolute path umount(8) learns no more than "fuse", unless it was told at the mount. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void umountCallsTheHelperThatTheMountNamed(Union union) throws Exception {
    union.layers("lower f file \"text\"");
    String script =
        """
        sbin=$(readlink -f /sbin)
        mkdir -p /run/mount; mount -t tmpfs none /run/mount
        mount -t tmpfs none /srv; mkdir /srv/u /srv/w
        mount -t overlay -o lowerdir=$sbin,upperdir=/srv/u,workdir=/srv/w none $sbin
        ln -s '%1$s/mount.fuse.unionfs-mount' $sbin
        cd '%2$s'
        {
          echo '#!/bin/sh'
          echo 'echo called'
          echo 'exec "%1$s/umount.fuse.unionfs-mount" "$@"'
        } > $sbin/umount.fuse.unionfs-mount
        chmod 755 $sbin/umount.fuse.unionfs-mount
        mount -t fuse.unionfs-mount none "$PWD/mnt" \\
          -o "lowerdir=$PWD/lower,upperdir=$PWD/upper,uhelper=fuse.unionfs-mount" 2>&1
        cat mnt/f
        umount "$PWD/mnt"
        flock --nonblock upper echo free
        mountpoint -q mnt || echo unmounted
        """
            .formatted(COMMANDS, union.home());

    String said = Command.of(Account.ROOT, "unshare", "--mount", "bash", "-euc", script).output();

    assertThat(said).isEqualTo("textcalled\nfree\nunmounted\n");
  }

  /* The line of docs/MOUNT.md, and a name with a blank. Never for processes of its own group, so it gets another. */
  @Tag("system")
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void automounterMountsAndUnmounts(Union union) throws Exception {
    Needs.programs("automount");
    String script =
        """
        sbin=$(readlink -f /sbin)
        mount -t tmpfs none /srv; mkdir /srv/u1 /srv/w1 /srv/a /srv/b /srv/c '/srv/d e'
        mount -t overlay -o lowerdir=$sbin,upperdir=/srv/u1,workdir=/srv/w1 none $sbin
        ln -s '%s/mount.fuse.unionfs-mount' '%s/umount.fuse.unionfs-mount' $sbin
        mount -t tmpfs none /mnt; mkdir /mnt/auto
        echo 'of a' > /srv/a/f
        echo 'of b' > /srv/b/g
        echo 'of d e' > '/srv/d e/h'
        cd '%s'
        echo "/mnt/auto $PWD/map --timeout=1" > master
        grep '^x  -fstype=' '%s' > map
        echo 'y  -fstype=fuse.unionfs-mount,lowerdir="/srv/d e"  :none' >> map
        setsid automount -f "$PWD/master" > log 2>&1 & automounter=$!
        trap 'kill $automounter; wait' EXIT
        ready() { grep -q " /mnt/auto autofs " /proc/mounts; }
        gone() { ! grep -q " /mnt/auto/. fuse.unionfs-mount " /proc/mounts; }
        until ready || [ $SECONDS -gt 30 ]; do :; done
        cat /mnt/auto/x/f /mnt/auto/x/g /mnt/auto/y/h
        echo new > /mnt/auto/x/n
        ! gone || exit 9
        until gone || [ $SECONDS -gt 60 ]; do :; done
        gone
        cat /srv/c/n
        """
            .formatted(
                COMMANDS, COMMANDS, union.home(), Path.of("..", "docs", "MOUNT.md").toRealPath());

    String said = Command.of(Account.ROOT, "unshare", "--mount", "bash", "-euc", script).output();

    assertThat(said).isEqualTo("of a\nof b\nof d e\nnew\n");
  }
}
