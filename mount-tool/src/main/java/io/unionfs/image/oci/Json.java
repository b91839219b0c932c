package io.unionfs.image.oci;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * A document is read whole, because what is not understood in it must be there again when it is written.
 * Objects are maps in the order of their members, arrays lists; the rest is String, Long, BigInteger,
 * BigDecimal, Boolean, or null.
 */
/** An object of a JSON document of an image. */
final class Json {
  private static final JsonFactory FACTORY =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final String where;
  private final Map<String, @Nullable Object> members;

  private Json(String where, Map<String, @Nullable Object> members) {
    this.where = where;
    this.members = members;
  }

  /** An object without members. */
  static Json object() {
    return new Json("", new LinkedHashMap<>());
  }

  /**
   * Reads a document, which must be one object.
   *
   * @param where how messages call it
   */
  static Json read(String where, byte[] document) throws IOException {
    try (JsonParser parser = FACTORY.createParser(document)) {
      Object value = parser.nextToken() == JsonToken.START_OBJECT ? object(parser) : null;
      if (value instanceof Map<?, ?> && parser.nextToken() == null) {
        return new Json(where, members(value));
      }
      throw new ImageException(where + " is no JSON object");
    } catch (JsonProcessingException e) {
      throw new ImageException(where + " is no JSON: " + e.getOriginalMessage(), e);
    }
  }

  private static @Nullable Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> parser.getText();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NUMBER_INT ->
          parser.getNumberType() == JsonParser.NumberType.BIG_INTEGER
              ? parser.getBigIntegerValue()
              : (Object) parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDecimalValue();
      default -> null;
    };
  }

  private static Map<String, @Nullable Object> object(JsonParser parser) throws IOException {
    Map<String, @Nullable Object> members = new LinkedHashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      members.put(name, value(parser));
    }
    return members;
  }

  private static List<@Nullable Object> array(JsonParser parser) throws IOException {
    List<@Nullable Object> elements = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      elements.add(value(parser));
    }
    return elements;
  }

  @SuppressWarnings("unchecked") // only maps that were read here
  private static Map<String, @Nullable Object> members(Object value) {
    return (Map<String, @Nullable Object>) value;
  }

  boolean has(String member) {
    return members.get(member) != null;
  }

  /** A member that is a string, or null where there is none. */
  @Nullable String text(String member) throws ImageException {
    Object value = members.get(member);
    if (value == null || value instanceof String) {
      return (String) value;
    }
    throw wrong(member, "string");
  }

  String requiredText(String member) throws ImageException {
    String value = text(member);
    if (value == null) {
      throw wrong(member, "string");
    }
    return value;
  }

  long requiredNumber(String member) throws ImageException {
    if (members.get(member) instanceof Long number && number >= 0) {
      return number;
    }
    throw wrong(member, "number");
  }

  boolean flag(String member) {
    return Boolean.TRUE.equals(members.get(member));
  }

  /** A member that is an object; an empty one where there is none. */
  Json object(String member) throws ImageException {
    Object value = members.get(member);
    if (value == null) {
      return new Json(where + ", " + member, new LinkedHashMap<>());
    }
    if (value instanceof Map<?, ?>) {
      return new Json(where + ", " + member, members(value));
    }
    throw wrong(member, "object");
  }

  /** A member that is a list of objects; an empty one where there is none. */
  List<Json> objects(String member) throws ImageException {
    List<Json> objects = new ArrayList<>();
    for (Object each : list(member)) {
      if (!(each instanceof Map<?, ?>)) {
        throw wrong(member, "list of objects");
      }
      objects.add(new Json(where + ", " + member, members(each)));
    }
    return objects;
  }

  /** A member that is a list of strings; an empty one where there is none. */
  List<String> texts(String member) throws ImageException {
    List<String> texts = new ArrayList<>();
    for (Object each : list(member)) {
      if (!(each instanceof String text)) {
        throw wrong(member, "list of strings");
      }
      texts.add(text);
    }
    return texts;
  }

  private List<?> list(String member) throws ImageException {
    Object value = members.get(member);
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw wrong(member, "list");
  }

  private ImageException wrong(String member, String expected) {
    return new ImageException(where + ": " + member + " is no " + expected);
  }

  /** Sets a member: a string, a number, a boolean, an object, or a list of strings or objects. */
  Json set(String member, Object value) {
    members.put(member, plain(value));
    return this;
  }

  private static Object plain(Object value) {
    if (value instanceof Json json) {
      return json.members;
    }
    if (value instanceof List<?> list) {
      List<Object> elements = new ArrayList<>();
      for (Object each : list) {
        elements.add(plain(each));
      }
      return elements;
    }
    return value;
  }

  /** The document in its shortest form. */
  byte[] write() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator generator = FACTORY.createGenerator(out)) {
      write(generator, members);
    }
    return out.toByteArray();
  }

  private static void write(JsonGenerator generator, @Nullable Object value) throws IOException {
    if (value instanceof Map<?, ?>) {
      generator.writeStartObject();
      for (Map.Entry<String, @Nullable Object> each : members(value).entrySet()) {
        generator.writeFieldName(each.getKey());
        write(generator, each.getValue());
      }
      generator.writeEndObject();
    } else if (value instanceof List<?> list) {
      generator.writeStartArray();
      for (Object each : list) {
        write(generator, each);
      }
      generator.writeEndArray();
    } else if (value instanceof String text) {
      generator.writeString(text);
    } else if (value instanceof Long number) {
      generator.writeNumber(number);
    } else if (value instanceof BigInteger number) {
      generator.writeNumber(number);
    } else if (value instanceof BigDecimal number) {
      generator.writeNumber(number);
    } else if (value instanceof Boolean flag) {
      generator.writeBoolean(flag);
    } else {
      generator.writeNull();
    }
  }
}
