package io.unionfs.transport.kernel.codec;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * One request of {@code requests.txt}.
 *
 * @param fields what it consists of behind the header, in order
 */
record GoldenRequest(String title, byte[] bytes, List<Field> fields) {
  static final int HEADER_SIZE = 40;

  /**
   * Some bytes of a request.
   *
   * @param start where they begin in the message
   * @param kind {@code u32}, {@code u64}, {@code name}, {@code payload}, {@code extension}, or the
   *     name of a field that nobody reads
   * @param detail the name of the constant in {@link In}, or the number of the name
   */
  record Field(int start, byte[] bytes, String kind, String detail) {
    long value() {
      return ByteBuffer.wrap(Arrays.copyOf(bytes, Long.BYTES))
          .order(ByteOrder.LITTLE_ENDIAN)
          .getLong();
    }
  }

  static List<GoldenRequest> all() throws IOException {
    String text;
    try (InputStream in = GoldenRequest.class.getResourceAsStream("requests.txt")) {
      if (in == null) {
        throw new IOException("requests.txt is missing");
      }
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    List<GoldenRequest> requests = new ArrayList<>();
    for (String block : text.split("\n\n", -1)) {
      if (!block.startsWith("#")) {
        requests.add(parse(block.strip().split("\n", -1)));
      }
    }
    return requests;
  }

  static GoldenRequest named(String title) throws IOException {
    return all().stream()
        .filter(request -> request.title().equals(title))
        .findFirst()
        .orElseThrow(() -> new IOException("no golden " + title));
  }

  private static GoldenRequest parse(String[] lines) {
    StringBuilder hex = new StringBuilder(lines[1].substring("header".length()).replace(" ", ""));
    List<Field> fields = new ArrayList<>();
    for (String line : Arrays.asList(lines).subList(2, lines.length)) {
      String[] words = line.split(" ", -1);
      byte[] bytes = HexFormat.of().parseHex(words[0]);
      int start = hex.length() / 2;
      fields.add(
          switch (words.length) {
            case 4 -> new Field(start, bytes, words[2], words[3]);
            case 3 -> new Field(start, bytes, words[1], words[2]);
            default -> new Field(start, bytes, words[1], "");
          });
      hex.append(words[0]);
    }
    return new GoldenRequest(lines[0], HexFormat.of().parseHex(hex), List.copyOf(fields));
  }

  int opcode() {
    return (int) header(4, Integer.BYTES);
  }

  /** A field of the header. */
  long header(int start, int size) {
    return new Field(start, Arrays.copyOfRange(bytes, start, start + size), "", "").value();
  }

  List<Field> fields(String kind) {
    return fields.stream().filter(field -> field.kind().equals(kind)).toList();
  }

  /** The same with a field of another value. */
  byte[] with(String constant, int value) {
    Field field =
        fields.stream().filter(each -> each.detail().equals(constant)).findFirst().orElseThrow();
    return with(field.start(), value);
  }

  /** The same with four bytes replaced. */
  byte[] with(int start, int value) {
    byte[] changed = bytes.clone();
    ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(start, value);
    return changed;
  }

  @Override
  public String toString() {
    return title;
  }
}
