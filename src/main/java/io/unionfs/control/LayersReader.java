package io.unionfs.control;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unionfs.core.LayerPlace;
import io.unionfs.core.RedirectDir;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what a status says of layers. */
public final class LayersReader {
  private static final JsonFactory FACTORY = new JsonFactory();

  private LayersReader() {}

  /**
   * What a status says.
   *
   * @param pid the process that serves the mount, -1 if the status does not say
   * @param transport what serves the mount, empty if the status does not say
   * @param io how data are read and written, empty if the status does not say
   * @param layers null if the status does not say, as that of an older server
   */
  public record Answer(int pid, String transport, String io, @Nullable MountedLayers layers) {}

  /**
   * Reads a status.
   *
   * @param status the answer to a request for it
   * @throws IOException if it is no JSON object, or its members are not what they should be
   */
  public static Answer read(String status) throws IOException {
    int pid = -1;
    String transport = "";
    String io = "";
    MountedLayers layers = null;
    try (JsonParser json = FACTORY.createParser(status)) {
      require(json, json.nextToken(), JsonToken.START_OBJECT);
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String member = json.currentName();
        json.nextToken();
        switch (member) {
          case "pid" -> pid = json.getIntValue();
          case "transport" -> transport = json.getText();
          case "io" -> io = json.getText();
          case "layers" -> layers = layers(json);
          default -> json.skipChildren();
        }
      }
      return new Answer(pid, transport, io, layers);
    } catch (IllegalArgumentException e) {
      throw new IOException("not what a status says of layers: " + e.getMessage(), e);
    }
  }

  private static MountedLayers layers(JsonParser json) throws IOException {
    List<LayerPlace> lowers = new ArrayList<>();
    LayerPlace upper = null;
    LayerPlace work = null;
    boolean dotNames = false;
    RedirectDir redirectDir = RedirectDir.OFF;
    int xattrPermissions = 0;
    require(json, json.currentToken(), JsonToken.START_OBJECT);
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String member = json.currentName();
      json.nextToken();
      switch (member) {
        case "lowers" -> places(json, lowers);
        case "upper" -> upper = place(json);
        case "work" -> work = place(json);
        case "dotNames" -> dotNames = json.getBooleanValue();
        case "redirectDir" -> redirectDir = RedirectDir.parse(json.getText());
        case "xattrPermissions" -> xattrPermissions = json.getIntValue();
        default -> json.skipChildren();
      }
    }
    if (lowers.isEmpty()) {
      throw new JsonParseException(json, "no lowers");
    }
    return new MountedLayers(
        List.copyOf(lowers), upper, work, dotNames, redirectDir, xattrPermissions);
  }

  private static void places(JsonParser json, List<LayerPlace> places) throws IOException {
    require(json, json.currentToken(), JsonToken.START_ARRAY);
    while (json.nextToken() != JsonToken.END_ARRAY) {
      LayerPlace place = place(json);
      if (place == null) {
        throw new JsonParseException(json, "no place");
      }
      places.add(place);
    }
  }

  private static @Nullable LayerPlace place(JsonParser json) throws IOException {
    if (json.currentToken() == JsonToken.VALUE_NULL) {
      return null;
    }
    Name path = Name.of("");
    boolean exact = false;
    long dev = 0;
    long ino = 0;
    int fd = -1;
    require(json, json.currentToken(), JsonToken.START_OBJECT);
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String member = json.currentName();
      json.nextToken();
      switch (member) {
        case "path" -> path = exact ? path : Name.of(json.getText());
        case "path" + JsonNames.BYTES -> {
          path = Name.of(json.getBinaryValue());
          exact = true;
        }
        case "device" -> dev = json.getLongValue();
        case "inode" -> ino = json.getLongValue();
        case "descriptor" -> fd = json.getIntValue();
        default -> json.skipChildren();
      }
    }
    return new LayerPlace(path, dev, ino, fd);
  }

  private static void require(JsonParser json, @Nullable JsonToken token, JsonToken wanted)
      throws IOException {
    if (token != wanted) {
      throw new JsonParseException(json, "expected " + wanted + ", not " + token);
    }
  }
}
