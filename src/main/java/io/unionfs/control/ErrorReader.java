package io.unionfs.control;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;

/** Reads why a server did not do what it was asked for. */
final class ErrorReader {
  private static final JsonFactory FACTORY = new JsonFactory();

  private ErrorReader() {}

  /**
   * The member {@code error} of an answer.
   *
   * @throws IOException if it is no JSON object that has one
   */
  static String error(String answer) throws IOException {
    try (JsonParser json = FACTORY.createParser(answer)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not an answer: " + answer);
      }
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        boolean error = "error".equals(json.currentName());
        if (json.nextToken() == JsonToken.VALUE_STRING && error) {
          return json.getText();
        }
        json.skipChildren();
      }
      throw new IOException("not an answer: " + answer);
    }
  }
}
