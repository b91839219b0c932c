package io.unionfs.image.oci;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The digest of a blob.
 *
 * @param algorithm {@code sha256} or {@code sha512}
 * @param hex the digest in small letters
 */
public record Digest(String algorithm, String hex) {
  private static final Pattern FORM =
      Pattern.compile("(sha256):([0-9a-f]{64})|(sha512):([0-9a-f]{128})");

  /**
   * Reads {@code ALGORITHM:HEX}; nothing else may ever become part of a path.
   *
   * @throws ImageException for anything else
   */
  public static Digest parse(String text) throws ImageException {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new ImageException("an image names a digest that is none: " + shown(text));
    }
    boolean first = matcher.group(1) != null;
    return new Digest(matcher.group(first ? 1 : 3), matcher.group(first ? 2 : 4));
  }

  private static String shown(String text) {
    String start = text.length() > 100 ? text.substring(0, 100) + "..." : text;
    return io.unionfs.sys.Name.of(start).toString();
  }

  /** An empty digest in the making, of the algorithm that is written. */
  public static MessageDigest sha256() {
    return of("SHA-256");
  }

  /** An empty digest in the making, of this one's algorithm. */
  public MessageDigest start() {
    return of(algorithm.equals("sha256") ? "SHA-256" : "SHA-512");
  }

  private static MessageDigest of(String name) {
    try {
      return MessageDigest.getInstance(name);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has both
    }
  }

  /** What {@link #sha256} came to. */
  public static Digest ofSha256(MessageDigest digest) {
    return new Digest("sha256", HexFormat.of().formatHex(digest.digest()));
  }

  /** Whether a digest of this one's algorithm came to this. */
  public boolean matches(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest()).equals(hex);
  }

  @Override
  public String toString() {
    return algorithm + ":" + hex;
  }
}
