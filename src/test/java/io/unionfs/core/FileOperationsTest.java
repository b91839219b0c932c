package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.TargetDirectories;
import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Operations on files that only a transport asks for which speaks the kernel's protocol. */
final class FileOperationsTest {
  private static final int NODUMP = 0x40;
  private static final int LARGE_MIB = 200;

  @TempDir(factory = TargetDirectories.class)
  private Path home = Path.of("");

  private OpenUnion union;

  @SuppressWarnings("NullAway.Init") // set by open()
  FileOperationsTest() {}

  @BeforeEach
  void open() throws Exception {
    Files.createDirectories(home.resolve("lower/dir"));
    Files.writeString(home.resolve("lower/file"), "0123456789");
    Files.writeString(home.resolve("lower/other"), "abc");
    union = OpenUnion.in(home);
  }

  @AfterEach
  void close() throws Exception {
    assertThat(union.workEntries()).as("left in the work dir").isEmpty();
    union.close();
    assertThat(home.resolve("lower/file")).hasContent("0123456789");
    assertThat(home.resolve("lower/other")).hasContent("abc");
  }

  private static void assertErrno(int errno, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }

  @Test
  void negativeSizeIsRefusedAndCopiesNothingUp() throws Exception {
    SetAttr change = new SetAttr();
    change.valid = SetAttr.SIZE;
    change.size = -2194;

    assertErrno(Errno.EINVAL, () -> union.fs().setattr(union.file("file"), change, OpenUnion.ROOT));
    assertThat(home.resolve("upper/file")).doesNotExist();
  }

  @Test
  void whatIsMadeTellsTheAttributesThatItHas() throws Exception {
    UnionFileSystem fs = union.fs();
    DirNode dir = union.directory("dir");
    Caller caller = new Caller(1000, 1000, 022, 1);
    Stat told = new Stat();

    assertTold(fs.create(dir, Name.of("made"), 06777, caller, told), told);
    assertTold(fs.mkdir(dir, Name.of("sub"), 0777, caller, told), told);
    assertTold(fs.symlink(dir, Name.of("link"), new byte[] {'x'}, caller, told), told);
    assertTold(fs.mknod(dir, Name.of("fifo"), Linux.S_IFIFO | 0666, 0, caller, told), told);
    assertTold(fs.mkdir(dir, Name.of("file"), 0755, caller, told), told);
  }

  private void assertTold(Node made, Stat told) throws Exception {
    assertThat(told).usingRecursiveComparison().isEqualTo(union.stat(made));
  }

  @Test
  void nameThatWasLookedUpInVainIsFoundOnceItIsThere() throws Exception {
    UnionFileSystem fs = union.fs();
    DirNode dir = union.directory("dir");
    Name name = Name.of("n");

    lookUpInVain(dir, name);
    Node made = fs.create(dir, name, 0644, OpenUnion.ROOT, null);
    assertThat(fs.lookup(dir, name)).isSameAs(made);
    assertErrno(Errno.EEXIST, () -> fs.mkdir(dir, name, 0755, OpenUnion.ROOT, null));

    fs.rename(dir, name, dir, Name.of("away"), 0);
    fs.unlink(dir, Name.of("away"));
    lookUpInVain(dir, name);
    fs.rename(fs.root(), Name.of("file"), dir, name, 0);
    assertThat(fs.lookup(dir, name, new Stat())).isNotNull();
    assertErrno(Errno.EEXIST, () -> fs.create(dir, name, 0644, OpenUnion.ROOT, null));

    lookUpInVain(dir, Name.of("l"));
    fs.link(union.file("other"), dir, Name.of("l"));
    assertErrno(Errno.EEXIST, () -> fs.link(union.file("other"), dir, Name.of("l")));
  }

  private void lookUpInVain(DirNode dir, Name name) throws Exception {
    assertThat(union.fs().lookup(dir, name, new Stat())).isNull();
  }

  @Test
  void whatWasMadeBehindTheMountIsNotReplaced() throws Exception {
    UnionFileSystem fs = union.fs();
    fs.create(union.directory("dir"), Name.of("first"), 0644, OpenUnion.ROOT, null);
    DirNode dir = union.directory("dir");
    for (String text : new String[] {"file", "directory"}) {
      Name name = Name.of(text);
      lookUpInVain(dir, name);
      Files.writeString(home.resolve("upper/dir").resolve(text), "theirs");

      assertErrno(
          Errno.EEXIST,
          () -> {
            if (text.equals("file")) {
              fs.create(dir, name, 0644, OpenUnion.ROOT, null);
            } else {
              fs.mkdir(dir, name, 0755, OpenUnion.ROOT, null);
            }
          });
      assertThat(home.resolve("upper/dir").resolve(text)).hasContent("theirs");
      assertThat(fs.lookup(dir, name, new Stat())).isNotNull();
    }
  }

  @Test
  void unnamedFileIsUsableAndGetsAName() throws Exception {
    FileNode file = union.fs().tmpfile(union.directory("dir"), 0640, OpenUnion.ROOT);
    assertThat(union.stat(file).nlink).isZero();
    union.write(file, "text", 0, false);
    assertThat(union.read(file)).isEqualTo("text");
    assertThat(union.fs().list(union.directory("dir")).size()).isEqualTo(2);

    union.fs().link(file, union.root(), Name.of("named"));

    assertThat(union.stat(file).nlink).isEqualTo(1);
    assertThat(union.stat(file).permissions()).isEqualTo(0640);
    assertThat(union.node("named")).isSameAs(file);
    union.fs().release(file, 1);
    assertThat(union.read(union.file("named"))).isEqualTo("text");
    union.remount();
    assertThat(union.read(union.file("named"))).isEqualTo("text");
  }

  @Test
  void unnamedFileThatIsGivenUpLeavesNothing() throws Exception {
    FileNode file = union.fs().tmpfile(union.root(), 0600, OpenUnion.ROOT);
    union.write(file, "text", 0, false);
    union.fs().release(file, 1);

    assertThat(union.fs().list(union.root()).size()).isEqualTo(2 + 3);
    assertThat(union.fs().findByIno(file.ino())).isNull();
  }

  @Test
  void copyFileRangeCopiesUpItsTargetOnly() throws Exception {
    FileNode from = union.file("file");
    FileNode to = union.file("other");

    assertThat(union.fs().copyFileRange(from, 2, to, 1, 4)).isEqualTo(4);
    assertThat(union.read(to)).isEqualTo("a2345");
    assertThat(union.fs().copyFileRange(from, 8, to, 0, 100)).as("to the end").isEqualTo(2);
    assertThat(union.read(to)).isEqualTo("89345");
    assertThat(union.fs().copyFileRange(from, 10, to, 0, 100)).as("at the end").isZero();
    assertThat(from.copiedUp()).isFalse();
    assertThat(to.copiedUp()).isTrue();
  }

  @Test
  void copyFileRangeWithinOneFile() throws Exception {
    FileNode file = union.file("file");

    assertThat(union.fs().copyFileRange(file, 0, file, 5, 5)).isEqualTo(5);
    assertThat(union.read(file)).isEqualTo("0123401234");
    assertErrno(Errno.EINVAL, () -> union.fs().copyFileRange(file, 0, file, 1, 5));
  }

  @Test
  void flagsAreSetOnACopy() throws Exception {
    FileNode file = union.file("file");
    int before = union.fs().getFlags(file);
    union.fs().setFlags(file, before | NODUMP);

    assertThat(union.fs().getFlags(file) & NODUMP).isEqualTo(NODUMP);
    assertThat(file.copiedUp()).isTrue();
    assertThat(union.read(file)).isEqualTo("0123456789");
    union.remount();
    assertThat(union.fs().getFlags(union.file("file")) & NODUMP).isEqualTo(NODUMP);
  }

  @Test
  void flagsOfADirectoryAreSetOnACopy() throws Exception {
    DirNode dir = union.directory("dir");
    union.fs().setFlags(dir, union.fs().getFlags(dir) | NODUMP);

    assertThat(union.fs().getFlags(dir) & NODUMP).isEqualTo(NODUMP);
    assertThat(home.resolve("upper/dir")).isDirectory();
  }

  private FileNode privileged(int mode) throws ErrnoException {
    FileNode file = union.create("privileged");
    union.write(file, "text", 0, false);
    SetAttr change = new SetAttr();
    change.valid = SetAttr.MODE;
    change.mode = mode;
    union.fs().setattr(file, change, OpenUnion.ROOT);
    assertThat(union.stat(file).permissions()).isEqualTo(mode);
    return file;
  }

  @Test
  void writeTakesPrivilegesAwayIfItIsToldTo() throws Exception {
    FileNode file = privileged(06755);
    union.write(file, "x", 0, true);

    assertThat(union.stat(file).permissions()).isEqualTo(0755);
  }

  @Test
  void setgidWithoutGroupExecuteStays() throws Exception {
    FileNode file = privileged(06745);
    union.write(file, "x", 0, true);

    assertThat(union.stat(file).permissions()).isEqualTo(02745);
  }

  @Test
  void truncationTakesPrivilegesAway() throws Exception {
    FileNode file = privileged(06755);
    SetAttr change = new SetAttr();
    change.valid = SetAttr.SIZE;
    change.size = 2;
    change.killPrivileges = true;
    union.fs().setattr(file, change, OpenUnion.ROOT);

    assertThat(union.stat(file).permissions()).isEqualTo(0755);
    assertThat(union.read(file)).isEqualTo("te");
  }

  @Test
  void clearingPrivilegesTellsWhetherThereWereAny() throws Exception {
    FileNode file = privileged(06755);

    assertThat(union.fs().clearPrivileges(file)).isTrue();
    assertThat(union.stat(file).permissions()).isEqualTo(0755);
    assertThat(union.fs().clearPrivileges(file)).isFalse();
  }

  @Test
  void lowerFileLosesPrivilegesOnItsCopyOnly() throws Exception {
    Path lower = home.resolve("lower/setid");
    Files.writeString(lower, "text");
    Files.setAttribute(lower, "unix:mode", 04755);
    union.remount();
    union.write(union.file("setid"), "x", 0, true);

    assertThat(union.stat(union.node("setid")).permissions()).isEqualTo(0755);
    assertThat((Integer) Files.getAttribute(lower, "unix:mode") & 07777).isEqualTo(04755);
  }

  @Test
  void aclMayTakeSetgidAway() throws Exception {
    FileNode file = privileged(02755);
    union.fs().setxattr(file, Name.of("user.a"), new byte[1], 0, true, OpenUnion.ROOT);

    assertThat(union.stat(file).permissions()).isEqualTo(0755);
  }

  @Test
  void seekFindsDataAndItsEnd() throws Exception {
    FileNode file = union.file("file");

    assertThat(union.fs().lseek(file, 3, Linux.SEEK_DATA)).isEqualTo(3);
    assertThat(union.fs().lseek(file, 3, Linux.SEEK_HOLE)).isEqualTo(10);
    assertErrno(Errno.ENXIO, () -> union.fs().lseek(file, 10, Linux.SEEK_DATA));
  }

  @Test
  void interruptedCopyUpLeavesNothing() throws Exception {
    Path large = home.resolve("lower/large");
    byte[] block = new byte[1 << 20];
    Arrays.fill(block, (byte) 'x');
    try (OutputStream out = Files.newOutputStream(large)) {
      for (int i = 0; i < LARGE_MIB; i++) {
        out.write(block);
      }
    }
    Files.setPosixFilePermissions(large, PosixFilePermissions.fromString("rw-r--r--"));
    union.remount();
    FileNode file = union.file("large");
    Thread writer = Thread.currentThread();
    Thread interrupter =
        new Thread(
            () -> {
              while (!union.fs().copyUpRuns(file)) {
                Thread.onSpinWait();
              }
              writer.interrupt();
            });
    interrupter.start();

    assertErrno(Errno.EINTR, () -> union.write(file, "y", 0, false));
    interrupter.join();

    assertThat(Thread.interrupted()).as("whose it was").isTrue();
    assertThat(file.copiedUp()).isFalse();
    assertThat(union.fs().copyUpRuns(file)).isFalse();
    assertThat(home.resolve("upper/large")).doesNotExist();
    assertThat(union.workEntries()).isEmpty();
    SetAttr change = new SetAttr();
    change.valid = SetAttr.SIZE;
    change.size = 3;
    union.fs().setattr(file, change, OpenUnion.ROOT);
    assertThat(union.read(file)).as("the next change").isEqualTo("xxx");
    assertThat(Files.size(large)).isEqualTo((long) LARGE_MIB << 20);
  }
}
