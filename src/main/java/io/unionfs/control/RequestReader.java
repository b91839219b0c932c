package io.unionfs.control;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Requests, which are JSON objects. A class of its own, so that Jackson is loaded when asked. */
final class RequestReader {
  private static final JsonFactory FACTORY = new JsonFactory();

  private RequestReader() {}

  /**
   * The value of the member {@code get} of an object with no other member; null if the line is
   * something else.
   */
  static @Nullable String wanted(byte[] line, int length) throws IOException {
    try (JsonParser json = FACTORY.createParser(line, 0, length)) {
      boolean asked =
          json.nextToken() == JsonToken.START_OBJECT
              && json.nextToken() == JsonToken.FIELD_NAME
              && "get".equals(json.currentName())
              && json.nextToken() == JsonToken.VALUE_STRING;
      if (!asked) {
        return null;
      }
      String wanted = json.getText();
      return json.nextToken() == JsonToken.END_OBJECT ? wanted : null;
    }
  }
}
