package io.unionfs.image.tar;

import io.unionfs.sys.Name;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
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

  /* Three bytes for each of an extended attribute's name, and what stands before it. */
  private static final int MOST_KEY_BYTES = 1024;

  /* More than a file can have extended attributes: the kernel lists 64 KiB of names. */
  private static final int MOST_RECORDS = 1 << 14;
  private static final int MOST_SPARSE_NUMBERS = 2 << 20;

  private static final Name XATTR_PREFIX = Name.of(XATTR);
  private static final int MOST_DIGITS = 20;
  private static final byte[] NONE = {};

  private final @Nullable PaxRecords global;
  private final int mostBytes;
  private final SortedMap<Name, byte[]> values = new TreeMap<>();
  private int bytes;
  private @Nullable SortedMap<Name, byte[]> xattrs;

  /* The numbers of a map of holes in the formats 0.0 and 0.1, which repeat their keys. */
  private long[] sparse = {};
  private int sparseLength;

  /**
   * @param global what holds where these say nothing, null for nothing
   * @param mostBytes of keys and values together
   */
  PaxRecords(@Nullable PaxRecords global, int mostBytes) {
    this.global = global;
    this.mostBytes = mostBytes;
  }

  /** Records to be written. */
  PaxRecords() {
    this(null, Integer.MAX_VALUE);
  }

  boolean isEmpty() {
    return values.isEmpty();
  }

  /** The numbers of a map of holes, offsets and lengths in turn. */
  long[] sparseNumbers() {
    return Arrays.copyOf(sparse, sparseLength);
  }

  /**
   * Adds records to these; an empty value takes one away.
   *
   * @throws TarException for records that are malformed, or more than anybody needs
   */
  void parse(byte[] body) throws TarException {
    xattrs = null;
    int at = 0;
    while (at < body.length) {
      int space = indexOf(body, ' ', at, Math.min(body.length, at + 20));
      int length = space < 0 ? 0 : (int) decimal(text(body, at, space), body.length - at);
      int end = at + length;
      int equals = space < 0 ? -1 : indexOf(body, '=', space, end);
      if (equals < 0 || equals == space + 1 || body[end - 1] != '\n') {
        throw new TarException("its extended header is malformed");
      }
      int keyBytes = equals - space - 1;
      if (keyBytes > MOST_KEY_BYTES) {
        throw new TarException(
            "a key of " + keyBytes + " bytes in its extended header is too long");
      }
      add(Name.of(body, space + 1, keyBytes), body, equals + 1, end - 1);
      at = end;
    }
  }

  private void add(Name key, byte[] body, int from, int to) throws TarException {
    switch (key.toString()) {
      case "GNU.sparse.offset", "GNU.sparse.numbytes" -> addSparse(body, from, to);
      case "GNU.sparse.map" -> {
        int start = from;
        for (int comma = indexOf(body, ',', start, to);
            comma >= 0;
            comma = indexOf(body, ',', start, to)) {
          addSparse(body, start, comma);
          start = comma + 1;
        }
        addSparse(body, start, to);
      }
      default -> addBounded(key, Arrays.copyOfRange(body, from, to));
    }
  }

  private void addSparse(byte[] body, int from, int to) throws TarException {
    if (sparseLength == MOST_SPARSE_NUMBERS) {
      throw new TarException("its map of holes is too long");
    }
    if (to - from > MOST_DIGITS) {
      throw new TarException("a number in its extended header is too large");
    }
    if (sparseLength == sparse.length) {
      sparse = Arrays.copyOf(sparse, Math.max(16, 2 * sparseLength));
    }
    sparse[sparseLength++] = decimal(text(body, from, to), Long.MAX_VALUE);
  }

  private void addBounded(Name key, byte[] value) throws TarException {
    byte[] old = values.put(key, value);
    bytes += value.length + (old == null ? key.length() : -old.length);
    if (bytes > mostBytes || values.size() > MOST_RECORDS) {
      throw new TarException("its extended headers are too long together");
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

  /* An empty value says that there is none, globally neither. */
  byte @Nullable [] bytes(String key) {
    byte[] value = values.get(Name.of(key));
    PaxRecords other = global;
    if (value == null) {
      return other == null ? null : other.bytes(key);
    }
    return value.length == 0 ? null : value;
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

  /** The extended attributes, by their names; not to be changed. */
  SortedMap<Name, byte[]> xattrs() {
    SortedMap<Name, byte[]> present = xattrs;
    if (present == null) {
      present = Collections.unmodifiableSortedMap(collectXattrs());
      xattrs = present;
    }
    return present;
  }

  private SortedMap<Name, byte[]> collectXattrs() {
    PaxRecords other = global;
    SortedMap<Name, byte[]> above = other == null ? new TreeMap<>() : other.xattrs();
    TreeMap<Name, byte[]> own = new TreeMap<>();
    for (Map.Entry<Name, byte[]> each : values.tailMap(XATTR_PREFIX).entrySet()) {
      if (!each.getKey().startsWith(XATTR_PREFIX)) {
        break;
      }
      Name name = each.getKey().substring(XATTR.length());
      own.put(XattrKeywords.decode(name), each.getValue());
    }
    if (own.isEmpty()) {
      return above;
    }
    above.forEach(own::putIfAbsent);
    return own;
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
