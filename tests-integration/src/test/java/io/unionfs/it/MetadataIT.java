package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

class MetadataIT {
  @MountTest
  void modesThatKeepTheirOwnerOutHinderNoChange(Union union) throws Exception {
    union.layers(
        """
        lower a file "a"
        lower a2 hardlink "a"
        lower b file "b"
        lower s file "s"
        lower ro/x file "x"
        lower ro/y file "y"
        lower g file "g"
        lower gone/x file "x"
        lower2 gone/y file "y"
        """);
    Command.script(union.account(), "setfattr -n user.k -v v s; chmod 444 a s; chmod 555 ro gone")
        .in(union.lower())
        .output();
    union.mount();

    union.run(
        "chmod 400 a; test \"$(stat -c '%h %a' a2)\" = '2 400'; rm a2; test $(stat -c %h a) = 1;"
            + " touch -d @5 s; getfattr --only-values -n user.k s; chmod 700 ro; rm ro/x; chmod 500 ro;"
            + " chmod 000 b; mv b c; touch f; chmod 000 f; rm -f f; mkdir d; chmod 000 d; rmdir d;"
            + " mkdir none; chmod 000 none; chmod 000 g; chmod 700 gone; rm gone/*; chmod 500 gone;"
            + " rmdir gone; echo new > w; ln w w2; chmod 000 w; rm w2");
    String shown = union.run("stat -c '%n %a %s %h' *");
    String numbers = union.run("stat -c '%n %i' *");
    union.remount();

    assertThat(union.run("stat -c '%n %a %s %h' *")).isEqualTo(shown);
    assertThat(union.run("stat -c '%n %i' *")).isEqualTo(numbers);
    union.run(
        "chmod 600 c; cat c; rm -f g; rmdir none; chmod 700 ro; rm -r ro; rm -f w a s; ls -A");
  }

  @MountTest
  void inodeNumbersStayOverCopyUpRenameAndRemount(Union union) throws Exception {
    union
        .layers(
            """
            lower d/file file "text"
            lower d/second hardlink "d/file"
            lower d/alone file "alone"
            lower2 d/pipe fifo
            lower2 link symlink "target"
            lower2 d/gone symlink "target"
            """)
        .mount();
    String stat = "stat -c '%i %h %F'";

    String before = union.run(stat + " d d/file d/second d/alone d/pipe link");
    union.run(
        "echo more >> d/file; chmod 600 d/alone d/pipe; touch -h -d @1 link d/gone; mkdir n;"
            + " mv d/alone n/a; mv d/pipe n/p; mv link n/l; mv d/file n/f; mv d/gone n/g; rm n/g");
    assertThat(union.run(stat + " d n/f d/second n/a n/p n/l")).isEqualTo(before);
    union.remount();

    assertThat(union.run(stat + " d n/f d/second n/a n/p n/l")).isEqualTo(before);
    assertThat(union.run("find n -mindepth 1 -printf '%i\\n' | sort"))
        .isEqualTo(union.run("stat -c %i n/* | sort"));
    union.run("rm -r n d");
    union.unmount();
    assertThat(union.work().resolve("index")).doesNotExist();
  }

  @MountTest
  void newFilesGetOwnerAndModeAsInAPlainDirectory(Union union) throws Exception {
    union.layers("lower d/f file \"\"\nlower s dir 2775\nlower s/t dir 2700").mount();

    union.sameAsPlain(
        "for u in 000 022 027 077; do umask $u; touch d/f$u; mkdir d/d$u; mkfifo d/p$u; touch s/f$u;"
            + " mkdir s/d$u s/t/d$u; ln -s x s/l$u; done; umask 022; touch s/t/x; mkdir -m 1777 d/tmp;"
            + " find . -printf '%P %y %m %U %G\\n' | sort");
  }

  @MountTest
  void setIdBitsAreClearedByWritesAndChangesOfOwner(Union union) throws Exception {
    union.layers(
        "lower f file \"text\"\nlower g file \"text\"\nlower h file \"text\"\nlower d dir 2755");
    Command.script(
            union.account(), "cd '" + union.lower() + "'; chmod 6755 f; chmod 2745 g; chmod 6711 h")
        .output();
    union.mount();

    // root keeps them where it writes, as on a plain directory
    union.sameAsPlain(
        "echo x >> f; truncate -s 1 g; chgrp $(id -g) h; chgrp $(id -g) d; chmod 4755 f; echo y > f;"
            + " stat -c '%n %a' f g h d");
  }

  @MountTest
  void changeOfOwnerToNobodyClearsSetIdBits(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower g file \"text\"\nlower d dir 2755");
    Command.script(union.account(), "cd '" + union.lower() + "'; chmod 6755 f; chmod 2745 g")
        .output();
    union.mount();

    union.sameAsPlain(
        "cp f n; chmod 6711 n; python3 -c 'import os\nfor f in \"fgdn\": os.chown(f, -1, -1)';"
            + " stat -c '%n %a' f g d n; chmod 4755 f; echo x >> f; stat -c '%n %a' f");
  }

  @MountTest
  void setIdBitsAreClearedByAllocationsAndCopiesOfOthersThanRoot(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower g file \"text\"\nlower h file \"text\"");
    Command.script(union.account(), "cd '" + union.lower() + "'; chmod 6755 f; chmod 4755 g")
        .output();
    union.mount();

    union.sameAsPlain(
        "fallocate -o 100 -l 100 f; python3 -c 'import os\nos.copy_file_range(os.open(\"h\", 0),"
            + " os.open(\"g\", 2), 4)'; cp g n; chmod 6755 n; fallocate -l 9 n; stat -c '%n %a' f g n");
  }

  @MountTest
  void specialFilesOfALowerAreHandledWithoutOpeningThem(Union union) throws Exception {
    union.layers("lower p fifo\nlower d/p fifo\nlower q fifo\nlower l symlink \"nowhere\"");
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; perl -MIO::Socket::UNIX -e"
                + " 'IO::Socket::UNIX->new(Local => \"sock\", Listen => 1) or die'; touch -h -d"
                + " 2001-02-03 p q sock l")
        .output();
    union.mount();

    union.sameAsPlain(
        "chmod 600 p sock; chown $(id -u):$(id -g) p sock; chown -h $(id -u) l; mv p d/x; ln q r;"
            + " ln l m; rm d/p; mv sock d/; touch -h -d 2002-02-02 m; rm q;"
            + " find . \\( -type p -o -type s -o -type l \\) -printf '%P %y %m %n %l %TY\\n' | sort");
    union.remount();
    assertThat(union.run("find . \\( -type p -o -type s \\) -printf '%P %m\\n' | sort"))
        .isEqualTo("d/sock 600\nd/x 600\nr 644\n");
  }

  @MountTest
  void extendedAttributesAreThoseOfThePlainDirectory(Union union) throws Exception {
    union.layers("lower f file \"\"\nlower d/g file \"\"\nlower l symlink \"f\"");
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; setfattr -n user.a -v 1 f; setfattr -n user.b -v 0x00ff f; setfattr -n user.d -v 2 d")
        .output();
    union.mount();

    union.sameAsPlain(
        "getfattr -d -e hex f d; setfattr -n user.a -v 3 f; setfattr -x user.b f; setfattr -n user.c d;"
            + " for c in '-x user.none f' '-h -n user.x -v 1 l'; do (setfattr $c 2>&1 || true) | sed"
            + " 's/.*: //'; done; getfattr -d -e hex f d; setfattr -n user.big -v $(printf %2000s | tr ' ' x)"
            + " f; getfattr -n user.big --only-values f | wc -c");
    union.remount();
    assertThat(union.run("getfattr -d f | grep -c '^user'")).isEqualTo("2\n");
  }

  @MountTest
  void marksSetByProgramsAreNoMarks(Union union) throws Exception {
    union
        .layers("lower d/f file \"\"")
        .incomparable("overlayfs reads one namespace of marks")
        .mount();

    union.sameAsPlain("setfattr -n user.overlay.opaque -v y d; getfattr -d d; ls -A d");
    union.remount();
    assertThat(union.run("touch d/g; ls -A d")).isEqualTo("f\ng\n");
    assertThat(union.run("getfattr -d -m - d")).doesNotContain("origin").doesNotContain("impure");
  }

  @MountTest
  void timesAreKeptToTheNanosecond(Union union) throws Exception {
    union.layers("lower f file \"text\"\nlower d/g file \"\"\nlower l symlink \"f\"").mount();

    union.sameAsPlain(
        "touch -d '1999-01-02 03:04:05.123456789' f d; touch -h -d '2040-01-01 00:00:00.5' l;"
            + " touch -a -d '2010-10-10 10:10:10.000000001' f; stat -c '%n %y' f d l; stat -c %x f;"
            + " cp -p f c; stat -c '%y' c; mv f moved; ln -s x y; stat -c '%y' moved");
  }

  @MountTest
  void memoryMapsSeeWritesAfterCopyUp(Union union) throws Exception {
    union.layers("lower f file \"old text\"").mount();
    Command.script(
            union.account(),
            """
            cat > %1$s/map.c <<'C'
            #include <fcntl.h>
            #include <stdio.h>
            #include <string.h>
            #include <sys/mman.h>
            #include <unistd.h>
            int main(void) {
              int in = open("f", O_RDONLY), out = open("f", O_RDWR);
              char *seen = mmap(0, 8, PROT_READ, MAP_SHARED, in, 0);
              char *made = mmap(0, 8, PROT_READ | PROT_WRITE, MAP_SHARED, out, 0);
              if (seen == MAP_FAILED || made == MAP_FAILED || memcmp(seen, "old text", 8)) return 1;
              if (pwrite(out, "new", 3, 0) != 3) return 2;
              if (memcmp(seen, "new text", 8)) return 3;
              memcpy(made + 4, "maps", 4);
              if (msync(made, 8, MS_SYNC)) return 4;
              char read[8];
              if (pread(in, read, 8, 0) != 8 || memcmp(read, "new maps", 8)) return 5;
              return memcmp(seen, "new maps", 8) ? 6 : 0;
            }
            C
            gcc -o %1$s/map %1$s/map.c
            """
                .formatted(union.home()))
        .output();

    union.run("'" + union.home() + "/map'");

    assertThat(union.run("cat f")).isEqualTo("new maps");
    assertThat(union.upper().resolve("f")).hasContent("new maps");
    assertThat(union.lower().resolve("f")).hasContent("old text");
  }

  @MountTest(accounts = Account.ROOT)
  void linkCountsAndSpaceAreThoseOfTheUpper(Union union) throws Exception {
    union.layers("lower d/a/x file \"\"\nlower2 d/b/x file \"\"\nupper d/c/x file \"\"").mount();

    assertThat(union.run("stat -c %h d; rm -r d/a; mkdir d/e d/f; stat -c %h d"))
        .isEqualTo("5\n6\n");
    assertThat(union.run("stat -f -c '%s %b %l' ."))
        .isEqualTo(
            Command.of(Account.ROOT, "stat", "-f", "-c", "%s %b %l", union.upper().toString())
                .output());
  }
}
