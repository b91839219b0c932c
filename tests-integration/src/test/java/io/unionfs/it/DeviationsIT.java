package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;

/** What docs/DEVIATIONS.md says happens instead, where no other test shows it. */
class DeviationsIT {
  /* Each call prints 0 or the name of its errno. */
  private static final String CALLS =
      """
      import ctypes, errno, fcntl, os, sys
      libc = ctypes.CDLL(None, use_errno=True)
      def tell(name, call):
          ctypes.set_errno(0)
          try:
              code = ctypes.get_errno() if call() == -1 else 0
          except OSError as e:
              code = e.errno
          print(name, "EOPNOTSUPP" if code == errno.EOPNOTSUPP else errno.errorcode.get(code, code))
      """;

  private static String python(Union union, String script) throws Exception {
    return union.run("python3 - <<'END'\n" + CALLS + script + "\nEND\n");
  }

  @MountTest
  void readingDoesNotChangeAccessTimes(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower d/x file \"\"").mount();

    union.run("touch -a -d 2001-01-01T00:00:00Z f d; cat f; ls d");
    assertThat(union.run("stat -c %X f d")).isEqualTo("978307200\n978307200\n");
  }

  /* A backup that goes by the time of change may take a file twice, but never misses one. */
  @MountTest(variants = Variant.KERNEL)
  void timeOfChangeMayBeThatOfTheWriteBackButNeverEarlier(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();
    String times =
        "python3 -c 'import os; s = os.stat(\"f\"); print(s.st_ctime_ns, s.st_mtime_ns, end=\"\")'";

    union.run("echo more >> f");
    String[] shown = union.run(times).split(" ", -1);
    union.remount();
    String[] later = union.run(times).split(" ", -1);

    assertThat(later[1]).isEqualTo(shown[1]);
    assertThat(Long.parseLong(later[0])).isGreaterThanOrEqualTo(Long.parseLong(shown[0]));
  }

  @MountTest(variants = Variant.KERNEL)
  void namesOfFifosAreCountedApartAfterAMountWithoutPrivileges(Union union) throws Exception {
    union.layers("lower a fifo\nlower b hardlink \"a\"").incomparable("hard links").mount();

    assertThat(union.run("mv a c; stat -c %h b c")).isEqualTo("2\n2\n");
    union.remount();
    assertThat(union.run("stat -c %h b c"))
        .isEqualTo(union.account() == Account.ROOT ? "2\n2\n" : "1\n1\n");
  }

  @MountTest(variants = {Variant.PASSTHROUGH, Variant.JNR_FUSE})
  void timeOfChangeIsThatOfTheHostWithoutWriteBack(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    union.run("echo more >> f");
    String shown = union.run("stat -c %z f");
    union.remount();
    assertThat(union.run("stat -c %z f")).isEqualTo(shown);
  }

  @MountTest
  void requestsThatTheProtocolLacksAreRefused(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    String said =
        python(
            union,
            """
            fd = os.open("f", os.O_RDWR)
            os.ftruncate(fd, 65536)
            other = os.open("g", os.O_RDWR | os.O_CREAT)
            off = ctypes.c_long
            for mode in (0x08, 0x20, 0x40):
                tell("fallocate %#x" % mode,
                     lambda: libc.fallocate(fd, mode, off(0), off(4096)))
            tell("FICLONE", lambda: fcntl.ioctl(other, 0x40049409, fd))
            tell("FICLONERANGE", lambda: fcntl.ioctl(
                other, 0x4020940d, b"".join(x.to_bytes(8, "little") for x in (fd, 0, 4096, 0))))
            tell("FIEMAP", lambda: fcntl.ioctl(fd, 0xc020660b, bytearray(32)))
            tell("syncfs", lambda: libc.syncfs(fd))
            """);

    assertThat(said)
        .isEqualTo(
            """
            fallocate 0x8 EOPNOTSUPP
            fallocate 0x20 EOPNOTSUPP
            fallocate 0x40 EOPNOTSUPP
            FICLONE EOPNOTSUPP
            FICLONERANGE EOPNOTSUPP
            FIEMAP EOPNOTSUPP
            syncfs 0
            """);
    assertThat(Files.readString(union.log())).doesNotContain("SYNCFS");
  }

  @MountTest(accounts = Account.ROOT)
  void swapFilesAreRefused(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    union.run("head -c 1M /dev/zero > s; chmod 600 s; mkswap s");
    assertThat(python(union, "tell('swapon', lambda: libc.swapon(b's', 0))\nos.path.exists('s')"))
        .isEqualTo("swapon EINVAL\n");
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void setgidWithoutGroupExecuteStaysWhenOthersWrite(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();
    union.run("chmod 2646 f");

    Command.script(Account.USER, "echo x >> '" + union.point() + "/f'").output();
    assertThat(union.run("stat -c %a f")).isEqualTo("2646\n");
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void bytesMappedBehindTheEndAreTheirsOrZero(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    String said =
        python(
            union,
            """
            import mmap
            fd = os.open("f", os.O_RDWR)
            os.ftruncate(fd, 4096)
            with mmap.mmap(fd, 4096) as m:
                os.ftruncate(fd, 4)
                m[100] = 0x78
                os.ftruncate(fd, 200)
            print(os.pread(fd, 4, 0), os.pread(fd, 1, 100) in (b"x", bytes(1)), os.pread(fd, 1, 101))
            """);

    assertThat(said).isEqualTo("b'text' True b'\\x00'\n");
  }

  @MountTest(variants = Variant.KERNEL)
  void holesAreNotShownWhereNoThreadCanWait(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount("--threads", "1");

    assertThat(union.call("dirty_holes", "n")).isEqualTo("0-2097152");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.PASSTHROUGH)
  void appendOnlyFlagDoesNotReachOpenFiles(Union union) throws Exception {
    union.layers("upper f file \"text\"").mount();

    assertThat(union.run("exec 3<>f; chattr +a f; printf T >&3; cat f; chattr -a f"))
        .isEqualTo("Text");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void dataThatFoundNoRoomIsShownUntilItIsForgotten(Union union) throws Exception {
    union.incomparable("the upper is a directory of its own");
    Command.script(
            Account.ROOT,
            "cd '"
                + union.home()
                + "'; mount -t tmpfs -o size=4m none upper; mkdir upper/u upper/w;"
                + " echo low > lower/l")
        .output();
    try {
      Command.of(
              Account.ROOT,
              Tool.mount(),
              "--transport",
              "kernel",
              "--lower",
              union.lower().toString(),
              "--upper",
              union.upper() + "/u",
              "--work",
              union.upper() + "/w",
              union.point().toString())
          .output();

      assertThat(union.attempt("head -c 8M /dev/zero | tr '\\0' x > m; sync m").err())
          .contains("No space left");
      assertThat(union.run("tr -d x < m | wc -c; rm m; cat l")).isEqualTo("0\nlow\n");
    } finally {
      Command.of(Account.ROOT, Tool.unionfs(), "umount", union.point().toString()).output();
      Command.of(Account.ROOT, "umount", union.upper().toString()).output();
    }
  }

  @MountTest(variants = Variant.JNR_FUSE)
  void libfuseHasNoIoctlsAndNoTimeOfBirth(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    assertThat(
            python(
                union,
                """
                fd = os.open("f", os.O_RDONLY)
                tell("GETFLAGS", lambda: fcntl.ioctl(fd, 0x80086601, bytearray(8)))
                tell("FSGETXATTR", lambda: fcntl.ioctl(fd, 0x801c581f, bytearray(28)))
                """))
        .isEqualTo("GETFLAGS ENOTTY\nFSGETXATTR ENOTTY\n");
    assertThat(union.run("stat -c %W f")).isEqualTo("0\n");
    assertThat(union.run("chmod 600 f; stat -c %W f")).isEqualTo("0\n");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.JNR_FUSE)
  void libfuseForgetsHandles(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();
    String handle = union.call("handle_of", "f");
    union.remount();

    assertThat(union.call("by_handle", handle)).isEqualTo("ESTALE");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.JNR_FUSE)
  void libfuseNeverGivesMoreThanTheAcl(Union union) throws Exception {
    union
        .layers("lower f file \"text\"\nlower g file \"text\"")
        .incomparable("it shows the ACL")
        .mount();
    String user = Integer.toString(Account.USER.uid());
    union.run("chmod 644 f; setfacl -m u:" + user + ":- f; setfacl -m u:1:rw g; chmod o= g");

    assertThat(Command.script(Account.USER, "cat '" + union.point() + "/f'").run().err())
        .contains("Permission denied");
    assertThat(union.run("stat -c %A f g")).isEqualTo("-rw-------\n-rw-r-----\n");
  }

  @MountTest(variants = Variant.JNR_FUSE)
  void namesOfOneFileHaveTheSameContentAtEachOpenInLibfuse(Union union) throws Exception {
    union.layers("lower a file \"old\\n\"").mount();

    assertThat(union.run("ln a b; exec 3<a; cat b; echo new >> b; cat a b; echo last >> a; cat b"))
        .isEqualTo("old\nold\nnew\nold\nnew\nold\nnew\nlast\n");
  }

  @MountTest(variants = Variant.JNR_FUSE, accounts = Account.ROOT)
  void twoNamesOfAFileAreTwoFilesToRenameInLibfuse(Union union) throws Exception {
    union.layers("lower a file \"text\"").mount();

    assertThat(
            python(
                union,
                """
                os.link("a", "b")
                tell("owner", lambda: os.rename("a", "b"))
                os.seteuid(65534)
                tell("other", lambda: os.rename("a", "b"))
                """))
        .isEqualTo("owner 0\nother EACCES\n");
    assertThat(union.run("ls")).isEqualTo("a\nb\n");
  }

  @MountTest(variants = Variant.KERNEL)
  void mappedDataOfASetIdFileTakeTheBitsFromAServerWithoutPrivileges(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    python(
        union,
        """
        import mmap
        with open("f", "r+") as file:
            mapped = mmap.mmap(file.fileno(), 4)
            os.chmod("f", 0o4755)
            mapped[0:4] = b"TEXT"
            mapped.flush()
            os.fsync(file.fileno())
        """);
    union.remount();
    assertThat(union.run("stat -c %a f"))
        .isEqualTo(union.account() == Account.ROOT ? "4755\n" : "755\n");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void mappedDataOfAFileWithCapabilitiesTakeThemAway(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    union.run("setcap cap_net_raw+ep f");
    python(
        union,
        """
        import mmap
        with open("f", "r+") as file:
            mapped = mmap.mmap(file.fileno(), 4)
            mapped[0:4] = b"TEXT"
            mapped.flush()
            os.fsync(file.fileno())
        """);
    union.remount();
    assertThat(union.run("cat f; getcap f")).isEqualTo("TEXT");
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.PASSTHROUGH)
  void mappedWritesToWhatWasOpenedInALowerChangeTheTimeWhenTheyAreWrittenBack(Union union)
      throws Exception {
    union.layers("lower f file \"text\"\nupper g file \"text\"").mount();

    assertThat(
            python(
                union,
                """
                import mmap
                for name in "f", "g":
                    with open(name, "r+") as file:
                        mapped = mmap.mmap(file.fileno(), 4)
                        os.utime(name, (1000, 1000))
                        mapped[0:4] = b"TEXT"
                        print(name, os.stat(name).st_mtime == 1000)
                        mapped.flush()
                        print(open(name).read(), os.stat(name).st_mtime == 1000)
                """))
        .isEqualTo("f True\nTEXT False\ng False\nTEXT False\n");
  }

  @MountTest(variants = Variant.JNR_FUSE)
  void mappedWritesChangeTheTimeWhenTheyAreWrittenBackInLibfuse(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    assertThat(
            python(
                union,
                """
                import mmap
                os.utime("f", (1000, 1000))
                with open("f", "r+") as file:
                    mapped = mmap.mmap(file.fileno(), 4)
                    mapped[0:4] = b"TEXT"
                    print(os.stat("f").st_mtime == 1000)
                    mapped.flush()
                    print(open("f").read(), os.stat("f").st_mtime == 1000)
                """))
        .isEqualTo("True\nTEXT False\n");
  }

  @MountTest(variants = Variant.JNR_FUSE)
  void removedDirectoriesAreGoneInLibfuse(Union union) throws Exception {
    union.layers("lower f file \"text\"").mount();

    assertThat(
            python(
                union,
                """
                os.mkdir("d")
                file = os.open("d/f", os.O_RDWR | os.O_CREAT)
                at = os.open("d", os.O_RDONLY)
                os.unlink("d/f")
                os.rmdir("d")
                tell("write", lambda: os.write(file, b"text"))
                tell("read", lambda: os.pread(file, 4, 0))
                tell("fstat", lambda: os.fstat(file) and 0)
                tell("ftruncate", lambda: os.ftruncate(file, 2))
                tell("fsync", lambda: os.fsync(file))
                tell("fchmod", lambda: os.fchmod(file, 0o600))
                tell("utimens", lambda: os.utime(file, (1, 1)))
                tell("list", lambda: os.listdir(at) and 0)
                """))
        .isEqualTo(
            """
            write 0
            read 0
            fstat 0
            ftruncate 0
            fsync 0
            fchmod ENOENT
            utimens ENOENT
            list ENOENT
            """);
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.JNR_FUSE)
  void copyUpGoesOnInLibfuseWhoeverIsKilledOrWaits(Union union) throws Exception {
    Command.script(
            Account.ROOT,
            "mkdir '"
                + union.lower()
                + "/d' && head -c 32M /dev/urandom > '"
                + union.lower()
                + "/d/big'")
        .output();
    union.mount();

    assertThat(
            union.run(
                """
                chmod 600 d/big & copier=$!
                kill -KILL $copier
                wait $copier 2>/dev/null || true
                (chmod 640 d/big; echo done) &
                stat -c %s d/big; ls d
                wait
                stat -c %a d/big
                """))
        .contains("33554432\n", "big\n", "done\n")
        .endsWith("640\n");
    union.run("cmp d/big '" + union.lower() + "/d/big'");
  }

  @MountTest(variants = Variant.KERNEL)
  void truncationToTheSameSizeShowsTheOldTimeUntilItIsForgotten(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower g file \"text\"").mount();
    String changed = "find f g -newermt 2002-01-01 | sort | tr '\\n' ' '";

    union.run("touch -d 2001-01-01 f g; python3 -c 'import os; os.truncate(\"f\", 4)'");
    union.run("python3 -c 'import os; os.ftruncate(os.open(\"g\", os.O_RDWR), 4)'");
    assertThat(union.run(changed)).isEqualTo("g ");
    union.remount();
    assertThat(union.run(changed)).isEqualTo("f g ");
  }

  @MountTest(variants = Variant.JNR_FUSE)
  void libfuseKeepsOnlyWhatItHasOpened(Union union) throws Exception {
    union.layers("lower p fifo\nlower f file \"text\"\nlower g file \"text\"").mount();

    String said =
        python(
            union,
            """
            fifo = os.open("p", os.O_RDWR | os.O_NONBLOCK)
            path = os.open("f", os.O_PATH)
            file = os.open("g", os.O_RDONLY)
            for name in "pfg":
                os.unlink(name)
            os.write(fifo, b"data")
            print(os.read(fifo, 9).decode(), os.fstat(file).st_nlink)
            tell("fifo", lambda: os.fstat(fifo))
            tell("O_PATH", lambda: os.fstat(path))
            """);

    assertThat(said).isEqualTo("data 0\nfifo ENOENT\nO_PATH ENOENT\n");
  }

  @MountTest
  void writingToAFifoDoesNotChangeItsTime(Union union) throws Exception {
    union.layers("lower p fifo").mount();

    union.run("touch -d 2001-01-01T00:00:00Z p; exec 3<> p; echo data >&3; read line <&3");
    assertThat(union.run("stat -c %Y p")).isEqualTo("978307200\n");
  }

  @MountTest(variants = Variant.JNR_FUSE)
  void hiddenNamesOfLibfuseAreNobodysFiles(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower .fuse_hidden0123456789abcdef file \"own\"").mount();

    String said =
        python(
            union,
            """
            fd = os.open("f", os.O_RDWR)
            os.unlink("f")
            print(os.listdir("."))
            names = [".fuse_hidden%08x%08x" % (x, y) for x in range(1, 20) for y in range(1, 10)]
            print("seen", [n for n in names if os.path.lexists(n)])
            taken = []
            for n in names:
                try:
                    os.mkdir(n)
                    os.rmdir(n)
                except OSError as e:
                    taken.append(n)
                    print(errno.errorcode[e.errno], len(taken))
            print(os.pread(fd, 10, 0), open(".fuse_hidden0123456789abcdef").read())
            os.close(fd)
            while True:
                try:
                    os.mkdir(taken[0])
                    break
                except OSError as e:
                    assert e.errno == errno.EBUSY  # close is told of some time later
            os.rmdir(taken[0])
            """);

    assertThat(said)
        .isEqualTo(
            """
            ['.fuse_hidden0123456789abcdef']
            seen []
            EBUSY 1
            b'text' own
            """);
  }

  @MountTest(accounts = Account.ROOT, variants = Variant.JNR_FUSE)
  void directoryIsRenamedInLibfuseWhenTheCopyUpBelowItIsDone(Union union) throws Exception {
    Command.script(
            Account.ROOT,
            "cd '%s'; mkdir d; echo x > d/x; head -c 160M /dev/zero | tr '\\0' x > d/big"
                .formatted(union.lower()))
        .output();
    union.incomparable("redirects").mount("--redirect-dir=on");

    assertThat(union.call("rename_over_copy", "d/big", union.work() + "/work", "d", "e", "e/x"))
        .isEqualTo("renamed when the copy was done, 2");
    assertThat(union.run("stat -c '%a %s' e/big; ls")).isEqualTo("600 167772160\ne\n");
  }

  @MountTest(accounts = Account.USER)
  void lowerFilesThatTheServerMayNotReadCannotBeCopiedUp(Union union) throws Exception {
    union.layers(
        """
        lower f     file "lower"
        lower g     file "lower"
        lower h     file "lower"
        lower d/f   file "below"
        upper u     file "upper"
        upper v     file "upper"
        """);
    Command.script(
            union.account(),
            "chmod 0 '%s'/{f,g,h,d} '%s'/{u,v}".formatted(union.lower(), union.upper()))
        .output();
    union.mount();

    assertThat(
            python(
                union,
                """
                for f in ("f", "u"):
                    tell("read " + f, lambda: open(f) and 0)
                    tell("utimes " + f, lambda: os.utime(f, (1, 1)))
                    tell("rename " + f, lambda: os.rename(f, f + "2"))
                    tell("back " + f, lambda: os.path.exists(f) or os.rename(f + "2", f))
                    tell("chmod " + f, lambda: os.chmod(f, 0o600))
                tell("list", lambda: os.listdir("d") and 0)
                tell("look", lambda: os.stat("d/f") and 0)
                tell("make", lambda: os.mkdir("d/new"))
                tell("chmod d", lambda: os.chmod("d", 0o700))
                tell("unlink", lambda: os.unlink("g"))
                tell("rename over", lambda: os.rename("v", "h"))
                """))
        .isEqualTo(
            """
            read f EACCES
            utimes f EACCES
            rename f EACCES
            back f 0
            chmod f EACCES
            read u EACCES
            utimes u 0
            rename u 0
            back u 0
            chmod u 0
            list EACCES
            look EACCES
            make EACCES
            chmod d EACCES
            unlink 0
            rename over 0
            """);
    assertThat(union.run("cat u; stat -c '%n %a' *")).isEqualTo("upperd 0\nf 0\nh 0\nu 600\n");
    union.unmount(); // the tree cannot be walked
  }

  @MountTest(variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void flagsThatChangeShowTheirTimeOfChangeWithoutWriteBackOnly(Union union) throws Exception {
    union.layers("upper f file \"text\"").mount();
    String host = "stat -c %z '" + union.upper() + "/f'";

    String shown = union.run("stat -c %z f");
    union.run(
        "then=$(" + host + "); while [ \"$(" + host + ")\" = \"$then\" ]; do chattr +A f; done");
    boolean stays = union.variant() == Variant.KERNEL;
    assertThat(union.run("stat -c %z f")).isEqualTo(stays ? shown : union.run(host));
    union.remount();
    assertThat(union.run("stat -c %z f")).isEqualTo(union.run(host));
  }

  @MountTest(
      accounts = Account.ROOT,
      variants = {Variant.KERNEL, Variant.PASSTHROUGH})
  void attributesOfStatxAreLeftToTheIoctl(Union union) throws Exception {
    union.layers("upper f file \"text\"").mount();
    union.run("chattr +d f");

    assertThat(
            union.run(
                """
                lsattr f | cut -d ' ' -f 1 | tr -d -- -
                python3 - <<'END'
                import ctypes, struct
                found = ctypes.create_string_buffer(256)
                assert ctypes.CDLL(None).statx(-100, b"f", 0, 0x7ff, found) == 0
                print("nodump", "told" if struct.unpack_from("Q", found, 8)[0] & 0x40 else "not told")
                END
                """))
        .matches("[a-z]*d[a-z]*\nnodump not told\n");
  }

  @MountTest(variants = Variant.KERNEL)
  void directWritesBesideCachedReadsShowOnceTheCacheIsDropped(Union union) throws Exception {
    union.layers("upper f file \"text\"").mount();

    union.run(
        """
        python3 - <<'END'
        import mmap, os, threading
        block = mmap.mmap(-1, 4096)
        direct = os.open("f", os.O_WRONLY | os.O_DIRECT)
        cached = os.open("f", os.O_RDONLY)
        done = threading.Event()
        def read():
          while not done.is_set():
            os.pread(cached, 4096, 0)
        reader = threading.Thread(target=read)
        reader.start()
        for i in range(200):
          block[:] = bytes([i]) * 4096
          assert os.pwritev(direct, [block], 0) == 4096
        done.set()
        reader.join()
        END
        """);

    union.remount();
    assertThat(union.run("od -An -v -tu1 -w1 f | sort -u")).isEqualTo(" 199\n");
  }
}
