package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

class NamesIT {
  @MountTest
  void namesAreBytes(Union union) throws Exception {
    Command.script(
            union.account(),
            "cd '"
                + union.lower()
                + "'; mkdir $'d\\xff'; echo l > $'d\\xff/\\xe9\\x01 x'; touch $'\\\\'")
        .output();
    union.mount();

    union.sameAsPlain(
        "cat $'d\\xff/\\xe9\\x01 x'; echo u > $'\\xfe\\n'; mv $'\\xfe\\n' $'d\\xff/\\x80'; ln -s $'\\xc3(' $'l\\xff';"
            + " readlink $'l\\xff'; setfattr -n $'user.\\xfc' -v 1 $'d\\xff/\\x80';"
            + " getfattr -n $'user.\\xfc' --only-values $'d\\xff/\\x80'; rm $'d\\xff/\\xe9\\x01 x';"
            + " find . -printf '%P %y\\n' | sort; ls -1 | od -c");
    union.remount();
    assertThat(union.run("find . -type f | LC_ALL=C sort")).isEqualTo("./\\\n./d\u00ff/\u0080\n");
  }

  @MountTest
  void allNamesUpTo255BytesWork(Union union) throws Exception {
    String longest = "n".repeat(255);
    union.layers("lower " + longest + " file \"text\"").mount();

    union.sameAsPlain(
        "n=$(printf %255s | tr ' ' n); echo x >> $n; cat $n; mv $n ${n/n/m}; rm ${n/n/m}; mkdir $n;"
            + " touch $n/${n/n/k}; rm -r $n; mkdir ${n/n/m}; mv ${n/n/m} $n; ls | wc -c");
    assertThat(union.attempt("touch " + "n".repeat(256)).err()).contains("File name too long");
  }

  @MountTest
  void namesThatLookLikeMarksOfOthersAreOrdinary(Union union) throws Exception {
    union.layers("lower d/.wh.x file \"text\"\nlower d/x file \"shown\"").mount();

    union.sameAsPlain(
        "ls -A d; cat d/.wh.x; touch .wh..wh..opq .wh.y; mkdir .wh.z; ls -A; rm d/.wh.x; ls -A d");
  }

  @MountTest
  void deviceThatWouldBeAWhiteoutIsRefused(Union union) throws Exception {
    union.layers("lower d/f file \"\"").mount();

    assertThat(union.attempt("mknod d/w c 0 0").err()).contains("Operation not permitted");
    assertThat(union.run("ls -A d")).isEqualTo("f\n");
  }

  @MountTest
  void pathsDeeperThanPathMaxWork(Union union) throws Exception {
    union.layers("lower x file \"\"").mount();

    union.run(
        "n=$(printf %200s | tr ' ' d); for i in $(seq 30); do mkdir $n; cd $n; done; echo deep > f;"
            + " cat f; mv f g; rm g; touch h");
    union.run("find . -name h -printf found | grep -q found; rm -r ddd*");
  }
}
