package io.unionfs.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.unionfs.sys.Errno;
import io.unionfs.sys.ErrnoException;
import io.unionfs.sys.Stat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

final class ShownOwnersTest {
  private static final ShownOwners MAPPED =
      new ShownOwners(
          IdRanges.parse("uidmapping", "0:100000:1000"),
          IdRanges.parse("gidmapping", "0:200000:1000"),
          null,
          null);

  private static Stat shown(ShownOwners owners, int uid, int gid) {
    Stat stat = new Stat();
    stat.uid = uid;
    stat.gid = gid;
    owners.show(stat);
    return stat;
  }

  private static SetAttr chown(int uid, int gid) {
    SetAttr change = new SetAttr();
    change.valid = (uid == -1 ? 0 : SetAttr.UID) | (gid == -1 ? 0 : SetAttr.GID) | SetAttr.MODE;
    change.uid = uid;
    change.gid = gid;
    change.mode = 0640;
    return change;
  }

  private static byte[] acl(int... tagsRightsIds) {
    ByteBuffer acl =
        ByteBuffer.allocate(4 + 8 * (tagsRightsIds.length / 3)).order(ByteOrder.LITTLE_ENDIAN);
    acl.putInt(2);
    for (int i = 0; i < tagsRightsIds.length; i += 3) {
      acl.putShort((short) tagsRightsIds[i]).putShort((short) tagsRightsIds[i + 1]);
      acl.putInt(tagsRightsIds[i + 2]);
    }
    return acl.array();
  }

  @Test
  void ownersWithoutAnIdAreNobody() {
    Stat stat = shown(MAPPED, 5, 1000);

    assertThat(stat.uid).isEqualTo(100_005);
    assertThat(stat.gid).isEqualTo(ShownOwners.NOBODY);
    assertThat(MAPPED.storedUser(0)).isEqualTo(ShownOwners.NOBODY);
    assertThat(MAPPED.storedGroup(200_007)).isEqualTo(7);
  }

  @Test
  void oneOwnerMayBeShownOfEverything() {
    Stat stat = shown(new ShownOwners(null, null, 0, null), 5, 6);

    assertThat(stat.uid).isZero();
    assertThat(stat.gid).isEqualTo(6);
  }

  @Test
  void chownToWhoHasNoIdOverflows() throws Exception {
    SetAttr stored = MAPPED.stored(chown(100_001, 200_002));

    assertThat(stored.uid).isEqualTo(1);
    assertThat(stored.gid).isEqualTo(2);
    assertThat(stored.mode).isEqualTo(0640);
    assertThat(MAPPED.stored(chown(-1, 200_000)).gid).isZero();
    SetAttr unchanged = chown(0, 0);
    unchanged.uid = -1;
    unchanged.gid = -1;
    assertThat(MAPPED.stored(unchanged).uid).isEqualTo(-1);
    assertThat(MAPPED.stored(unchanged).gid).isEqualTo(-1);
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> MAPPED.stored(chown(5, -1)))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EOVERFLOW));
  }

  @Test
  void onlyNamedEntriesOfAclsAreMapped() throws Exception {
    byte[] stored = acl(1, 6, -1, 2, 7, 5, 4, 5, -1, 8, 4, 6, 16, 7, -1, 32, 0, -1);
    byte[] shown = acl(1, 6, -1, 2, 7, 100_005, 4, 5, -1, 8, 4, 200_006, 16, 7, -1, 32, 0, -1);

    assertThat(MAPPED.shownAcl(stored)).isEqualTo(shown);
    assertThat(MAPPED.storedAcl(shown)).isEqualTo(stored);
    assertThat(MAPPED.shownAcl(acl(2, 7, 5000))).isEqualTo(acl(2, 7, ShownOwners.NOBODY));
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> MAPPED.storedAcl(acl(2, 7, 5)))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
  }

  @Test
  void rootMayHaveTheOwnerThatIsToBeShown() {
    Stat stat = new Stat();
    stat.uid = 100_000;
    stat.gid = 7;
    MAPPED.showRoot(stat);

    assertThat(stat.uid).isEqualTo(100_000);
    assertThat(stat.gid).isEqualTo(200_007);
    stat.uid = 5000;
    MAPPED.showRoot(stat);
    assertThat(stat.uid).isEqualTo(ShownOwners.NOBODY);
  }

  @Test
  void rootMayBeGivenAnOwnerAsItIsStored() throws Exception {
    assertThat(MAPPED.storedRoot(chown(5, 200_006)).uid).isEqualTo(5);
    assertThat(MAPPED.storedRoot(chown(5, 200_006)).gid).isEqualTo(6);
    assertThatExceptionOfType(ErrnoException.class)
        .isThrownBy(() -> MAPPED.storedRoot(chown(5000, -1)))
        .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EOVERFLOW));
  }

  @Test
  void copyOfWhatIsMappedAlreadyGetsTheOwnersThatAreStored() {
    Stat stat = new Stat();
    stat.uid = 100_003;
    stat.gid = 200_004;
    CopiedOwners mapped = new CopiedOwners(MAPPED, true);

    assertThat(mapped.user(stat)).isEqualTo(3);
    assertThat(mapped.group(stat)).isEqualTo(4);
    assertThat(mapped.acl(acl(2, 7, 100_005, 2, 6, 9)))
        .isEqualTo(acl(2, 7, 5, 2, 6, ShownOwners.NOBODY));
    assertThat(new CopiedOwners(MAPPED, false).user(stat)).isEqualTo(100_003);
  }

  @Test
  void aclThatIsCutOffIsLeftToTheHost() throws Exception {
    byte[] cutOff = {2, 0, 0, 0, 2, 0, 7};

    assertThat(MAPPED.storedAcl(cutOff)).isEqualTo(cutOff);
  }
}
