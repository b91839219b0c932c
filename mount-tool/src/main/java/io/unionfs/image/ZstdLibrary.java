package io.unionfs.image;

import com.github.luben.zstd.util.ZstdVersion;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where zstd's native library is: beside jffi's, where the build put both. Not found there, the
 * binding unpacks its own into the temporary directory.
 */
final class ZstdLibrary {
  private static final String PATH = "ZstdNativePath";

  private ZstdLibrary() {}

  /** Tells the binding, before it is first used. */
  static void place() {
    if (System.getProperty(PATH) != null) {
      return;
    }
    String directories = System.getProperty("jffi.boot.library.path", "");
    for (String directory : directories.split(File.pathSeparator, -1)) {
      Path library = Path.of(directory, "libzstd-jni-" + ZstdVersion.VERSION + ".so");
      boolean ours = directory.contains(architecture());
      if (ours && Files.isReadable(library)) {
        System.setProperty(PATH, library.toString());
        return;
      }
    }
  }

  private static String architecture() {
    return "aarch64".equals(System.getProperty("os.arch")) ? "aarch64" : "x86_64";
  }
}
