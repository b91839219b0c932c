package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

class ProgramsIT {
  private static void sampleTree(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; mkdir -p src/{a,b}/c bin; for i in $(seq 30); do echo \"text $i\" > src/a/f$i;"
                + " head -c $((i * 1000)) /dev/zero | tr '\\0' x > src/b/g$i; done;"
                + " ln -s ../a/f1 src/b/link; ln src/a/f2 src/a/hard; mkfifo src/pipe;"
                + " chmod 750 src/a; chmod 4711 src/a/f3; touch -d 2001-01-01 src/a/f4;"
                + " setfattr -n user.x -v y src/a/f5")
        .output();
  }

  @MountTest
  void treesAreCopiedPackedAndSynchronisedUnchanged(Union union) throws Exception {
    sampleTree(union);
    union.mount();

    union.run(
        "cp -a src copy; mkdir t r; tar cf - --xattrs src | tar xpf - --xattrs -C t;"
            + " rsync -aHAX src/ r/; test -z \"$(rsync -naHAXci --delete src/ copy/)\";"
            + " test -z \"$(rsync -naHAXci --delete src/ t/src/)\";"
            + " test -z \"$(rsync -naHAXci --delete src/ r/)\"");
    union.run(
        "mv copy moved; rm -r t; mv src/a src/renamed; rsync -a --delete src/ r/; rm -r moved r");

    assertThat(union.run("ls; ls src src/renamed | wc -l")).isEqualTo("bin\nsrc\n38\n");
  }

  @MountTest
  void findAndChmodWorkAsInAPlainDirectory(Union union) throws Exception {
    sampleTree(union);
    union.mount();

    union.sameAsPlain(
        "find . -printf '%P %y %m %n %l\\n' | sort; chmod -R g+w src/b; find . -perm /g+w | sort;"
            + " find . -links +1 -type f | sort; find . -name 'f*' -newer src/a/f4 | sort;"
            + " du -a --apparent-size src/b | wc -l; ln -f src/a/f1 src/a/f6; cat src/a/f6");
  }

  @MountTest
  void databaseKeepsItsData(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; sqlite3 old.db 'create table t(x); insert into t values(1);'")
        .output();
    union.mount();

    assertThat(
            union.run(
                "for j in delete wal; do sqlite3 old.db \"pragma journal_mode=$j;"
                    + " create table if not exists u(x, y); begin;"
                    + " with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)"
                    + " insert into u select i, hex(randomblob(50)) from n; commit;"
                    + " delete from u where x % 3 = 0; vacuum; pragma integrity_check;"
                    + " select count(*) from t;\"; done"))
        .isEqualTo("delete\nok\n1\nwal\nok\n1\n");
  }

  @MountTest
  void repositoryIsMadeClonedAndChecked(Union union) throws Exception {
    sampleTree(union);
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; rm src/pipe; export GIT_CONFIG_GLOBAL=/dev/null; git init -q repo; cd repo; cp -r ../src .;"
                + " git -c user.name=n -c user.email=e add .; git -c user.name=n -c user.email=e"
                + " commit -qm one")
        .output();
    union.mount();

    assertThat(
            union.run(
                "cd repo; export GIT_CONFIG_GLOBAL=/dev/null;"
                    + " export GIT_AUTHOR_NAME=n GIT_AUTHOR_EMAIL=e GIT_COMMITTER_NAME=n"
                    + " GIT_COMMITTER_EMAIL=e; git status --porcelain; echo x >> src/a/f1;"
                    + " git rm -q src/a/f2; git add -A; git commit -qm two; git checkout -q -b other HEAD~1;"
                    + " git checkout -q -; git merge -q other; git gc -q; git fsck --no-progress;"
                    + " git status --porcelain; cd ..; git clone -q repo clone; cd clone;"
                    + " git fsck --no-progress; git log --oneline | wc -l; git status --porcelain"))
        .isEqualTo("2\n");
  }

  @MountTest
  void programIsBuiltAndRun(Union union) throws Exception {
    union.layers(
        """
        lower inc/h.h file "#define N 42"
        lower main.c file "#include \\"inc/h.h\\"\\nint main(void) { return N; }"
        """);
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; printf '#include \"inc/h.h\"\\nint main(void) { return N; }\\n' > main.c")
        .output();
    union.mount();

    assertThat(union.run("gcc -o prog main.c; ./prog || echo $?; rm prog; ls"))
        .isEqualTo("42\ninc\nmain.c\n");
  }
}
