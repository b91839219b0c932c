package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/*
 * Another user's server may answer what it likes, and root reads it on a terminal: an answer that is
 * no JSON object is no answer, what is shown of one has no control characters, and where the union is
 * mounted is what the kernel says.
 */
/**
 * A mounted union as {@code unionfs list} shows it.
 *
 * @param json what its server said, an object on one line, or what is said in its place
 * @param fields the members of that as text, for a terminal
 */
record ListedMount(String json, Map<String, String> fields) {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final String MOUNT_POINT = "mountPoint";
  private static final String PROBLEM = "problem";
  private static final String ERROR = "error";

  /**
   * One that answers.
   *
   * @throws IOException if the answer is not a JSON object
   */
  static ListedMount of(Name mountPoint, String answer) throws IOException {
    Map<String, String> fields = parse(answer);
    fields.put(MOUNT_POINT, mountPoint.toString());
    String error = fields.get(ERROR);
    if (error != null) {
      fields.put(PROBLEM, "refusing: " + error);
    }
    return new ListedMount(answer, fields);
  }

  /** One that says nothing of itself, and why. */
  static ListedMount unknown(Name mountPoint, String problem) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = FACTORY.createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField(MOUNT_POINT, mountPoint.toString());
      json.writeStringField(PROBLEM, problem);
      json.writeEndObject();
    }
    return of(mountPoint, text.toString());
  }

  /* Values as text, arrays joined by colons; what is nested deeper is left out. */
  private static Map<String, String> parse(String object) throws IOException {
    Map<String, String> fields = new LinkedHashMap<>();
    try (JsonParser parser = FACTORY.createParser(object)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new JsonParseException(parser, "not an object");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        switch (parser.nextToken()) {
          case START_ARRAY -> fields.put(name, String.join(":", items(parser)));
          case START_OBJECT -> parser.skipChildren();
          case VALUE_NULL -> fields.put(name, "-");
          default -> fields.put(name, printable(parser.getText()));
        }
      }
      if (parser.nextToken() != null) {
        throw new JsonParseException(parser, "more than an object");
      }
    }
    return fields;
  }

  private static List<String> items(JsonParser parser) throws IOException {
    List<String> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      if (parser.currentToken().isStructStart()) {
        parser.skipChildren();
      } else {
        items.add(printable(parser.getText()));
      }
    }
    return items;
  }

  private static String printable(String text) {
    if (text.chars().noneMatch(Character::isISOControl)) {
      return text;
    }
    StringBuilder printable = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isISOControl(c)) {
        printable.append(String.format("\\%03o", (int) c));
      } else {
        printable.append(c);
      }
    }
    return printable.toString();
  }
}
