package io.unionfs.cli;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import jdk.test.whitebox.WhiteBox;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HotMethodsTest {
  @TempDir private Path home = Path.of("");

  private HotMethods methods(String list) throws IOException {
    Path file = Files.writeString(home.resolve("list"), list);
    return HotMethods.read(file.toString());
  }

  @Test
  void classesThatThisJavaDoesNotHaveAreLeftOut() throws Exception {
    HotMethods methods =
        methods("io.unionfs.Absent run\n\nno name at all\njava.util.Optional get\n");

    assertThatCode(methods::initialize).doesNotThrowAnyException();
  }

  @Test
  void thereIsNoCompilerToAskUnlessTheLauncherAsksForIt() {
    assertThatThrownBy(WhiteBox::new).isInstanceOf(LinkageError.class);
  }

  @Test
  void listThatIsMissingIsAnError() {
    assertThatIOException().isThrownBy(() -> HotMethods.read(home.resolve("absent").toString()));
  }
}
