package io.unionfs.control;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Requests, which are JSON objects. A class of its own, so that Jackson is loaded when asked. */
final class RequestReader {
  private static final JsonFactory FACTORY = new JsonFactory();

  private RequestReader() {}

  /**
   * A request.
   *
   * @param get what is asked for; null if something is to be done
   * @param discard paths whose changes are to be thrown away
   */
  record Request(@Nullable String get, List<Name> discard) {}

  /**
   * Reads a request: an object with one member, {@code get} or {@code discard}; null if the line is
   * something else.
   */
  static @Nullable Request read(byte[] line, int length) throws IOException {
    try (JsonParser json = FACTORY.createParser(line, 0, length)) {
      if (json.nextToken() != JsonToken.START_OBJECT || json.nextToken() != JsonToken.FIELD_NAME) {
        return null;
      }
      Request request = null;
      String member = json.currentName();
      JsonToken value = json.nextToken();
      if (member.equals("get") && value == JsonToken.VALUE_STRING) {
        request = new Request(json.getText(), List.of());
      } else if (member.equals("discard") && value == JsonToken.START_ARRAY) {
        List<Name> paths = paths(json);
        request = paths == null || paths.isEmpty() ? null : new Request(null, paths);
      }
      return request != null && json.nextToken() == JsonToken.END_OBJECT ? request : null;
    }
  }

  /* Null if it is not an array of objects that have a path. */
  private static @Nullable List<Name> paths(JsonParser json) throws IOException {
    List<Name> paths = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      if (json.currentToken() != JsonToken.START_OBJECT) {
        return null;
      }
      Name path = JsonNames.readObject(json, "path");
      if (path == null) {
        return null;
      }
      paths.add(path);
    }
    return paths;
  }
}
