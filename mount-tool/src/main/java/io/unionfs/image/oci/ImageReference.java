package io.unionfs.image.oci;

import io.unionfs.sys.Name;
import java.nio.charset.StandardCharsets;

/**
 * An image in a layout on disk, as {@code oci:DIRECTORY:TAG} names it.
 *
 * @param directory the layout's path, which ends at the first colon
 * @param tag empty for the only image of a layout
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ImageReference(byte[] directory, String tag) {
  private static final String SCHEME = "oci:";

  /** Whether an argument means an image. */
  public static boolean isOne(byte[] argument) {
    return Name.of(argument).startsWith(Name.of(SCHEME));
  }

  /**
   * Reads a reference.
   *
   * @throws IllegalArgumentException for what is none, with a message for the user
   */
  public static ImageReference parse(byte[] argument) {
    String whole = new String(argument, StandardCharsets.ISO_8859_1);
    String rest = whole.startsWith(SCHEME) ? whole.substring(SCHEME.length()) : "";
    int colon = rest.indexOf(':');
    String directory = colon < 0 ? rest : rest.substring(0, colon);
    String tag = colon < 0 ? "" : rest.substring(colon + 1);
    if (directory.isEmpty() || (colon >= 0 && tag.isEmpty())) {
      throw new IllegalArgumentException(
          "an image is given as oci:DIRECTORY:TAG, not as " + Name.of(argument));
    }
    return new ImageReference(
        directory.getBytes(StandardCharsets.ISO_8859_1),
        new String(tag.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8));
  }

  @Override
  public String toString() {
    return SCHEME + Name.of(directory) + (tag.isEmpty() ? "" : ":" + Name.of(tag));
  }
}
