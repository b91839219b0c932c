package io.unionfs.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestReaderTest {
  private static @Nullable String wanted(String request) throws IOException {
    byte[] line = (request + "\nwhat comes after the line").getBytes(StandardCharsets.UTF_8);
    int length = request.getBytes(StandardCharsets.UTF_8).length;
    RequestReader.Request read = RequestReader.read(line, length);
    return read == null ? null : read.get();
  }

  @Test
  void theMemberGetSaysWhatIsWanted() throws IOException {
    assertThat(wanted("{\"get\":\"status\"}")).isEqualTo("status");
    assertThat(wanted(" { \"get\" : \"\\u0061\" } ")).isEqualTo("a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "1",
        "[]",
        "{}",
        "\"get\"",
        "{\"set\":\"status\"}",
        "{\"get\":1}",
        "{\"get\":null}",
        "{\"get\":{\"get\":\"status\"}}",
        "{\"get\":\"status\",\"get\":\"status\"}"
      })
  void anythingElseIsNoRequest(String request) throws IOException {
    assertThat(wanted(request)).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{]", "{\"get\"", "{\"get\":\"status\"", "get status", "{'get':'status'}"})
  void whatIsNoJsonIsAnError(String request) {
    assertThatExceptionOfType(JsonProcessingException.class).isThrownBy(() -> wanted(request));
  }
}
