package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;

/** Loads of Debian's packages that verify what they read. */
@Tag("system")
class LoadIT {
  @MountTest(accounts = Account.ROOT)
  void fileServerLoadRunsWithoutErrors(Union union) throws Exception {
    union.mount();

    String said =
        union.run("dbench -D . -c /usr/share/dbench/client.txt -t 5 5 2>&1; rm -rf clients; ls -A");

    assertThat(said).contains("Throughput");
    // it also says that it does without a semaphore, and how
    assertThat(said.lines().filter(line -> line.contains("failed") && !line.contains("semaphore")))
        .isEmpty();
  }

  @MountTest(accounts = Account.ROOT)
  void checksummedBlocksAreReadBackFromNewAndCopiedUpFiles(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; for f in psync mmap direct; do"
                + " head -c 2M /dev/urandom > lower-$f; done")
        .output();
    union.mount();

    union.run(
        "check() { fio --name=check --verify=crc32c --verify_fatal=1 --do_verify=1"
            + " --verify_state_save=0 --size=2M --bs=4k --rw=randwrite --minimal --filename=\"$@\";"
            + " }; for where in lower upper; do check $where-psync --ioengine=psync; check"
            + " $where-mmap --ioengine=mmap; check $where-direct --ioengine=psync --direct=1;"
            + " done");

    assertThat(union.run("stat -c '%n %s' *"))
        .isEqualTo(
            """
            lower-direct 2097152
            lower-mmap 2097152
            lower-psync 2097152
            upper-direct 2097152
            upper-mmap 2097152
            upper-psync 2097152
            """);
  }

  private static final String GIT =
      """
      export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e
      export GIT_COMMITTER_NAME=n GIT_COMMITTER_EMAIL=e
      """;

  @MountTest
  void worktreesAreSwitchedWhileTheirRepositoryIsRepacked(Union union) throws Exception {
    Command.script(
            union.account(),
            GIT
                + """
                git init -q -b main repo; cd repo
                for c in $(seq 8); do
                  git checkout -q -B b$c; mkdir -p d$c/{a,b}/c
                  for i in $(seq 40); do
                    echo "$c $i" > d$c/a/f$i; seq $((c * i)) > d$c/b/c/g$i; seq $c 200 > shared$i
                  done
                  git add -A; git commit -qm "commit $c"
                done
                """)
        .in(union.lower())
        .output();
    union.mount();

    assertThat(
            union.run(
                GIT
                    + """
                    cd repo; git config gc.auto 0
                    git worktree add -q ../w1 --detach b1; git worktree add -q ../w2 --detach b2
                    switch() {
                      cd ../w$1
                      for round in 1 2; do
                        for c in $(seq 8); do
                          git checkout -q b$c --detach
                          wrong=$(git status --porcelain)
                          [ -z "$wrong" ] || { echo "w$1 at b$c: $wrong"; return 1; }
                        done
                        echo $round > mine; git add -A; git commit -qm "w$1 $round"
                        git branch w$1-$round
                      done
                    }
                    switch 1 & one=$!
                    switch 2 & two=$!
                    git repack -q -a -d; git fsck --no-progress --connectivity-only
                    git repack -q -a -d; wait $one; wait $two
                    git gc -q --prune=now; git fsck --full --strict --no-progress
                    git clone -q --no-local . ../clone; cd ../clone
                    git fsck --full --strict --no-progress; git status --porcelain
                    git branch -r | grep -c w
                    """))
        .isEqualTo("4\n");
  }

  /* Built in the lower already: what is rebuilt depends on the times of lower and copied-up files. */
  @MountTest
  void exactlyWhatDependsOnAChangeIsRebuilt(Union union) throws Exception {
    Needs.programs("make");
    Command.script(
            union.account(),
            """
            mkdir inc
            for d in $(seq 10); do
              mkdir -p src/d$d/tests; printf 'int f%d(void);\n#define N%d %d\n' $d $d $d > inc/h$d.h
              for i in $(seq 9); do
                printf '#include "h%d.h"\nint f%d_%d(void) { return N%d; }\n' $d $d $i $d \
                  > src/d$d/f$i.c
              done
              printf '#include "h%d.h"\nint f%d_9(void);\nint main(void) { return f%d_9() - N%d; }\n' \
                $d $d $d $d > src/d$d/tests/t.c
            done
            cat > Makefile <<'END'
            OBJECTS := $(patsubst %.c,%.o,$(wildcard src/*/f*.c))
            TESTS := $(patsubst %.c,%,$(wildcard src/*/tests/*.c))
            CPPFLAGS := -Iinc -MMD
            all: lib.a $(TESTS)
            lib.a: $(OBJECTS); @rm -f $@; ar rc $@ $^; echo AR
            %.o: %.c; @$(CC) $(CPPFLAGS) -c -o $@ $<; echo CC $@
            src/%: src/%.c lib.a; @$(CC) $(CPPFLAGS) -o $@ $< lib.a; echo LD $@
            check: all; @for t in $(TESTS); do $$t || exit 1; done; echo $(words $(TESTS)) passed
            clean: ; @find . -name '*.o' -delete; find . -name '*.d' -delete; rm -f lib.a $(TESTS)
            -include $(wildcard src/*/*.d src/*/tests/*.d)
            END
            make -j4 > /dev/null
            """)
        .in(union.lower())
        .output();
    union.mount();

    union.sameAsPlain(
        """
        made() { make -j4 all | LC_ALL=C sort; make -q all; }
        made
        chmod g+w src/d1/f1.o inc/h1.h; ln src/d1/f2.c hard.c; mv src/d2/f2.o x; mv x src/d2/f2.o
        made
        sed -i 's/N3 3/N3 33/' inc/h3.h
        made
        echo '/* more */' >> src/d4/f4.c
        made
        touch -d '2001-01-01' src/d5/f5.o; rm src/d6/f6.o; touch src/d7/tests/t.c
        made
        make check; make clean; find . -name '*.o'
        make -j4 check | LC_ALL=C sort | tail -n 15; make -q all
        """);
  }
}
