package io.unionfs.offline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.unionfs.sys.Name;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PathsTest {
  private static byte[] bytes(String path) {
    return path.getBytes(StandardCharsets.UTF_8);
  }

  private static List<Name> names(String... names) {
    return Stream.of(names).map(Name::of).toList();
  }

  private static void isRefused(String path, String why) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Paths.split(bytes(path)))
        .withMessageContaining(why);
  }

  @Test
  void slashesMayBeManyAndDotIsNoName() {
    assertThat(Paths.split(bytes("."))).isEmpty();
    assertThat(Paths.split(bytes("./"))).isEmpty();
    assertThat(Paths.split(bytes("a//b/./c/"))).isEqualTo(names("a", "b", "c"));
    assertThat(Paths.split(bytes("..."))).isEqualTo(names("..."));
    assertThat(Paths.normalized(bytes(""))).isEmpty();
    assertThat(Paths.normalized(bytes("/a/../b"))).isEqualTo(names("b"));
  }

  /* An empty one is a variable without a value more often than the wish to lose everything. */
  @Test
  void whatMayMeanAnotherFileIsRefused() {
    isRefused("", "empty path");
    isRefused("/", "not relative");
    isRefused("/f", "not relative");
    isRefused("a/..", "'..'");
    isRefused("..", "'..'");
  }

  @Test
  void whatNoFileCanHaveIsRefused() {
    isRefused("f\0x", "f\\000x: has a NUL byte");
    isRefused("\0", "NUL byte");
    isRefused("d/f\0", "NUL byte");
    assertThat(Paths.split(bytes("x".repeat(255)))).hasSize(1);
    isRefused("d/" + "x".repeat(256) + "/f", "at most 255 bytes");
    assertThatIllegalArgumentException().isThrownBy(() -> Paths.normalized(bytes("/a\0b")));
    assertThatIllegalArgumentException().isThrownBy(() -> Paths.normalized(bytes("/a/../..")));
  }
}
