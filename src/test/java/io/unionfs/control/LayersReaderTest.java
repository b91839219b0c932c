package io.unionfs.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayersReaderTest {
  @Test
  void whatAMountSaysOfItsLayersIsReadAsItWas() throws Exception {
    String status = new String(StatusWriter.status(Statuses.plain()), StandardCharsets.UTF_8);

    LayersReader.Answer answer = LayersReader.read(status);

    assertThat(answer.pid()).isEqualTo(42);
    assertThat(answer.layers()).isEqualTo(Statuses.LAYERS);
  }

  @Test
  void serverThatDoesNotTellIsNoError() throws Exception {
    assertThat(LayersReader.read("{\"pid\":3,\"other\":[{}]}").layers()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"layers\":3}",
        "{\"layers\":{\"lowers\":[]}}",
        "{\"layers\":{\"lowers\":[null]}}",
        "{\"layers\":{\"lowers\":[{\"path\":\"/\"}],\"redirectDir\":\"sideways\"}}",
        "{\"layers\":{\"lowers\":[{\"path\":\"/\",\"device\":\"x\"}]}}",
        "{\"layers\":{\"lowers\":[{\"path\":\"/\",\"pathBytes\":\"?\"}]}}",
        "{\"pid\":1"
      })
  void nonsenseIsRefused(String status) {
    assertThatExceptionOfType(IOException.class).isThrownBy(() -> LayersReader.read(status));
  }
}
