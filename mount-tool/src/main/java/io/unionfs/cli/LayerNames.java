package io.unionfs.cli;

import java.util.List;
import picocli.CommandLine.Option;

/** The options that name the directories of a union, the same for every command that takes them. */
final class LayerNames {
  static final String LOWER_TEXT =
      "Read-only directories, topmost first; repeatable. '\\:' stands for a colon.";
  static final String UPPER_TEXT = "The directory that takes all changes.";
  static final String WORK_TEXT =
      "The work directory, on the upper's file system. Default: one beside the upper, which a mount"
          + " removes at its end.";

  @Option(
      names = {"-l", "--lower", "--lowerdir"},
      paramLabel = "DIR[:DIR...]",
      description = LOWER_TEXT)
  private List<String> lowers = List.of();

  @Option(
      names = {"-u", "--upper", "--upperdir"},
      paramLabel = "DIR",
      description = UPPER_TEXT)
  private List<String> uppers = List.of();

  @Option(
      names = {"-w", "--work", "--workdir"},
      paramLabel = "DIR",
      description = WORK_TEXT)
  private List<String> works = List.of();

  /** Whether any is named. */
  boolean given() {
    return !lowers.isEmpty() || !uppers.isEmpty() || !works.isEmpty();
  }

  /** Hands on what is named, in order. */
  void addTo(MountWords words) {
    lowers.forEach(words::lowers);
    uppers.forEach(words::upper);
    works.forEach(words::work);
  }
}
