package io.unionfs.cli;

import java.util.List;
import picocli.CommandLine.Option;

/** The options that name the directories of a union, the same for every command that takes them. */
final class LayerNames {
  @Option(
      names = {"-l", "--lower", "--lowerdir"},
      paramLabel = "DIR[:DIR...]",
      description = "Read-only directories, topmost first; repeatable. '\\:' stands for a colon.")
  private List<String> lowers = List.of();

  @Option(
      names = {"-u", "--upper", "--upperdir"},
      paramLabel = "DIR",
      description = "The directory that takes all changes.")
  private List<String> uppers = List.of();

  @Option(
      names = {"-w", "--work", "--workdir"},
      paramLabel = "DIR",
      description =
          "The work directory, on the upper's file system. Default: one beside the upper, which a mount"
              + " removes at its end.")
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
