package io.unionfs.cli;

import io.unionfs.cli.OptionWords.Word;
import io.unionfs.sys.Sys;
import io.unionfs.transport.mount.MountFlags;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code unionfs remount}: other flags for a union that is mounted. */
@Command(
    name = "remount",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description =
        "Changes the flags of a union that is mounted; its layers stay as they are. The same as mount"
            + " -o remount.",
    footer = {
      "",
      "Exit status: 0 done, 1 failure (in use, not root, no union there), 2 wrong usage.",
      "",
      "Example: unionfs remount -o ro /mnt/x"
    })
final class RemountCommand implements Callable<Integer> {
  @Option(
      names = "-o",
      paramLabel = "WORD,...",
      required = true,
      description =
          "ro, rw, and suid, dev, exec, atime, diratime, sync, dirsync with or without no in front.")
  private List<String> words = List.of();

  @Parameters(paramLabel = "MOUNTPOINT", arity = "1", description = "Where the union is mounted.")
  private String mountPoint = "";

  @Override
  public Integer call() throws IOException {
    List<String> keys = new ArrayList<>();
    for (String list : words) {
      for (Word word : OptionWords.words(list)) {
        if (!MountFlags.isFlag(word.toString()) && !word.key().equals("remount")) {
          throw new IllegalArgumentException(
              RawArguments.show(word.toString()) + " is no flag that a remount can change");
        }
        keys.add(word.key());
      }
    }
    new Remount(Sys.linux()).run(mountPoint, keys, null);
    return 0;
  }
}
