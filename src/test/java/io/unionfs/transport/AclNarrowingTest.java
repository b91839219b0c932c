package io.unionfs.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class AclNarrowingTest {
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
