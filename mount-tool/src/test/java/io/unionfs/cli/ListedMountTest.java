package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.unionfs.sys.Name;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListedMountTest {
  private static final Name POINT = Name.of("/mnt");

  @Test
  void membersBecomeText() throws IOException {
    String answer =
        "{\"mountPoint\":\"/mnt\",\"lowers\":[\"/a\",\"/b\"],\"upper\":null,\"features\":[],\"pid\":7}";

    ListedMount mount = ListedMount.of(POINT, answer);

    assertThat(mount.json()).isEqualTo(answer);
    assertThat(mount.fields())
        .containsEntry("mountPoint", "/mnt")
        .containsEntry("lowers", "/a:/b")
        .containsEntry("upper", "-")
        .containsEntry("features", "")
        .containsEntry("pid", "7");
  }

  @Test
  void theKernelKnowsTheMountPoint() throws IOException {
    assertThat(ListedMount.of(POINT, "{\"mountPoint\":\"/etc\"}").fields())
        .containsEntry("mountPoint", "/mnt");
    assertThat(ListedMount.of(POINT, "{}").fields()).containsEntry("mountPoint", "/mnt");
  }

  @Test
  void controlCharactersDoNotReachTheTerminal() throws IOException {
    String answer =
        "{\"io\":\"a\\u001b[2Jb\\nc\",\"features\":[\"\\u009b1m\",\"\\u007f\"],\"upper\":\"/\u00e9\"}";

    assertThat(ListedMount.of(POINT, answer).fields())
        .containsEntry("io", "a\\033[2Jb\\012c")
        .containsEntry("features", "\\2331m:\\177")
        .containsEntry("upper", "/\u00e9");
  }

  @Test
  void whatIsNestedDeeperIsLeftOut() throws IOException {
    assertThat(
            ListedMount.of(POINT, "{\"a\":{\"io\":\"x\"},\"lowers\":[[\"y\"],{\"b\":1},\"z\"]}")
                .fields())
        .containsOnlyKeys("mountPoint", "lowers")
        .containsEntry("lowers", "z");
  }

  @Test
  void errorOfAServerIsItsProblem() throws IOException {
    assertThat(ListedMount.of(POINT, "{\"error\":\"unknown request\"}").fields())
        .containsEntry("problem", "refusing: unknown request");
  }

  @Test
  void mountThatSaysNothingHasAProblem() throws IOException {
    ListedMount mount = ListedMount.unknown(Name.of("/a \"b\""), "no control socket");

    assertThat(mount.json())
        .isEqualTo("{\"mountPoint\":\"/a \\\"b\\\"\",\"problem\":\"no control socket\"}");
    assertThat(mount.fields()).containsEntry("problem", "no control socket");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "[]",
        "{",
        "{]",
        "{\"a\":",
        "{\"a\":[",
        "{\"a\":1,}",
        "{} {}",
        "\u001b[2J"
      })
  void whatIsNoObjectIsNoAnswer(String answer) {
    assertThatExceptionOfType(JsonProcessingException.class)
        .isThrownBy(() -> ListedMount.of(POINT, answer));
  }
}
