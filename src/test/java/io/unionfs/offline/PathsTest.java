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

  @Test
  void pathOfANameIsAListLikeAnyOther() {
    List<Name> path = names();
    for (String name : List.of("a", "b", "c")) {
      path = Paths.child(path, Name.of(name));
    }
    assertThat(path).isEqualTo(names("a", "b", "c")).hasSameHashCodeAs(names("a", "b", "c"));
    assertThat(names("a", "b", "c")).isEqualTo(path);
    assertThat(path.subList(0, 2)).isEqualTo(names("a", "b"));
    assertThat(List.copyOf(path)).isEqualTo(names("a", "b", "c"));
    assertThat(path.get(1)).isEqualTo(Name.of("b"));
    assertThat(Paths.child(names("x", "y"), Name.of("z")).get(0)).isEqualTo(Name.of("x"));
    assertThat(Paths.join(path)).isEqualTo(Name.of("a/b/c"));
    assertThat(Paths.join(names())).isEqualTo(Name.DOT);
  }
}
