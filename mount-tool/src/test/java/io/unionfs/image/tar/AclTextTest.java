package io.unionfs.image.tar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.unionfs.sys.Name;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.SortedMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AclTextTest {
  private static final Name ACCESS = Name.of("system.posix_acl_access");
  private static final Name DEFAULT = Name.of("system.posix_acl_default");
  private static final String NONE = "ffffffff";

  /* user::rw-, user:502:r-x, group::r--, group:7:-w-, mask::rwx, other::--- */
  private static final String EXPECTED =
      "02000000"
          + ("01000600" + NONE)
          + "02000500f6010000"
          + ("04000400" + NONE)
          + "0800020007000000"
          + ("10000700" + NONE)
          + ("20000000" + NONE);

  @TempDir private Path home = Path.of("");

  @SuppressWarnings("NullAway.Init") // by makeTables
  private AclText acls;

  @BeforeEach
  void makeTables() throws Exception {
    acls =
        new AclText(
            Files.writeString(home.resolve("passwd"), "root:x:0:0::/:\nlisa:x:502:1::/:\n"),
            Files.writeString(home.resolve("group"), "root:x:0:\nstaff:x:7:lisa\n"));
  }

  private SortedMap<Name, byte[]> read(String key, String text) throws TarException {
    PaxRecords records = new PaxRecords();
    records.put(key, text.getBytes(StandardCharsets.UTF_8));
    return acls.xattrs(records);
  }

  private String access(String text) throws TarException {
    SortedMap<Name, byte[]> xattrs = read("SCHILY.acl.access", text);
    assertThat(xattrs).containsOnlyKeys(ACCESS);
    return HexFormat.of().formatHex(xattrs.get(ACCESS));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // star, bsdtar
        "user::rw-,group::r--,other::---,user:lisa:r-x:502,group:staff:-w-:7,mask::rwx",
        // whoever has the name here, the number counts
        "user::rw-,user:root:r-x:502,group::r--,group:root:-w-:7,mask::rwx,other::---",
        // GNU tar
        "user::rw-\nuser:lisa:r-x\ngroup::r--\ngroup:staff:-w-\nmask::rwx\nother::---\n",
        "user::rw-\nuser:502:r-x\t#effective:r-x\ngroup::r--\ngroup:7:-w-\nmask::rwx\nother::---\n",
        // as setfacl takes it, and without a mask
        "u::rw,u:502:rx,g::r,g:7:w,m:rwx,o:-",
        "user::rw-,user:502:r-x,group::r--,group:7:-w-,other::---"
      })
  void textIsReadAsTheKernelWantsIt(String text) throws Exception {
    assertThat(access(text)).isEqualTo(EXPECTED);
  }

  @Test
  void accessAclThatIsAModeIsNone() throws Exception {
    assertThat(read("SCHILY.acl.access", "user::rw-,group::r--,other::r--")).isEmpty();
  }

  @Test
  void defaultAclMaySayWhatAModeDoes() throws Exception {
    for (String text :
        new String[] {
          "user::rwx,group::r-x,other::r-x",
          "default:user::rwx\n" + "default:group::r-x\ndefault:other::r-x"
        }) {
      SortedMap<Name, byte[]> xattrs = read("SCHILY.acl.default", text);
      assertThat(xattrs).containsOnlyKeys(DEFAULT);
      assertThat(HexFormat.of().formatHex(xattrs.get(DEFAULT)))
          .isEqualTo("02000000" + "01000700" + NONE + "04000500" + NONE + "20000500" + NONE);
    }
  }

  @Test
  void bytesCountWhereBothAreThere() throws Exception {
    PaxRecords records = new PaxRecords();
    records.put("SCHILY.acl.access", "user::rw-,user:1:r--,group::r--,mask::r--,other::r--");
    records.put("SCHILY.xattr.system.posix_acl_access", new byte[] {2, 0, 0, 0});
    assertThat(acls.xattrs(records)).containsOnlyKeys(ACCESS);
    assertThat(acls.xattrs(records).get(ACCESS)).containsExactly(2, 0, 0, 0);
  }

  /* Left out with a warning, as what no file system takes. */
  @Test
  void aclForSomebodyUnknownIsNotGuessed() throws Exception {
    String text = "user::rw-,user:nobody-here:r--,group::r--,mask::r--,other::r--";
    assertThat(read("SCHILY.acl.access", text)).containsOnlyKeys(Name.of("SCHILY.acl.access"));
  }

  @Test
  void textThatNoAclCanHaveIsRefusedBeforeItIsReadApart() {
    assertThatThrownBy(() -> read("SCHILY.acl.access", ",".repeat((1 << 20) + 1)))
        .isInstanceOf(TarException.class);
    assertThatThrownBy(() -> read("SCHILY.acl.access", ":".repeat(1 << 20)))
        .isInstanceOf(TarException.class);
  }

  @Test
  void numberThatNobodyCanHaveIsNobodys() throws Exception {
    Path users = Files.writeString(home.resolve("odd"), "far:x:9999999999:\nnear:x:5:\n");
    PaxRecords records = new PaxRecords();
    records.put("SCHILY.acl.access", "user::rw-,user:near:r--,group::r--,mask::r--,other::r--");
    assertThat(new AclText(users, users).xattrs(records)).containsOnlyKeys(ACCESS);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nonsense",
        "user::rw-",
        "user::rwz,group::r--,other::r--",
        "user::rw-,user::r--,group::r--,other::r--",
        "user::rw-,user:5:r--,user:5:rwx,group::r--,mask::r--,other::r--",
        "user::rw-,user:x:r--:4294967295,group::r--,mask::r--,other::r--",
        "user::rw-,user:x:r--:-1,group::r--,mask::r--,other::r--",
        "user::rw-,group::r--,other:me:r--",
        "user::rw-,group::r--,other::r--:1:2",
        "user,group,other"
      })
  void whatIsNoAclIsRefused(String text) {
    assertThatThrownBy(() -> read("SCHILY.acl.access", text))
        .isInstanceOf(TarException.class)
        .hasMessageMatching(".*(ACL is malformed|number in its extended header).*");
  }
}
