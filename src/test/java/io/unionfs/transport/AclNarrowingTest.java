package io.unionfs.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.unionfs.TargetDirectories;
import io.unionfs.core.Caller;
import io.unionfs.core.FileNode;
import io.unionfs.core.LiveUpper;
import io.unionfs.core.MountOptions;
import io.unionfs.core.Node;
import io.unionfs.core.UnionFileSystem;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Name;
import io.unionfs.sys.Stat;
import io.unionfs.sys.Sys;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AclNarrowingTest {
  private static final Caller CALLER = new Caller(0, 0, 0, 1);
  private static final Name ACCESS = Name.of("system.posix_acl_access");

  private static final int USER_OBJ = 0x01;
  private static final int USER = 0x02;
  private static final int GROUP_OBJ = 0x04;
  private static final int GROUP = 0x08;
  private static final int MASK = 0x10;
  private static final int OTHER = 0x20;

  @Test
  void aclThatSaysWhatTheModeSaysChangesNothing() {
    byte[] acl = acl(USER_OBJ, 6, GROUP_OBJ, 4, OTHER, 4);

    assertThat(AclNarrowing.narrowed(0100644, acl)).isEqualTo(0100644);
  }

  @Test
  void groupBitsAreTheGroupEntryAndNotTheMask() {
    byte[] acl = acl(USER_OBJ, 7, USER, 7, GROUP_OBJ, 5, MASK, 7, OTHER, 0);

    assertThat(AclNarrowing.narrowed(0100770, acl)).isEqualTo(0100750);
  }

  @Test
  void maskLimitsTheGroupEntry() {
    byte[] acl = acl(USER_OBJ, 7, GROUP_OBJ, 7, MASK, 4, OTHER, 0);

    assertThat(AclNarrowing.narrowed(0100740, acl)).isEqualTo(0100740);
  }

  @Test
  void userWhomTheAclShutsOutIsNotLetInAsOther() {
    byte[] acl = acl(USER_OBJ, 7, USER, 0, GROUP_OBJ, 5, MASK, 5, OTHER, 5);

    assertThat(AclNarrowing.narrowed(0100755, acl)).isEqualTo(0100700);
  }

  @Test
  void groupThatTheAclShutsOutIsNotLetInAsOther() {
    byte[] acl = acl(USER_OBJ, 7, GROUP_OBJ, 5, GROUP, 1, MASK, 5, OTHER, 5);

    assertThat(AclNarrowing.narrowed(0100755, acl)).isEqualTo(0100751);
  }

  @Test
  void setIdBitsAndTypeStay() {
    byte[] acl = acl(USER_OBJ, 7, USER, 1, GROUP_OBJ, 7, MASK, 7, OTHER, 7);

    assertThat(AclNarrowing.narrowed(042777, acl)).isEqualTo(042711);
  }

  @Test
  void unreadableAclLeavesOnlyTheOwner() {
    assertThat(AclNarrowing.narrowed(0100777, new byte[] {9, 9, 9, 9})).isEqualTo(0100700);
  }

  /* The file that was discarded while it was open and the lowers' have one inode number. */
  @Test
  void discardedFileWithoutAclDoesNotSpeakForTheLowers(
      @TempDir(factory = TargetDirectories.class) Path home) throws Exception {
    Name f = Name.of("f");
    byte[] shutsOut = acl(USER_OBJ, 6, USER, 0, GROUP_OBJ, 4, MASK, 6, OTHER, 0);
    try (UnionFileSystem lower = union(home, "nothing", "lower")) {
      FileNode file = lower.create(lower.root(), f, 0660, CALLER, null);
      lower.setxattr(file, ACCESS, shutsOut, 0, CALLER);
    }
    try (UnionFileSystem fs = union(home, "lower", "upper")) {
      AclNarrowing narrowing = new AclNarrowing(fs, false);
      Node open = file(fs);
      fs.retain(open);
      fs.removexattr(open, ACCESS, CALLER);
      LiveUpper.discard(fs, "f");

      Node lowers = file(fs);
      assertThat(lowers).isNotSameAs(open);
      Stat plain = narrowed(fs, narrowing, open);
      Stat narrow = narrowed(fs, narrowing, lowers);

      assertThat(narrow.ino).isEqualTo(plain.ino);
      assertThat(plain.mode & 0777).isEqualTo(0660);
      assertThat(narrow.mode & 0777).isEqualTo(0600);
      fs.release(open, 1);
    }
  }

  private static Node file(UnionFileSystem fs) throws ErrnoException {
    return Objects.requireNonNull(fs.lookup(fs.root(), Name.of("f")));
  }

  private static Stat narrowed(UnionFileSystem fs, AclNarrowing narrowing, Node node)
      throws ErrnoException {
    Stat stat = new Stat();
    fs.getattr(node, stat);
    narrowing.narrow(node, stat);
    return stat;
  }

  private static UnionFileSystem union(Path home, String lower, String upper) throws Exception {
    return UnionFileSystem.open(
        Sys.linux(),
        MountOptions.builder()
            .lower(directory(home.resolve(lower)))
            .upper(directory(home.resolve(upper)))
            .build());
  }

  private static byte[] directory(Path path) throws IOException {
    return Files.createDirectories(path).toString().getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] acl(int... tagsAndRights) {
    ByteBuffer bytes =
        ByteBuffer.allocate(4 + tagsAndRights.length / 2 * 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(2);
    for (int i = 0; i < tagsAndRights.length; i += 2) {
      bytes.putShort((short) tagsAndRights[i]);
      bytes.putShort((short) tagsAndRights[i + 1]);
      bytes.putInt(1000 + i);
    }
    return bytes.array();
  }
}
