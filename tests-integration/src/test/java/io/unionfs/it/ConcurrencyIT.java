package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

class ConcurrencyIT {
  @MountTest
  void manyProcessesChangeSharedDirectories(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '" + union.lower() + "'; mkdir d e; for i in $(seq 40); do echo l$i > d/l$i; done")
        .output();
    union.mount();

    union.run(
        """
        python3 - <<'END'
        import multiprocessing, os, random

        def quiet(call, *words):
          try:
            call(*words)
          except OSError:
            pass

        def write(path, mode, text):
          with open(path, mode) as file:
            file.write(text)

        def lower():
          return "l%d" % random.randint(1, 40)

        def work(worker):
          for i in range(100):
            name = "%d-%d" % (worker, i)
            write("d/" + name, "w", name + "\\n")
            os.rename("d/" + name, "e/" + name)
            quiet(write, "d/" + lower(), "a", "more\\n")
            os.link("e/" + name, "d/link-" + name)
            quiet(os.unlink, "d/" + lower())
            sub = "d/sub%d" % (i % 3)
            quiet(os.mkdir, sub)
            quiet(write, "%s/%d" % (sub, worker), "w", "")
            moved = lower()
            quiet(os.rename, "d/" + moved, "e/" + moved)
            os.unlink("d/link-" + name)
            os.listdir("d")
            os.listdir("e")
            quiet(os.rmdir, sub)

        workers = [multiprocessing.Process(target=work, args=(n,)) for n in range(1, 7)]
        for worker in workers:
          worker.start()
        for worker in workers:
          worker.join()
        assert [worker.exitcode for worker in workers] == [0] * 6
        END
        """);

    assertThat(union.run("ls e | grep -c '^[1-6]-'")).isEqualTo("600\n");
    assertThat(union.run("cat e/[1-6]-* | sort -u | wc -l")).isEqualTo("600\n");
    assertThat(union.run("ls d | grep -c link || true")).isEqualTo("0\n");
    String before = union.run("find . -printf '%P %y %s %n\\n' | sort");
    union.remount();
    assertThat(union.run("find . -printf '%P %y %s %n\\n' | sort")).isEqualTo(before);
  }

  @MountTest
  void readersSeeOldOrNewButNeverHalf(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; for i in 1 2 3 4; do head -c 4M /dev/zero | tr '\\0' a > f$i; done")
        .output();
    union.mount();

    union.run(
        """
        for i in 1 2 3 4; do
          (while [ ! -e done ]; do test $(stat -c %s f$i) -ge 4194304; test "$(head -c 3 f$i)" = aaa; done) &
          readers+=" $!"
        done
        for i in 1 2 3 4; do chmod 600 f$i & writers+=" $!"; echo b >> f$i & writers+=" $!"; done
        wait $writers
        touch done
        wait $readers
        for i in 1 2 3 4; do test $(stat -c %s f$i) = 4194306; done
        """);
  }

  @MountTest(accounts = Account.ROOT)
  void manyProcessesMakeTheTreeThatTheyMakeInAPlainDirectory(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; mkdir d0 d1 d2 d3 e0 e1 e2 e3; : > log; for i in 0 1 2 3 4 5 6 7; do echo low $i > l$i;"
                + " echo $i > d$((i % 4))/old; done; for p in $(seq 0 63); do for i in $(seq 2 3 5); do"
                + " echo $p $i low > low$p-$i; done; done")
        .output();
    union.mount();
    String script =
        "python3 '%s' storm 64 6; sort log | sha256sum; find . -type f ! -name log | sort | xargs sha256sum;"
                .formatted(union.calls())
            + " find . -printf '%P %y %m %n\\n' | sort";

    union.sameAsPlain(script);
    assertThat(union.run("wc -l < log; find . -name 's[0-9]*'")).isEqualTo("384\n");
    String before = union.run("find . -printf '%P %y %m %n %s %T@\\n' | sort");
    union.remount();
    assertThat(union.run("find . -printf '%P %y %m %n %s %T@\\n' | sort")).isEqualTo(before);
  }
}
