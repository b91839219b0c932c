package io.unionfs.offline;

import io.unionfs.layer.Origin;
import io.unionfs.sys.FileHandle;
import io.unionfs.sys.Name;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/** The names that programs make in the index of hard links of a work directory. */
public final class IndexNames {
  private static final String NUMBER = "#ino-";

  private IndexNames() {}

  /** The lower file whose copy an entry is; null where the name does not say so. */
  public static @Nullable FileHandle origin(Name name) {
    byte[] bytes = fromHex(text(name));
    return bytes == null ? null : Origin.decode(bytes);
  }

  /** Whether an entry keeps the number of a file that cannot carry it. */
  public static boolean isNumber(Name name) {
    return name.startsWith(Name.of(NUMBER));
  }

  /** The file of the upper whose number an entry keeps; null where the name does not say so. */
  public static @Nullable FileHandle numbered(Name name) {
    if (!isNumber(name)) {
      return null;
    }
    String text = text(name).substring(NUMBER.length());
    int dash = text.indexOf('-');
    byte[] handle = dash < 0 ? null : fromHex(text.substring(dash + 1));
    try {
      int type = dash < 0 ? -1 : Integer.parseInt(text.substring(0, dash));
      return handle == null || type < 0 ? null : new FileHandle(type, handle, 0);
    } catch (NumberFormatException e) {
      return null; // somebody else's name
    }
  }

  private static String text(Name name) {
    return new String(name.bytes(), StandardCharsets.ISO_8859_1);
  }

  private static byte @Nullable [] fromHex(String text) {
    try {
      return HexFormat.of().parseHex(text);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
