package io.unionfs.transport.kernel.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.sys.Linux;
import io.unionfs.sys.Name;
import io.unionfs.sys.NativeMemory;
import io.unionfs.sys.Stat;
import io.unionfs.sys.StatFs;
import java.util.HexFormat;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/*
 * The buffer is full of ones before each reply, so that whatever is not written shows. The expected
 * bytes are written field by field by include/uapi/linux/fuse.h of Linux 6.18.
 */
/** Replies as bytes. */
final class ReplyTest {
  private static final int ROOM = 1024;
  private static final long UNIQUE = 0x1122334455667788L;
  private static final String UNIQUE_HEX = "8877665544332211";
  private static final Timeouts TIMEOUTS = new Timeouts(5, 6, 7, 8);

  private static final String ATTR =
      """
      0200000000000001 ino
      0300000001000000 size
      0400000000000000 blocks
      0100006400000000 atime
      0200006400000000 mtime
      0300006400000000 ctime
      6f000000 atimensec
      de000000 mtimensec
      4d010000 ctimensec
      a0210000 mode
      09000000 nlink
      e8030000 uid
      e9030000 gid
      34127256 rdev
      00100000 blksize
      00000000 flags
      """;

  private final NativeMemory memory = NativeMemory.allocate(ROOM);
  private final Reply reply = new Reply();
  private final Stat stat = new Stat();

  @BeforeEach
  void start() {
    for (long at = 0; at < ROOM; at++) {
      NativeMemory.putByte(memory.address() + at, (byte) 0xff);
    }
    reply.start(memory.address(), UNIQUE);
    stat.ino = 0x0100000000000002L;
    stat.size = 0x100000003L;
    stat.blocks = 4;
    stat.atime = 0x64000001;
    stat.mtime = 0x64000002;
    stat.ctime = 0x64000003;
    stat.btime = 0x64000004;
    stat.atimeNsec = 111;
    stat.mtimeNsec = 222;
    stat.ctimeNsec = 333;
    stat.btimeNsec = 444;
    stat.mode = 0020640;
    stat.nlink = 9;
    stat.uid = 1000;
    stat.gid = 1001;
    stat.rdev = Linux.makedev(0x212, 0x56734);
    stat.blksize = 4096;
  }

  @AfterEach
  void free() {
    memory.close();
  }

  private static String hex(String fields) {
    return fields.lines().map(line -> line.strip().split(" ", 2)[0]).collect(Collectors.joining());
  }

  private void assertMessage(String length, String fields) {
    reply.finish(0);
    byte[] bytes = new byte[reply.length()];
    NativeMemory.getBytes(reply.address(), bytes, 0, bytes.length);

    assertThat(HexFormat.of().formatHex(bytes))
        .isEqualTo(length + "00000000" + UNIQUE_HEX + hex(fields));
    assertThat(NativeMemory.getByte(reply.end())).as("behind the reply").isEqualTo((byte) 0xff);
  }

  @Test
  void entry() {
    reply.entry(0x0100000000000002L, 0xfedcba98, TIMEOUTS, stat);

    assertMessage(
        "90000000",
        """
        0200000000000001 nodeid
        98badcfe00000000 generation
        0500000000000000 entry_valid
        0700000000000000 attr_valid
        06000000 entry_valid_nsec
        08000000 attr_valid_nsec
        """
            + ATTR);
  }

  @Test
  void negativeEntry() {
    reply.negativeEntry(TIMEOUTS);

    assertMessage(
        "90000000",
        """
        0000000000000000 nodeid
        0000000000000000 generation
        0500000000000000 entry_valid
        0000000000000000 attr_valid
        06000000 entry_valid_nsec
        00000000 attr_valid_nsec
        """
            + "00".repeat(88));
  }

  @Test
  void attr() {
    reply.attr(TIMEOUTS, stat);

    assertMessage(
        "78000000",
        """
        0700000000000000 attr_valid
        08000000 attr_valid_nsec
        00000000 dummy
        """
            + ATTR);
  }

  @Test
  void statx() {
    reply.statx(TIMEOUTS, stat);

    assertMessage(
        "30010000",
        """
        0700000000000000 attr_valid
        08000000 attr_valid_nsec
        00000000 flags
        00000000000000000000000000000000 spare
        ff0f0000 mask
        00100000 blksize
        0000000000000000 attributes
        09000000 nlink
        e8030000 uid
        e9030000 gid
        a021 mode
        0000 spare
        0200000000000001 ino
        0300000001000000 size
        0400000000000000 blocks
        0000000000000000 attributes_mask
        0100006400000000 atime
        6f00000000000000
        0400006400000000 btime
        bc01000000000000
        0300006400000000 ctime
        4d01000000000000
        0200006400000000 mtime
        de00000000000000
        12020000 rdev_major
        34670500 rdev_minor
        00000000 dev_major
        00000000 dev_minor
        """
            + "00".repeat(112));
  }

  @Test
  void open() {
    reply.open(3, Reply.FOPEN_PASSTHROUGH | Reply.FOPEN_KEEP_CACHE, 4);

    assertMessage(
        "20000000",
        """
        0300000000000000 fh
        82000000 open_flags
        04000000 backing_id
        """);
  }

  @Test
  void openFlagsAreTheKernels() {
    assertThat(Reply.FOPEN_KEEP_CACHE).isEqualTo(1 << 1);
    assertThat(Reply.FOPEN_CACHE_DIR).isEqualTo(1 << 3);
    assertThat(Reply.FOPEN_PARALLEL_DIRECT_WRITES).isEqualTo(1 << 6);
    assertThat(Reply.FOPEN_PASSTHROUGH).isEqualTo(1 << 7);
  }

  @Test
  void statfs() {
    StatFs figures = new StatFs();
    figures.blocks = 0x100000001L;
    figures.bfree = 2;
    figures.bavail = 3;
    figures.files = 4;
    figures.ffree = 5;
    figures.bsize = 4096;
    figures.namelen = 255;
    figures.frsize = 512;
    reply.statfs(figures);

    assertMessage(
        "60000000",
        """
        0100000001000000 blocks
        0200000000000000 bfree
        0300000000000000 bavail
        0400000000000000 files
        0500000000000000 ffree
        00100000 bsize
        ff000000 namelen
        00020000 frsize
        00000000 padding
        """
            + "00".repeat(24));
  }

  @Test
  void direntsArePaddedWithNuls() {
    putDirent("a", 1);
    putDirent("eight888", 2);
    putDirent("nine_9999", 3);

    assertMessage(
        "78000000",
        """
        0100000000000000 ino
        0100000000000010 off
        01000000 namelen
        08000000 type
        6100000000000000 name
        0200000000000000 ino
        0200000000000010 off
        08000000 namelen
        08000000 type
        6569676874383838 name
        0300000000000000 ino
        0300000000000010 off
        09000000 namelen
        08000000 type
        6e696e655f3939393900000000000000 name
        """);
    assertThat(Reply.direntSize(1, 0)).isEqualTo(32);
    assertThat(Reply.direntSize(8, 0)).isEqualTo(32);
    assertThat(Reply.direntSize(9, 0)).isEqualTo(40);
    assertThat(Reply.direntSize(9, 128)).isEqualTo(168);
  }

  private void putDirent(String text, long number) {
    Name name = Name.of(text);
    name.copyTo(reply.dirent(number, 0x1000000000000000L + number, Linux.DT_REG, name.length()));
  }

  @Test
  void direntplus() {
    reply.entry(0x0100000000000002L, 1, TIMEOUTS, stat);
    putDirent("b", 4);

    assertMessage(
        "b0000000",
        """
        0200000000000001 nodeid
        0100000000000000 generation
        0500000000000000 entry_valid
        0700000000000000 attr_valid
        06000000 entry_valid_nsec
        08000000 attr_valid_nsec
        """
            + ATTR
            + """
            0400000000000000 ino
            0400000000000010 off
            01000000 namelen
            08000000 type
            6200000000000000 name
            """);
  }

  @Test
  void direntplusThatIsNotLookedUp() {
    reply.noEntry();
    putDirent("..", 5);

    assertMessage(
        "b0000000",
        "00".repeat(128)
            + """

            0500000000000000 ino
            0500000000000010 off
            02000000 namelen
            08000000 type
            2e2e000000000000 name
            """);
  }

  @Test
  void writeAndGetxattrSize() {
    reply.size(0x12345);

    assertMessage(
        "18000000",
        """
        45230100 size
        00000000 padding
        """);
  }

  @Test
  void lseekAndLongCopy() {
    reply.u64(0x100000002L);

    assertMessage("18000000", "0200000001000000 offset");
  }

  @Test
  void ioctl() {
    reply.ioctl();
    reply.u32(0x10);

    assertMessage(
        "24000000",
        """
        00000000 result
        00000000 flags
        00000000 in_iovs
        00000000 out_iovs
        10000000 data
        """);
  }

  @Test
  void data() {
    reply.bytes(new byte[] {1, 2});
    NativeMemory.putByte(reply.end(), (byte) 3);
    reply.advance(1);

    assertMessage("13000000", "010203");
  }

  @Test
  void errorHasNoBody() {
    reply.attr(TIMEOUTS, stat);
    reply.finish(2);
    byte[] bytes = new byte[reply.length()];
    NativeMemory.getBytes(reply.address(), bytes, 0, bytes.length);

    assertThat(HexFormat.of().formatHex(bytes)).isEqualTo("10000000" + "feffffff" + UNIQUE_HEX);
  }

  @Test
  void clearTakesTheBodyBack() {
    reply.u32(1);
    reply.clear();
    reply.u32(2);

    assertMessage("14000000", "02000000");
  }
}
