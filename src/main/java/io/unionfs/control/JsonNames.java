package io.unionfs.control;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unionfs.sys.Name;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/*
 * JSON is text, and names are bytes. A member holds the name as it is shown; where that is not the name
 * itself, because it is not UTF-8 or has control bytes, a second member with "Bytes" behind its name holds
 * the bytes in base64. Without the second member the first is exact, whatever backslashes are in it.
 */
/** Names as members of JSON objects. */
public final class JsonNames {
  /** What the member with the bytes has behind its name. */
  public static final String BYTES = "Bytes";

  private JsonNames() {}

  /** Writes a name; null as null. */
  public static void write(JsonGenerator json, String member, @Nullable Name name)
      throws IOException {
    if (name == null) {
      json.writeNullField(member);
      return;
    }
    String shown = name.toString();
    json.writeStringField(member, shown);
    if (!Name.of(shown).equals(name)) {
      json.writeFieldName(member + BYTES);
      json.writeBinary(name.bytes());
    }
  }

  /**
   * Reads an object, of which the parser is at the beginning, that has a name in it and nothing
   * else; null if it is another one.
   */
  static @Nullable Name readObject(JsonParser json, String member) throws IOException {
    Name shown = null;
    Name exact = null;
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = json.currentName();
      if (json.nextToken() != JsonToken.VALUE_STRING) {
        return null;
      }
      if (name.equals(member)) {
        shown = Name.of(json.getText());
      } else if (name.equals(member + BYTES)) {
        exact = Name.of(json.getBinaryValue());
      } else {
        return null;
      }
    }
    return exact != null ? exact : shown;
  }
}
