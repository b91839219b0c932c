package io.unionfs.image.tar;

import io.unionfs.sys.Name;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/*
 * POSIX wants UTF-8 here; what is written by GNU tar, Go and others are the bytes that the names and
 * extended attributes have, and a value may hold a NUL or a line end. Commons Compress decodes records
 * as text, which loses them.
 */
/** The records of an extended header: {@code LENGTH KEY=VALUE\n}, as bytes. */
final class PaxRecords {
  static final String XATTR = "SCHILY.xattr.";

  private static final byte[] NONE = {};

  /* The parts of a map of holes in the formats 0.0 and 0.1, which repeat their keys. */
  private final List<String> sparseParts = new ArrayList<>();
  private final SortedMap<Name, byte[]> values = new TreeMap<>();

  boolean isEmpty() {
    return values.isEmpty();
  }

  List<String> sparseParts() {
    return sparseParts;
  }

  /** Adds records to these; an empty value takes one away. */
  void parse(byte[] body) throws TarException {
    int at = 0;
    while (at < body.length) {
      int space = indexOf(body, ' ', at, Math.min(body.length, at + 20));
      int length = space < 0 ? 0 : (int) decimal(text(body, at, space), body.length - at);
      int end = at + length;
      int equals = space < 0 ? -1 : indexOf(body, '=', space, end);
      if (equals < 0 || equals == space + 1 || body[end - 1] != '\n') {
        throw new TarException("its extended header is malformed");
      }
      Name key = Name.of(body, space + 1, equals - space - 1);
      add(key, Arrays.copyOfRange(body, equals + 1, end - 1));
      at = end;
    }
  }

  private void add(Name key, byte[] value) {
    String name = key.toString();
    switch (name) {
      case "GNU.sparse.offset", "GNU.sparse.numbytes" -> sparseParts.add(text(value));
      case "GNU.sparse.map" -> sparseParts.addAll(List.of(text(value).split(",", -1)));
      default -> {
        if (value.length == 0 && !name.startsWith(XATTR)) {
          values.remove(key);
        } else {
          values.put(key, value);
        }
      }
    }
  }

  void put(String key, byte[] value) {
    values.put(Name.of(key), value);
  }

  void put(Name key, byte[] value) {
    values.put(key, value);
  }

  void put(String key, String value) {
    put(key, value.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Takes over all records of another header. */
  void putAll(PaxRecords other) {
    values.putAll(other.values);
    sparseParts.addAll(other.sparseParts);
  }

  byte @Nullable [] bytes(String key) {
    return values.get(Name.of(key));
  }

  @Nullable String text(String key) {
    byte[] value = bytes(key);
    return value == null ? null : text(value);
  }

  /** A number that is not negative, or {@code other} where there is no such record. */
  long number(String key, long other) throws TarException {
    String value = text(key);
    return value == null ? other : decimal(value, Long.MAX_VALUE);
  }

  SortedMap<Name, byte[]> xattrs() {
    SortedMap<Name, byte[]> xattrs = new TreeMap<>();
    for (Map.Entry<Name, byte[]> each : values.entrySet()) {
      if (each.getKey().startsWith(Name.of(XATTR))) {
        Name name = each.getKey().substring(XATTR.length());
        xattrs.put(XattrKeywords.decode(name), each.getValue());
      }
    }
    return xattrs;
  }

  /** A decimal number from 0 to {@code most}. */
  static long decimal(String digits, long most) throws TarException {
    boolean valid = !digits.isEmpty() && digits.chars().allMatch(c -> c >= '0' && c <= '9');
    try {
      long value = valid ? Long.parseLong(digits) : -1;
      if (value >= 0 && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      throw new TarException("a number in its extended header is too large");
    }
    throw new TarException("a number in its extended header makes no sense");
  }

  /** The body of an extended header, in the order of the keys. */
  byte[] format() {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (Map.Entry<Name, byte[]> each : values.entrySet()) {
      int rest = 1 + each.getKey().length() + 1 + each.getValue().length + 1;
      int length = rest + 1;
      while (length != rest + String.valueOf(length).length()) {
        length = rest + String.valueOf(length).length();
      }
      body.writeBytes((length + " ").getBytes(StandardCharsets.US_ASCII));
      body.writeBytes(each.getKey().bytes());
      body.write('=');
      body.writeBytes(each.getValue());
      body.write('\n');
    }
    return values.isEmpty() ? NONE : body.toByteArray();
  }

  private static int indexOf(byte[] body, char wanted, int from, int to) {
    for (int i = from; i < to; i++) {
      if (body[i] == wanted) {
        return i;
      }
    }
    return -1;
  }

  private static String text(byte[] value) {
    return text(value, 0, value.length);
  }

  private static String text(byte[] body, int from, int to) {
    return new String(body, from, to - from, StandardCharsets.ISO_8859_1);
  }
}
