package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.OwnProcess;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Owners, modes and types that layers keep in xattrs. */
final class OwnerOverrideTest {
  private static final String CONTAINERS = "user.containers.override_stat";
  private static final String FUSE_OVERLAYFS = "user.fuseoverlayfs.override_stat";

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  @BeforeEach
  void makeLayers() throws Exception {
    Files.createDirectories(home.resolve("lower/dir"));
    Files.createDirectories(home.resolve("upper"));
    Files.writeString(home.resolve("lower/file"), "text");
  }

  private static void mark(Path path, String xattr, String value) throws ErrnoException {
    Sys.linux()
        .setxattrat(
            Linux.AT_FDCWD,
            Name.of(path.toString()),
            Name.of(xattr),
            value.getBytes(StandardCharsets.ISO_8859_1),
            0);
  }

  private void mark(String path, String value) throws ErrnoException {
    mark(home.resolve("lower").resolve(path), CONTAINERS, value);
  }

  private static Stat host(Path path) throws ErrnoException {
    Stat stat = new Stat();
    Sys.linux().statx(Linux.AT_FDCWD, Name.of(path.toString()), stat);
    return stat;
  }

  private OpenUnion open() throws Exception {
    return OpenUnion.in(home);
  }

  private OpenUnion openWriting() throws Exception {
    return OpenUnion.in(home, options -> options.xattrPermissions(2));
  }

  private static String shown(OpenUnion union, String path) throws ErrnoException {
    Stat stat = union.stat(union.node(path));
    return stat.uid + ":" + stat.gid + ":" + Integer.toOctalString(stat.mode);
  }

  private static void chown(OpenUnion union, String path, int uid, int gid) throws ErrnoException {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.UID | SetAttr.GID;
    change.uid = uid;
    change.gid = gid;
    union.fs().setattr(union.node(path), change, OpenUnion.ROOT);
  }

  private static void chmod(OpenUnion union, String path, int mode) throws ErrnoException {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.MODE;
    change.mode = mode;
    union.fs().setattr(union.node(path), change, OpenUnion.ROOT);
  }

  private static Map<String, Integer> types(OpenUnion union) throws ErrnoException {
    Listing listing = union.fs().list(union.root());
    Map<String, Integer> types = new TreeMap<>();
    for (int i = 0; i < listing.size(); i++) {
      types.put(listing.name(i).toString(), listing.type(i));
    }
    return types;
  }

  @Test
  void lowerShowsWhatItsXattrsSay() throws Exception {
    mark("", "7:8:0711:dir");
    mark("dir", "1000:1001:2750:dir");
    mark("file", "1002:1003:4755:file");
    Files.createFile(home.resolve("lower/null"));
    mark("null", "0:5:0666:char-1-3");
    Files.createFile(home.resolve("lower/pipe"));
    mark("pipe", "3:4:0600:pipe");
    try (OpenUnion union = open()) {
      assertThat(shown(union, "dir")).isEqualTo("1000:1001:42750");
      assertThat(shown(union, "file")).isEqualTo("1002:1003:104755");
      assertThat(shown(union, "null")).isEqualTo("0:5:20666");
      assertThat(union.stat(union.node("null")).rdev).isEqualTo(Linux.makedev(1, 3));
      assertThat(shown(union, "pipe")).isEqualTo("3:4:10600");
      assertThat(types(union))
          .containsEntry("null", Linux.DT_CHR)
          .containsEntry("pipe", Linux.DT_FIFO)
          .containsEntry("file", Linux.DT_REG)
          .containsEntry("dir", Linux.DT_DIR);
    }
  }

  @Test
  void layerWithoutTheXattrOnItsRootIsShownAsItIs() throws Exception {
    mark("file", "1002:1003:4755:file");
    Stat real = host(home.resolve("lower/file"));
    try (OpenUnion union = open()) {
      assertThat(union.stat(union.node("file")).uid).isEqualTo(real.uid);
      assertThat(union.stat(union.node("file")).mode).isEqualTo(real.mode);
    }
  }

  @Test
  void fileWithoutTheXattrIsShownAsItIs() throws Exception {
    mark("", "0:0:0755");
    Stat real = host(home.resolve("lower/file"));
    try (OpenUnion union = open()) {
      assertThat(union.stat(union.node("file")).mode).isEqualTo(real.mode);
    }
  }

  @Test
  void nonsenseIsAnErrorOfThatFileAlone() throws Exception {
    mark("", "0:0:0755");
    mark("file", "nonsense");
    Files.createFile(home.resolve("lower/whiteout"));
    mark("whiteout", "0:0:0600:char-0-0");
    mark("dir", "9:9:0700");
    try (OpenUnion union = open()) {
      assertThatThrownBy(() -> union.node("file")).hasMessageContaining("EIO");
      assertThatThrownBy(() -> union.node("whiteout")).hasMessageContaining("EIO");
      assertThat(types(union)).containsKeys("file", "whiteout", "dir");
      assertThat(shown(union, "dir")).isEqualTo("9:9:40700");
    }
  }

  @Test
  void xattrsAreNeitherShownNorSet() throws Exception {
    mark("", "0:0:0755");
    mark("file", "1002:1003:4755:file");
    try (OpenUnion union = open()) {
      Node file = union.node("file");
      for (String name : new String[] {CONTAINERS, FUSE_OVERLAYFS}) {
        assertThat(union.fs().getxattr(file, Name.of(name))).isNull();
        assertThatThrownBy(
                () -> union.fs().setxattr(file, Name.of(name), new byte[] {'0'}, 0, OpenUnion.ROOT))
            .hasMessageContaining("EPERM");
      }
      assertThat(union.fs().listxattr(file, OpenUnion.ROOT)).isEmpty();
    }
  }

  @Test
  void upperKeepsOwnersInXattrsOverCopyUpRenameAndRemount() throws Exception {
    Stat real = host(home.resolve("lower/file"));
    try (OpenUnion union = openWriting()) {
      chown(union, "file", 1000, 1001);
      chmod(union, "file", 04751);
      chown(union, "dir", 2000, 2001);
      chmod(union, "dir", 0);
      union.fs().rename(union.root(), Name.of("file"), union.root(), Name.of("moved"), 0);
      union.remount();

      assertThat(shown(union, "moved")).isEqualTo("1000:1001:104751");
      assertThat(shown(union, "dir")).isEqualTo("2000:2001:40000");
      assertThat(union.read(union.file("moved"))).isEqualTo("text");
    }
    Stat kept = host(home.resolve("upper/moved"));
    assertThat(kept.uid).isEqualTo(real.uid);
    assertThat(kept.permissions()).isEqualTo(0751);
    assertThat(host(home.resolve("upper/dir")).permissions()).isEqualTo(0700);
  }

  @Test
  void upperIsOfThatKindOnceItsRootSaysSo() throws Exception {
    openWriting().close();
    try (OpenUnion union = open()) {
      chown(union, "file", 1000, 1001);

      assertThat(shown(union, "file")).startsWith("1000:1001:");
      assertThat(host(home.resolve("upper/file")).uid)
          .isEqualTo(host(home.resolve("lower/file")).uid);
    }
  }

  @Test
  void rootOfTheUpperIsThatOfTheTopmostLowerOfThatKind() throws Exception {
    mark("", "7:8:0711:dir");
    try (OpenUnion union = openWriting()) {
      Stat root = union.stat(union.root());

      assertThat(root.uid).isEqualTo(7);
      assertThat(root.permissions()).isEqualTo(0711);
    }
  }

  @Test
  void specialFilesStandInTheUpperAsRegularOnes() throws Exception {
    Caller caller = new Caller(1000, 1001, 022, 1);
    try (OpenUnion union = openWriting()) {
      union
          .fs()
          .mknod(
              union.root(),
              Name.of("null"),
              Linux.S_IFCHR | 0666,
              Linux.makedev(1, 3),
              OpenUnion.ROOT,
              null);
      union.fs().mknod(union.root(), Name.of("pipe"), Linux.S_IFIFO | 0666, 0, caller, null);
      chown(union, "null", 5, 6);
      union.remount();

      assertThat(shown(union, "null")).isEqualTo("5:6:20666");
      assertThat(union.stat(union.node("null")).rdev).isEqualTo(Linux.makedev(1, 3));
      assertThat(shown(union, "pipe")).isEqualTo("1000:1001:10644");
      assertThat(types(union)).containsEntry("null", Linux.DT_CHR);
      assertThatThrownBy(
              () ->
                  union
                      .fs()
                      .mknod(
                          union.root(),
                          Name.of("w"),
                          Linux.S_IFCHR | 0666,
                          0,
                          OpenUnion.ROOT,
                          null))
          .hasMessageContaining("EPERM");
    }
    assertThat(host(home.resolve("upper/null")).isRegular()).isTrue();
    assertThat(host(home.resolve("upper/pipe")).isRegular()).isTrue();
  }

  @Test
  void specialFileOfTheLowerIsCopiedUpWithItsNumber() throws Exception {
    mark("", "0:0:0755");
    Files.createFile(home.resolve("lower/null"));
    mark("null", "0:5:0666:char-1-3");
    try (OpenUnion union = openWriting()) {
      long ino = union.stat(union.node("null")).ino;
      chmod(union, "null", 0600);
      union.remount();

      assertThat(shown(union, "null")).isEqualTo("0:5:20600");
      assertThat(union.stat(union.node("null")).rdev).isEqualTo(Linux.makedev(1, 3));
      assertThat(union.stat(union.node("null")).ino).isEqualTo(ino);
    }
  }

  @Test
  void newFilesTakeTheGroupOfASetgidDirectoryThatOnlyTheXattrKnows() throws Exception {
    Caller caller = new Caller(1000, 1001, 0, 1);
    try (OpenUnion union = openWriting()) {
      chown(union, "dir", 7, 8);
      chmod(union, "dir", 02777);
      union.fs().create(union.directory("dir"), Name.of("f"), 0640, caller, null);
      union.fs().mkdir(union.directory("dir"), Name.of("d"), 0700, caller, null);

      assertThat(shown(union, "dir/f")).isEqualTo("1000:8:100640");
      assertThat(shown(union, "dir/d")).isEqualTo("1000:8:42700");
    }
  }

  @Test
  void setIdBitsGoWithTheOwnerAndWithTheContent() throws Exception {
    try (OpenUnion union = openWriting()) {
      chmod(union, "file", 06755);
      union.write(union.file("file"), "x", 0, true);
      assertThat(shown(union, "file")).endsWith(":100755");

      chmod(union, "file", 06755);
      chown(union, "file", 1, 1);
      assertThat(shown(union, "file")).isEqualTo("1:1:100755");
    }
  }

  @Test
  void capabilitiesAreKeptUnderAnotherNameAndGoWithTheContent() throws Exception {
    Name capability = Name.of("security.capability");
    byte[] value = {1, 0, 0, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    try (OpenUnion union = openWriting()) {
      Node file = union.node("file");
      union.fs().setxattr(file, capability, value, 0, OpenUnion.ROOT);
      union.remount();
      file = union.node("file");

      assertThat(union.fs().getxattr(file, capability)).isEqualTo(value);
      assertThat(union.fs().listxattr(file, OpenUnion.ROOT))
          .isEqualTo("security.capability\0".getBytes(StandardCharsets.US_ASCII));

      union.write(union.file("file"), "x", 0, false);
      assertThat(union.fs().getxattr(file, capability)).isNull();
    }
  }

  @Test
  void rootMayKeepOwnersWhereUsersCannotWriteThem() throws Exception {
    assumeTrue(OwnProcess.geteuid() == 0, "security.* is root's to write");
    try (OpenUnion union = OpenUnion.in(home, options -> options.xattrPermissions(1))) {
      byte[] target = {'x'};
      union.fs().symlink(union.root(), Name.of("link"), target, OpenUnion.ROOT, null);
      chown(union, "link", 3, 4);
      chown(union, "file", 1000, 1001);
      union.remount();

      assertThat(shown(union, "link")).isEqualTo("3:4:120777");
      assertThat(shown(union, "file")).isEqualTo("1000:1001:100644");
    }
    assertThat(host(home.resolve("upper/link")).uid).isZero();
  }

  @Test
  void upperThatFuseOverlayfsBeganKeepsItsXattr() throws Exception {
    mark(home.resolve("upper"), FUSE_OVERLAYFS, "0:0:555");
    try (OpenUnion union = openWriting()) {
      chown(union, "file", 1000, 1001);
      assertThat(shown(union, "file")).startsWith("1000:1001:");
    }
    byte[] kept =
        Sys.linux()
            .getxattrat(
                Linux.AT_FDCWD,
                Name.of(home.resolve("upper/file").toString()),
                Name.of(FUSE_OVERLAYFS));
    assertThat(new String(kept == null ? new byte[0] : kept, StandardCharsets.US_ASCII))
        .isEqualTo("1000:1001:0644:file");
  }
}
