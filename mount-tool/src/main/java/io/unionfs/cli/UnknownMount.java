package io.unionfs.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.io.StringWriter;

/** A union that does not say anything of itself. */
final class UnknownMount {
  private UnknownMount() {}

  /** What is said in its place, in the form of an answer. */
  static String json(Name mountPoint, String problem) throws IOException {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
      json.writeStartObject();
      json.writeStringField("mountPoint", mountPoint.toString());
      json.writeStringField("problem", problem);
      json.writeEndObject();
    }
    return text.toString();
  }
}
