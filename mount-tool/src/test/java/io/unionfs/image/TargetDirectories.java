package io.unionfs.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.extension.AnnotatedElementContext;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.io.TempDirFactory;

/**
 * The place of temporary directories in tests: the build directory, which lies on a real file
 * system, and not on a tmpfs without handles and user xattrs.
 */
public final class TargetDirectories implements TempDirFactory {
  @Override
  public Path createTempDirectory(AnnotatedElementContext element, ExtensionContext extension)
      throws IOException {
    Path parent = Files.createDirectories(Path.of("target", "test-directories").toAbsolutePath());
    return Files.createTempDirectory(parent, "t");
  }
}
