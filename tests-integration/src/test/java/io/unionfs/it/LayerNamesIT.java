package io.unionfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Layers with all that a path may have in it, however they are named to the program. */
class LayerNamesIT {
  /* For bash: the bytes of a name between $'…'; none of them is UTF-8. */
  private static final String ODD = "q\\x22o,t:e \\\\ b\\\\\\\\,ro\\xe9\\xff\\x27s";

  private static final int MANY = 200;

  private static final String ESCAPE =
      """
      directory() { printf %s "$1" | sed 's/[\\\\:]/\\\\&/g'; }
      option() { printf %s "$1" | sed 's/\\(\\\\*\\)\\([,"]\\)/\\1\\1\\\\\\2/g'; }
      fstab() { printf %s "$1" | sed 's/\\\\/\\\\134/g; s/ /\\\\040/g'; }
      """;

  /* Makes layers in a directory of that name, and $lower, $upper, $work for them. */
  private static String layers(Union union) {
    return "export LC_ALL=C; cd '"
        + union.home()
        + "'; top=$PWD/$'"
        + ODD
        + "'; mkdir -p \"$top\"/{lower,upper,work}; echo text > \"$top/lower/f\"; echo base > lower/g;"
        + " lower=$top/lower upper=$top/upper work=$top/work\n"
        + ESCAPE;
  }

  private static final String USE = "; cat mnt/f mnt/g; echo more >> mnt/g; cat \"$upper/g\"; ";

  private static final String USED = "text\nbase\nbase\nmore\n";

  private static String mount(Union union) {
    return String.join(" ", union.bareCommand()) + " ";
  }

  private static String umount() {
    return "'" + Tool.unionfs() + "' umount mnt";
  }

  @MountTest
  void shellNamesThemByOptions(Union union) throws Exception {
    String said =
        Command.script(
                union.account(),
                layers(union)
                    + mount(union)
                    + "--lower \"$(directory \"$lower\")\" --lower lower --upper \"$upper\" --work \"$work\" mnt"
                    + USE
                    + umount())
            .output();

    assertThat(said).isEqualTo(USED);
  }

  @MountTest
  void optionStringNamesThemEscaped(Union union) throws Exception {
    String said =
        Command.script(
                union.account(),
                layers(union)
                    + mount(union)
                    + "-o \"lowerdir=$(option \"$(directory \"$lower\"):lower\"),upperdir=$(option \"$upper\"),"
                    + "workdir=$(option \"$work\")\" mnt"
                    + USE
                    + umount())
            .output();

    assertThat(said).isEqualTo(USED);
  }

  /* Engines escape nothing but colons, which nobody could guess. */
  @MountTest
  void optionStringNamesThemAsTheyAre(Union union) throws Exception {
    String said =
        Command.script(
                union.account(),
                layers(union)
                    + "mv \"$top\" $'a\\x22,b c\\\\d\\xe9'; cd $'a\\x22,b c\\\\d\\xe9'; top=$PWD; upper=$top/upper; cd ..; "
                    + mount(union)
                    + "-o \"lowerdir=$top/lower:$PWD/lower,upperdir=$top/upper,workdir=$top/work,,volatile\" mnt"
                    + USE
                    + umount())
            .output();

    assertThat(said).isEqualTo(USED);
  }

  /* Through the table and mount(8), whose own escapes come on top, with mount.fuse3 and with our helper. */
  @MountTest(accounts = Account.ROOT, variants = Variant.KERNEL)
  void fstabNamesThem(Union union) throws Exception {
    String place = "ln -s '" + Path.of(Tool.mount()).getParent() + "/%s' /sbin/%s\n";
    String script =
        layers(union)
            + "mount -t tmpfs none /srv; mkdir /srv/u /srv/w; sbin=$(readlink -f /sbin)\n"
            + "mount -t overlay -o lowerdir=$sbin,upperdir=/srv/u,workdir=/srv/w none $sbin\n"
            + place.formatted("unionfs-mount", "unionfs-mount")
            + "options=\"lowerdir=$(option \"$(directory \"$lower\"):$PWD/lower\"),upperdir=$(option \"$upper\"),"
            + "workdir=$(option \"$work\"),noauto,x-a=/b\"\n"
            + "printf 'none %s fuse.unionfs-mount %s 0 0\\n' \"$PWD/mnt\" \"$(fstab \"$options\")\" > table\n"
            + "use() { mount -T table \"$PWD/mnt\""
            + USE
            + umount()
            + "; rm \"$upper/g\"; }\nuse\n"
            + place.formatted("mount.fuse.unionfs-mount", "mount.fuse.unionfs-mount")
            + "use";

    String said =
        Command.of(Account.ROOT, "unshare", "--mount", "bash", "-euo", "pipefail", "-c", script)
            .output();

    assertThat(said).isEqualTo(USED.repeat(2));
  }

  @MountTest
  void twoHundredLowersFitIntoOneOption(Union union) throws Exception {
    String longName = "l".repeat(60);
    for (int i = 0; i < MANY; i++) {
      Path layer = Files.createDirectories(union.home().resolve("layers/" + longName + i + "/d"));
      Files.writeString(layer.resolve("f" + i), Integer.toString(i));
      Files.writeString(layer.resolve("top"), Integer.toString(i));
    }
    Path layers = union.home().resolve("layers");
    Command.of(
            Account.ROOT,
            "chown",
            "-R",
            union.account().uid() + ":" + union.account().gid(),
            layers.toString())
        .output();
    String lowers =
        IntStream.range(0, MANY)
            .mapToObj(i -> layers + "/" + longName + i)
            .collect(Collectors.joining(":"));
    List<String> line = new ArrayList<>(union.bareCommand());
    line.add("-o");
    line.add("lowerdir=%s,upperdir=%s,workdir=%s".formatted(lowers, union.upper(), union.work()));
    line.add(union.point().toString());
    assertThat(lowers.getBytes(StandardCharsets.UTF_8)).hasSizeGreaterThan(12 << 10);

    Command.of(union.account(), line.toArray(String[]::new)).output();

    assertThat(union.run("ls d | wc -l; cat d/top d/f0 d/f199; rm d/f100; ls d | wc -l"))
        .isEqualTo("201\n00199200\n");
    if (union.isRoot()) { // a user's socket needs XDG_RUNTIME_DIR
      assertThat(Command.of(Account.ROOT, Tool.unionfs(), "list", "--json").output())
          .contains(longName + "199");
    }
    union.unmount();
  }
}
