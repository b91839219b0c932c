package io.unionfs.sys;

import com.google.errorprone.annotations.Immutable;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A file name, path or xattr name as Linux has it: bytes without NUL, in no encoding. */
@Immutable
public final class Name implements Comparable<Name> {
  public static final Name DOT = of(".");
  public static final Name DOTDOT = of("..");

  private static final int HEADER_BYTES = 48;

  @SuppressWarnings("Immutable") // never written after construction, and never handed out
  private final byte[] bytes;

  private final int hash;

  private Name(byte[] bytes) {
    this.bytes = bytes;
    this.hash = hash(bytes, bytes.length);
  }

  /** A name of these bytes, which are copied. */
  public static Name of(byte[] bytes) {
    return new Name(bytes.clone());
  }

  /** A name of a part of these bytes, which is copied. */
  public static Name of(byte[] bytes, int offset, int length) {
    return new Name(Arrays.copyOfRange(bytes, offset, offset + length));
  }

  /** A name of a string's UTF-8 form. */
  public static Name of(String text) {
    return new Name(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A name of {@code length} bytes of native memory. */
  public static Name fromNative(long address, int length) {
    byte[] bytes = new byte[length];
    NativeMemory.getBytes(address, bytes, 0, length);
    return new Name(bytes);
  }

  /** The hash code that a name of the first {@code length} bytes has. */
  static int hash(byte[] bytes, int length) {
    int hash = 1;
    for (int i = 0; i < length; i++) {
      hash = 31 * hash + bytes[i];
    }
    return hash;
  }

  /**
   * Whether the name is the first {@code length} of some bytes, of which the hash code is known.
   */
  boolean isOf(byte[] others, int length, int hashOfThem) {
    return hash == hashOfThem && Arrays.equals(bytes, 0, bytes.length, others, 0, length);
  }

  public int length() {
    return bytes.length;
  }

  public byte byteAt(int i) {
    return bytes[i];
  }

  /** A copy of the bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  public boolean startsWith(Name prefix) {
    int length = prefix.bytes.length;
    return bytes.length >= length && Arrays.equals(bytes, 0, length, prefix.bytes, 0, length);
  }

  public Name substring(int from) {
    return new Name(Arrays.copyOfRange(bytes, from, bytes.length));
  }

  /** This name with another one behind it. */
  public Name concat(Name tail) {
    byte[] joined = Arrays.copyOf(bytes, bytes.length + tail.bytes.length);
    System.arraycopy(tail.bytes, 0, joined, bytes.length, tail.bytes.length);
    return new Name(joined);
  }

  /** Writes the bytes and a NUL to native memory; returns the length without the NUL. */
  public int copyTo(long address) {
    NativeMemory.putBytes(address, bytes, 0, bytes.length);
    NativeMemory.putByte(address + bytes.length, (byte) 0);
    return bytes.length;
  }

  /** Writes the bytes into an array; returns their number. */
  public int copyTo(byte[] target, int offset) {
    System.arraycopy(bytes, 0, target, offset, bytes.length);
    return bytes.length;
  }

  /** The approximate size on the heap in bytes. */
  public int weight() {
    return HEADER_BYTES + bytes.length;
  }

  @Override
  public int compareTo(Name other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Name name && hash == name.hash && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  /** For showing only: UTF-8 where it is, control bytes and what is not UTF-8 as {@code \ooo}. */
  @Override
  public String toString() {
    try {
      String text =
          StandardCharsets.UTF_8
              .newDecoder()
              .onMalformedInput(CodingErrorAction.REPORT)
              .decode(ByteBuffer.wrap(bytes))
              .toString();
      if (text.chars().noneMatch(Character::isISOControl)) {
        return text;
      }
    } catch (CharacterCodingException e) {
      return escaped(); // an expected answer of the decoder
    }
    return escaped();
  }

  private String escaped() {
    StringBuilder text = new StringBuilder(bytes.length + 16);
    for (byte b : bytes) {
      if (b >= ' ' && b < 0x7f) {
        text.append((char) b);
      } else {
        text.append(String.format("\\%03o", b & 0xff));
      }
    }
    return text.toString();
  }
}
