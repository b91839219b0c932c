package io.unionfs.control;

import com.fasterxml.jackson.core.JsonGenerator;
import io.unionfs.control.MountStatistics.Resources;
import io.unionfs.statistics.CacheFigures;
import io.unionfs.statistics.CopiedFile;
import io.unionfs.statistics.CopyUpFigures;
import io.unionfs.statistics.Latencies;
import io.unionfs.statistics.LatencyFigures;
import io.unionfs.statistics.OperationFigures;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Statistics as JSON; docs/CONTROL.md describes the members. */
final class StatisticsWriter {
  private static final double MEDIAN = 0.5;
  private static final double MOST = 0.95;
  private static final double NEARLY_ALL = 0.99;
  private static final long NANOS_PER_MILLI = 1_000_000;

  private StatisticsWriter() {}

  static byte[] statistics(MountStatistics statistics) throws IOException {
    return StatusWriter.line(
        json -> {
          json.writeStringField("mountPoint", statistics.mountPoint().toString());
          json.writeStringField("transport", statistics.transport());
          json.writeNumberField("pid", statistics.pid());
          json.writeNumberField("upMillis", statistics.upNanos() / NANOS_PER_MILLI);
          json.writeArrayFieldStart("operations");
          for (OperationFigures operation : statistics.operations()) {
            write(json, operation);
          }
          json.writeEndArray();
          write(json, statistics.copyUps());
          json.writeArrayFieldStart("caches");
          for (CacheFigures cache : statistics.caches()) {
            write(json, cache);
          }
          json.writeEndArray();
          json.writeNumberField("nodes", statistics.nodes());
          writeKnown(json, "knownNodes", statistics.knownNodes());
          write(json, statistics.resources());
        });
  }

  private static void write(JsonGenerator json, OperationFigures operation) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", operation.name());
    json.writeNumberField("requests", operation.requests());
    LatencyFigures latency = operation.latency();
    json.writeNumberField("timed", latency.count());
    json.writeNumberField("p50Nanos", latency.percentileNanos(MEDIAN));
    json.writeNumberField("p95Nanos", latency.percentileNanos(MOST));
    json.writeNumberField("p99Nanos", latency.percentileNanos(NEARLY_ALL));
    json.writeNumberField("maxNanos", latency.maxNanos());
    json.writeArrayFieldStart("histogram");
    for (int i = 0; i < Latencies.BUCKETS; i++) {
      if (latency.count(i) > 0) {
        json.writeStartArray();
        json.writeNumber(Latencies.boundNanos(i));
        json.writeNumber(latency.count(i));
        json.writeEndArray();
      }
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, CopyUpFigures copyUps) throws IOException {
    json.writeObjectFieldStart("copyUps");
    json.writeNumberField("files", copyUps.files());
    json.writeNumberField("directories", copyUps.directories());
    json.writeNumberField("bytes", copyUps.bytes());
    json.writeNumberField("nanos", copyUps.nanos());
    json.writeFieldName("longest");
    write(json, copyUps.longest());
    json.writeArrayFieldStart("top");
    for (CopiedFile file : copyUps.top()) {
      write(json, file);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("programs");
    for (CopyUpFigures.Program program : copyUps.programs()) {
      json.writeStartObject();
      json.writeStringField("program", program.name().toString());
      json.writeNumberField("copyUps", program.copyUps());
      json.writeNumberField("bytes", program.bytes());
      json.writeEndObject();
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, @Nullable CopiedFile file) throws IOException {
    if (file == null) {
      json.writeNull();
      return;
    }
    json.writeStartObject();
    json.writeStringField("path", file.path());
    json.writeNumberField("bytes", file.bytes());
    json.writeNumberField("nanos", file.nanos());
    json.writeNumberField("pid", file.pid());
    json.writeStringField("program", file.program().toString());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, CacheFigures cache) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", cache.name());
    json.writeNumberField("hits", cache.hits());
    json.writeNumberField("misses", cache.misses());
    json.writeNumberField("entries", cache.entries());
    writeKnown(json, "bytes", cache.bytes());
    json.writeNumberField("limit", cache.limit());
    json.writeEndObject();
  }

  private static void write(JsonGenerator json, Resources resources) throws IOException {
    writeKnown(json, "descriptors", resources.descriptors());
    json.writeNumberField("mostDescriptors", resources.mostDescriptors());
    json.writeNumberField("heapBytes", resources.heapBytes());
    json.writeNumberField("mostHeapBytes", resources.mostHeapBytes());
    writeKnown(json, "residentBytes", resources.residentBytes());
  }

  private static void writeKnown(JsonGenerator json, String field, long value) throws IOException {
    if (value < 0) {
      json.writeNullField(field);
    } else {
      json.writeNumberField(field, value);
    }
  }
}
