package io.unionfs.image.tar;

import io.unionfs.sys.Name;
import java.nio.charset.StandardCharsets;

/**
 * Names of extended attributes as keys of records, which cannot hold a {@code =}: GNU tar writes
 * {@code %3D} for it, and {@code %25} for the per cent sign. Other readers take the key as it is,
 * so a name without {@code =} is left alone.
 */
final class XattrKeywords {
  private XattrKeywords() {}

  static Name encode(Name name) {
    String text = text(name);
    return text.contains("=") ? of(text.replace("%", "%25").replace("=", "%3D")) : name;
  }

  static Name decode(Name key) {
    String text = text(key);
    return text.contains("%3D") ? of(text.replace("%3D", "=").replace("%25", "%")) : key;
  }

  private static String text(Name name) {
    return new String(name.bytes(), StandardCharsets.ISO_8859_1);
  }

  private static Name of(String text) {
    return Name.of(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
