package io.unionfs.statistics;

import io.unionfs.sys.Name;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was copied up since the mount.
 *
 * @param files how many that are no directories
 * @param directories how many directories
 * @param bytes the data of all files
 * @param nanos the time that all took
 * @param longest the file that took longest, null if there is none
 * @param top the files with most data, largest first
 * @param programs for whom it was done, by data
 */
public record CopyUpFigures(
    long files,
    long directories,
    long bytes,
    long nanos,
    @Nullable CopiedFile longest,
    List<CopiedFile> top,
    List<Program> programs) {
  /**
   * The copy-ups of one program.
   *
   * @param name as the kernel calls it, at most 15 bytes
   * @param bytes the data of its files
   */
  public record Program(Name name, long copyUps, long bytes) {}
}
