package io.unionfs.control;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.unionfs.control.MountStatistics.Resources;
import io.unionfs.statistics.CacheFigures;
import io.unionfs.statistics.CopiedFile;
import io.unionfs.statistics.CopyUpFigures;
import io.unionfs.statistics.Latencies;
import io.unionfs.statistics.LatencyFigures;
import io.unionfs.statistics.OperationFigures;
import io.unionfs.sys.Name;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/*
 * Another user's server may answer what it likes. What is missing or is of another type is 0 or empty, what
 * is not known is left out, and nothing is deeper than an answer needs.
 */
/** Statistics from the JSON that a server wrote. */
public final class StatisticsReader {
  private static final JsonFactory FACTORY = new JsonFactory();
  private static final int MOST_DEPTH = 8;

  /** Bounds of buckets to their numbers. */
  private static final Map<Long, Integer> BUCKETS = buckets();

  private StatisticsReader() {}

  private static Map<Long, Integer> buckets() {
    Map<Long, Integer> buckets = new TreeMap<>();
    for (int i = 0; i < Latencies.BUCKETS; i++) {
      buckets.put(Latencies.boundNanos(i), i);
    }
    return buckets;
  }

  /** An object's members, by name: {@code Fields}, {@code List}, {@code Long} or {@code String}. */
  private record Fields(Map<String, Object> members) {
    static Fields of(@Nullable Object value) {
      return value instanceof Fields fields ? fields : new Fields(Map.of());
    }

    String text(String name) {
      return members.get(name) instanceof String text ? text : "";
    }

    long number(String name, long otherwise) {
      return members.get(name) instanceof Long number ? number : otherwise;
    }

    long number(String name) {
      return number(name, 0);
    }

    Fields object(String name) {
      return of(members.get(name));
    }

    List<?> list(String name) {
      return members.get(name) instanceof List<?> list ? list : List.of();
    }

    List<Fields> objects(String name) {
      return list(name).stream().map(Fields::of).toList();
    }
  }

  /**
   * Reads an answer.
   *
   * @throws IOException if it is not a JSON object, or says why there is none
   */
  public static MountStatistics read(String answer) throws IOException {
    Fields fields;
    try (JsonParser parser = FACTORY.createParser(answer)) {
      parser.nextToken();
      fields = Fields.of(value(parser, 0));
    }
    if (!fields.text("error").isEmpty()) {
      throw new IOException("the server refuses: " + Name.of(fields.text("error")));
    }
    return new MountStatistics(
        Name.of(fields.text("mountPoint")),
        Name.of(fields.text("transport")).toString(),
        (int) fields.number("pid"),
        fields.number("upMillis") * 1_000_000,
        fields.objects("operations").stream().map(StatisticsReader::operation).toList(),
        copyUps(fields.object("copyUps")),
        fields.objects("caches").stream().map(StatisticsReader::cache).toList(),
        fields.number("nodes"),
        fields.number("knownNodes", -1),
        new Resources(
            fields.number("descriptors", -1),
            fields.number("mostDescriptors"),
            fields.number("heapBytes"),
            fields.number("mostHeapBytes"),
            fields.number("residentBytes", -1)));
  }

  private static @Nullable Object value(JsonParser parser, int depth) throws IOException {
    if (depth > MOST_DEPTH) {
      throw new JsonParseException(parser, "too deep");
    }
    JsonToken token = parser.currentToken();
    if (token == null) {
      throw new JsonParseException(parser, "it ends too early");
    }
    return switch (token) {
      case START_OBJECT -> object(parser, depth);
      case START_ARRAY -> list(parser, depth);
      case VALUE_STRING -> parser.getText();
      case VALUE_NUMBER_INT -> parser.getLongValue();
      default -> null;
    };
  }

  private static Fields object(JsonParser parser, int depth) throws IOException {
    Map<String, Object> members = new HashMap<>();
    while (parser.nextToken() == JsonToken.FIELD_NAME) {
      String name = parser.currentName();
      parser.nextToken();
      Object value = value(parser, depth + 1);
      if (value != null) {
        members.put(name, value);
      }
    }
    return new Fields(members);
  }

  private static List<Object> list(JsonParser parser, int depth) throws IOException {
    List<Object> items = new ArrayList<>();
    while (parser.nextToken() != JsonToken.END_ARRAY) {
      Object value = value(parser, depth + 1);
      if (value != null) {
        items.add(value);
      }
    }
    return items;
  }

  private static OperationFigures operation(Fields fields) {
    long[] counts = new long[Latencies.BUCKETS];
    for (Object pair : fields.list("histogram")) {
      if (pair instanceof List<?> both
          && both.size() == 2
          && both.get(0) instanceof Long bound
          && both.get(1) instanceof Long count) {
        Integer bucket = BUCKETS.get(bound);
        if (bucket != null) {
          counts[bucket] = count;
        }
      }
    }
    return new OperationFigures(
        Name.of(fields.text("name")).toString(),
        fields.number("requests"),
        LatencyFigures.of(counts, fields.number("maxNanos")));
  }

  private static CopyUpFigures copyUps(Fields fields) {
    return new CopyUpFigures(
        fields.number("files"),
        fields.number("directories"),
        fields.number("bytes"),
        fields.number("nanos"),
        fields.members().containsKey("longest") ? copied(fields.object("longest")) : null,
        fields.objects("top").stream().map(StatisticsReader::copied).toList(),
        fields.objects("programs").stream()
            .map(
                program ->
                    new CopyUpFigures.Program(
                        Name.of(program.text("program")),
                        program.number("copyUps"),
                        program.number("bytes")))
            .toList());
  }

  private static CopiedFile copied(Fields fields) {
    return new CopiedFile(
        Name.of(fields.text("path")).toString(),
        fields.number("bytes"),
        fields.number("nanos"),
        (int) fields.number("pid"),
        Name.of(fields.text("program")));
  }

  private static CacheFigures cache(Fields fields) {
    return new CacheFigures(
        Name.of(fields.text("name")).toString(),
        fields.number("hits"),
        fields.number("misses"),
        fields.number("entries"),
        fields.number("bytes", CacheFigures.UNKNOWN),
        fields.number("limit"));
  }
}
