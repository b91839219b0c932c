package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What the kernel transport can and libfuse 2 cannot; docs/DEVIATIONS.md says what happens there.
 */
class FeaturesIT {
  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void renameFlagsWorkAsRenameat2Says(Union union) throws Exception {
    union.layers(
        """
        lower a file "a"
        lower b file "b"
        lower d/x file "x"
        upper u file "u"
        upper p/y file "y"
        """);
    union.mount();

    assertThat(union.call("rename2", "a", "b", "1")).isEqualTo("EEXIST");
    assertThat(union.call("rename2", "a", "new", "1")).isEqualTo("0");
    assertThat(union.call("rename2", "new", "u", "2")).isEqualTo("0");
    assertThat(union.call("rename2", "b", "none", "2")).isEqualTo("ENOENT");
    assertThat(union.call("rename2", "p", "b", "2")).isEqualTo("0");
    assertThat(union.call("rename2", "d", "b", "2")).isEqualTo("EXDEV");
    assertThat(union.call("rename2", "u", "w", "4")).isEqualTo("EINVAL");
    assertThat(union.call("rename2", "u", "w", "3")).isEqualTo("EINVAL");
    assertThat(union.run("cat new u b/y p; ls")).isEqualTo("uayb" + "b\nd\nnew\np\nu\n");
    union.remount();
    assertThat(union.run("cat new u b/y p; ls")).isEqualTo("uayb" + "b\nd\nnew\np\nu\n");
  }

  @MountTest(variants = Variant.JNR_FUSE)
  void renameFlagsOfLibfuseAreRefused(Union union) throws Exception {
    union.layers("lower a file \"a\"\nlower b file \"b\"").mount();

    assertThat(union.call("rename2", "a", "b", "1")).isEqualTo("EEXIST");
    assertThat(union.call("rename2", "a", "b", "2")).isEqualTo("EINVAL");
    assertThat(union.run("cat a b")).isEqualTo("ab");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void unnamedFileGetsANameOrGoes(Union union) throws Exception {
    union.layers("lower d/gone file \"\"\nlower s dir 2775").mount();
    String group = union.run("stat -c %g s; rm d/gone").strip();

    assertThat(union.call("tmpfile", "d", "666", "027", "d/n"))
        .isEqualTo("100640 " + union.account().gid() + " 0 1 13");
    assertThat(union.call("tmpfile", "d", "600", "0", "d/gone")).endsWith(" 0 1 13");
    assertThat(union.call("tmpfile", "s", "600", "0", "s/n"))
        .isEqualTo("100600 " + group + " 0 1 13");
    assertThat(union.call("tmpfile", "d", "600", "0", "")).endsWith(" 0 0 6");
    assertThat(union.call("tmpfile", "d", "600", "0", "d/n")).isEqualTo("EEXIST");
    assertThat(union.run("cat d/n d/gone; ls d"))
        .isEqualTo("first\nsecond\nfirst\nsecond\ngone\nn\n");
    union.remount();
    assertThat(union.run("cat d/n d/gone; ls d"))
        .isEqualTo("first\nsecond\nfirst\nsecond\ngone\nn\n");
  }

  @MountTest(variants = Variant.JNR_FUSE)
  void unnamedFilesAreNotInLibfuse(Union union) throws Exception {
    union.layers("lower d/x file \"\"").mount();

    assertThat(union.call("tmpfile", "d", "600", "0", "d/n")).isEqualTo("EOPNOTSUPP");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void holesAreShownAlsoOfWhatIsNotWrittenBack(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; truncate -s 1M f; printf x | dd of=f bs=1 seek=524288 conv=notrunc status=none")
        .output();
    union.mount();

    assertThat(union.call("dirty_holes", "n")).isEqualTo("0-4096 1048576-1052672");
    assertThat(union.call("holes", "n")).isEqualTo("0-4096 1048576-1052672");
    assertThat(union.call("holes", "f")).isEqualTo("524288-528384");
    union.run("chmod 600 f");
    assertThat(union.call("holes", "f")).isEqualTo("524288-528384");
  }

  @MountTest(variants = Variant.JNR_FUSE)
  void holesAreNotShownByLibfuse(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    assertThat(union.call("dirty_holes", "n")).isEqualTo("0-2097152");
  }

  @MountTest
  void rangesAreCopied(Union union) throws Exception {
    union.layers("lower f file \"0123456789\"\nlower g file \"abc\"").mount();

    assertThat(union.call("copy_range", "f", "2", "new", "0", "4")).isEqualTo("4");
    assertThat(union.call("copy_range", "f", "8", "g", "3", "100")).isEqualTo("2");
    assertThat(union.call("copy_range", "f", "0", "f", "10", "5")).isEqualTo("5");
    assertThat(union.call("copy_range", "f", "20", "g", "0", "5")).isEqualTo("0");
    assertThat(union.run("cat new; echo; cat g; echo; cat f"))
        .isEqualTo("2345\nabc89\n012345678901234");
  }

  @MountTest
  void spaceIsAllocatedAndFreed(Union union) throws Exception {
    Command.script(
            union.account(), "head -c 64K /dev/zero | tr '\\0' x > '" + union.lower() + "/f'")
        .output();
    union.mount();

    assertThat(union.call("fallocate", "f", "1", "65536", "65536")).isEqualTo("0");
    assertThat(union.run("stat -c %s f")).isEqualTo("65536\n");
    assertThat(union.call("fallocate", "f", "0", "65536", "10")).isEqualTo("0");
    assertThat(union.run("stat -c %s f")).isEqualTo("65546\n");
    assertThat(union.call("fallocate", "f", "3", "4096", "4096")).isEqualTo("0");
    assertThat(union.run("head -c 8192 f | tr -d '\\0' | wc -c")).isEqualTo("4096\n");
    assertThat(union.call("fallocate", "f", "8", "0", "4096")).isEqualTo("EOPNOTSUPP");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void timeOfBirthAndFileFlagsAreThere(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower d/x file \"\"").mount();

    assertThat(union.call("born", "f")).isEqualTo("True True");
    assertThat(
            union.run("chattr +A f && lsattr f | grep -c A; chattr +d d; lsattr -d d | grep -c d-"))
        .isEqualTo("1\n1\n");
    assertThat(union.call("fsxattr", "f")).isEqualTo("64");
    assertThat(union.run("cat f")).isEqualTo("text");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void kernelEvaluatesAcls(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower g file \"text\"\nlower d dir 0755").mount();
    String user = Integer.toString(Account.USER.uid());

    union.run("chmod 600 f g; setfacl -m u:" + user + ":rw f; setfacl -d -m u:" + user + ":rwx d");
    union.run("umask 077; echo new > d/n");

    assertThat(
            Command.script(
                    Account.USER, "cd '" + union.point() + "'; cat f; echo more >> f; cat d/n")
                .output())
        .isEqualTo("textnew\n");
    assertThat(Command.script(Account.USER, "cat '" + union.point() + "/g'").run().err())
        .contains("Permission denied");
    union.run("chmod g-rw f");
    assertThat(Command.script(Account.USER, "cat '" + union.point() + "/f'").run().err())
        .contains("Permission denied");
    union.remount();
    assertThat(union.run("getfacl -cn f | grep user:" + user))
        .contains("rw-")
        .contains("#effective:---");
  }

  @MountTest(accounts = Account.ROOT)
  void writesOfOthersTakePrivilegesAway(Union union) throws Exception {
    union.layers(
        "lower f file \"text\"\nlower g file \"text\"\nlower h file \"text\"\nlower c file \"text\"");
    Command.script(
            Account.ROOT,
            "cd '"
                + union.lower()
                + "'; chmod 6777 f g h; chmod 777 c; setcap cap_net_raw+ep c; getcap c")
        .output();
    union.mount();

    Command.script(
            Account.USER,
            "cd '"
                + union.point()
                + "'; echo x >> f; truncate -s 1 g; fallocate -l 100 h; echo x >> c")
        .output();

    assertThat(union.run("stat -c %a f g h; getcap c")).isEqualTo("777\n777\n777\n");
    union.remount();
    assertThat(union.run("stat -c %a f g h; getcap c")).isEqualTo("777\n777\n777\n");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void renameFlagsAnswerAsInAPlainDirectory(Union union) throws Exception {
    union.layers(
        """
        lower a file "a"
        lower gone file "gone"
        lower h1 file "h"
        lower h2 hardlink "h1"
        lower pipe fifo
        lower link symlink "a"
        upper u file "u"
        upper new/x file "x"
        """);
    union.incomparable("overlayfs counts names of lower hard links otherwise");
    union.mount();
    union.run("rm gone");

    union.sameAsPlain(
        """
        r() { echo "$* $(python3 '%s' rename2 "$@")"; }
        r u gone 1; r gone u 1; r u u 1; r u u 2; r u gone 2
        r h1 h2 0; r h1 h2 1; r h1 h2 2; stat -c '%%n %%h' h1 h2
        r pipe a 2; r link a 2; stat -c '%%n %%F' pipe a link
        r new new/x 2; r new/x new 2; r new/x new 1; r new new/y 2; r new link 2
        r a u 8; r a u 5; r a u 6; r none/a u 1; r a u/x 1
        ls -R; cat u pipe h1 h2
        """
            .formatted(union.calls()));
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void privilegesAndAclsChangeAsInAPlainDirectory(Union union) throws Exception {
    union.layers("lower d dir 2775");
    Command.script(
            Account.ROOT,
            "cd '"
                + union.lower()
                + "'; for f in own own2 s1 s2 s3 s4 c1 c2 c3 c4; do echo text > $f; done; chmod 666 c?;"
                + " for f in c?; do setcap cap_net_raw+ep $f; done; chmod 6777 s?; chown "
                + Account.USER.uid()
                + ":daemon own own2; chmod 2777 own; setfacl -d -m u:daemon:rwx,g::r d")
        .output();
    union.mount();

    union.sameAsPlain(
        """
        user() { setpriv --reuid=%d --regid=%d --clear-groups bash -c "$1"; }
        user 'setfacl -m u:daemon:rw own; chmod 2755 own2'
        user 'echo x >> c1; truncate -s 1 c2; fallocate -l 100 c3'
        user 'echo x >> s1; : > s2'
        chown 1 c4 s3; chmod 6755 s4; chown 2 s4
        python3 '%s' tmpfile d 666 022 d/t | cut -d ' ' -f 1
        stat -c '%%n %%a %%u:%%g' own own2 s? d/t; getcap c?; getfacl -n own d d/t
        """
            .formatted(Account.USER.uid(), Account.USER.gid(), union.calls()));
  }

  /* What is made in a work directory that hands an ACL down would let others in. */
  @MountTest
  void defaultAclOfTheWorkDirectoryIsNotHandedDown(Union union) throws Exception {
    union.layers(
        """
        lower f file "text"
        lower gone file "text"
        lower d/f file "text"
        """);
    Command.script(
            union.account(),
            "cd '"
                + union.home()
                + "'; mkdir -p -m 700 work/work; setfacl -R -d -m u:daemon:rwx work; setfacl -R -m u:daemon:rwx work; chmod 640 lower/f; setfacl -d"
                + " -m u:daemon:rwx .")
        .output();
    union.mount();

    union.run("touch f; rm gone; umask 027; echo more > gone; rm -r d; mkdir d; echo > d/new");
    union.unmount();

    assertThat(
            Command.script(
                    Account.ROOT,
                    "cd '"
                        + union.upper()
                        + "'; getfacl -cp f gone d d/new | sed -n /daemon/p; stat -c %a f gone")
                .output())
        .isEqualTo("640\n640\n");
    assertThat(Command.script(Account.ROOT, "stat -c %a '" + union.work() + "/work'").output())
        .isEqualTo("700\n");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void immutableUpperFileStaysAsItIs(Union union) throws Exception {
    union.layers("upper u file \"text\"\nlower l file \"text\"").mount();
    try {
      union.run("chattr +i u l");

      for (String change : new String[] {"rm u", "mv l x", "chmod 1 u", ": > l", "ln u x"}) {
        assertThat(union.attempt(change).err()).contains("Operation not permitted");
      }
      // the cached profile learns it when it writes back
      assertThat(union.call("close_error", "u", "more")).contains("EPERM");
      Union.dropCaches();
      assertThat(union.run("cat u l; ls")).isEqualTo("texttextl\nu\n");
    } finally {
      Command.script(Account.ROOT, "chattr -R -i '" + union.upper() + "'").output();
    }
    union.run("echo more >> u; rm l");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void appendOnlyUpperFileMayBeTouched(Union union) throws Exception {
    union.layers("upper a file \"text\"").mount();
    try {
      union.run("chattr +a a");

      String before = union.run("stat -c %.Y a");
      union.run("touch a");
      union.remount();
      assertThat(union.run("stat -c %.Y a")).isGreaterThan(before);
      assertThat(union.attempt("touch -d 2001-01-01 a").err()).contains("not permitted");
      assertThat(union.run("touch -c a; cat a")).isEqualTo("text");
      union.remount(); // what the host took for now may be a moment after what the kernel did
    } finally {
      Command.script(Account.ROOT, "chattr -R -a '" + union.upper() + "'").output();
    }
  }

  /* The host would take it for a modification of its own time, if the kernel's has not changed since a write. */
  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void allocatingAndCopyingLeaveTheTimeThatIsShown(Union union) throws Exception {
    union.mount();

    String shown =
        union.run(
            """
            head -c 65536 /dev/zero > source
            python3 - <<'END'
            import ctypes, os
            libc = ctypes.CDLL(None, use_errno=True)
            source = os.open("source", os.O_RDONLY)
            for i in range(40):
              fd = os.open("f%d" % i, os.O_RDWR | os.O_CREAT)
              os.write(fd, bytes(65536))
              if i % 2:
                assert os.copy_file_range(source, fd, 4096, 0, 0) == 4096
              else:
                for at in (0, 8192):
                  assert libc.fallocate(fd, 3, ctypes.c_long(at), ctypes.c_long(4096)) == 0, ctypes.get_errno()
              os.fsync(fd)
            END
            stat -c '%n %y' f*
            """);
    union.remount();

    assertThat(union.run("stat -c '%n %y' f*")).isEqualTo(shown);
  }

  /* posix_acl_update_mode() */
  @MountTest(accounts = Account.ROOT)
  void settingAnAclTakesTheGroupIdBitFromWhoIsNotInTheGroup(Union union) throws Exception {
    union.mount();

    union.sameAsPlain(
        """
        for groups in '--regid 101 --clear-groups' '--regid 101 --groups 100,102' '--regid 100 --clear-groups'; do
          touch f
          chown 99:100 f
          chmod 2755 f
          setpriv --reuid 99 $groups setfacl -m g::rwx f
          stat -c %A f
          rm f
        done
        """);
  }
}
