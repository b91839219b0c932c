package io.unionfs.control;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.unionfs.core.LayerPlace;
import io.unionfs.sys.Name;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers as JSON, one object a line. A class of its own, so that Jackson is loaded when asked. */
final class StatusWriter {
  private static final JsonFactory FACTORY = new JsonFactory();

  private StatusWriter() {}

  /** Writes the members of an object. */
  interface Members {
    void write(JsonGenerator json) throws IOException;
  }

  static byte[] line(Members members) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = FACTORY.createGenerator(bytes)) {
      json.writeStartObject();
      members.write(json);
      json.writeEndObject();
    }
    bytes.write('\n');
    return bytes.toByteArray();
  }

  static byte[] error(String message) throws IOException {
    return line(json -> json.writeStringField("error", message));
  }

  static byte[] held() throws IOException {
    return line(json -> json.writeBooleanField("held", true));
  }

  static byte[] discarded() throws IOException {
    return line(json -> json.writeBooleanField("discarded", true));
  }

  /** The request to throw away changes. */
  static byte[] discard(List<Name> paths) throws IOException {
    return line(
        json -> {
          json.writeArrayFieldStart("discard");
          for (Name path : paths) {
            json.writeStartObject();
            JsonNames.write(json, "path", path);
            json.writeEndObject();
          }
          json.writeEndArray();
        });
  }

  static byte[] status(MountStatus status) throws IOException {
    return line(
        json -> {
          json.writeStringField("mountPoint", status.mountPoint().toString());
          json.writeStringField("fsname", status.fsname().toString());
          json.writeArrayFieldStart("lowers");
          for (Name lower : status.lowers()) {
            json.writeString(lower.toString());
          }
          json.writeEndArray();
          writeName(json, "upper", status.upper());
          writeName(json, "work", status.work());
          writeLayers(json, status.layers());
          json.writeBooleanField("readOnly", status.readOnly());
          json.writeStringField("transport", status.transport());
          json.writeStringField("reason", status.reason());
          json.writeStringField("io", status.io());
          json.writeArrayFieldStart("features");
          for (String feature : status.features()) {
            json.writeString(feature);
          }
          json.writeEndArray();
          json.writeNumberField("pid", status.pid());
          json.writeNumberField("since", status.since());
          json.writeNumberField("lookupHits", status.statistics().lookupHits());
          json.writeNumberField("lookupMisses", status.statistics().lookupMisses());
        });
  }

  private static void writeLayers(JsonGenerator json, MountedLayers layers) throws IOException {
    json.writeObjectFieldStart("layers");
    json.writeArrayFieldStart("lowers");
    for (LayerPlace lower : layers.lowers()) {
      writePlace(json, lower);
    }
    json.writeEndArray();
    writePlace(json, "upper", layers.upper());
    writePlace(json, "work", layers.work());
    json.writeBooleanField("dotNames", layers.dotNames());
    json.writeStringField("redirectDir", layers.redirectDir().toString());
    json.writeNumberField("xattrPermissions", layers.xattrPermissions());
    json.writeEndObject();
  }

  private static void writePlace(JsonGenerator json, String field, @Nullable LayerPlace place)
      throws IOException {
    json.writeFieldName(field);
    if (place == null) {
      json.writeNull();
    } else {
      writePlace(json, place);
    }
  }

  private static void writePlace(JsonGenerator json, LayerPlace place) throws IOException {
    json.writeStartObject();
    JsonNames.write(json, "path", place.path());
    json.writeNumberField("device", place.dev());
    json.writeNumberField("inode", place.ino());
    json.writeNumberField("descriptor", place.fd());
    json.writeEndObject();
  }

  private static void writeName(JsonGenerator json, String field, @Nullable Name name)
      throws IOException {
    if (name == null) {
      json.writeNullField(field);
    } else {
      json.writeStringField(field, name.toString());
    }
  }
}
