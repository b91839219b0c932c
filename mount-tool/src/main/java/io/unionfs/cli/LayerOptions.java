package io.unionfs.cli;

import io.unionfs.cli.OptionWords.Word;
import io.unionfs.offline.LayerSources;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options that name layers, spelled as for {@code unionfs-mount}. */
final class LayerOptions {
  @Mixin private final LayerNames names = new LayerNames();

  @Option(
      names = "--whiteout",
      paramLabel = "FORMAT",
      description = "aufs: .wh. names are marks in all layers, as for a mount with this option.")
  private @Nullable String whiteout;

  @Option(
      names = "--redirect-dir",
      arity = "0..1",
      paramLabel = "MODE",
      preprocessor = AttachedValue.class,
      description = "Which redirect marks are followed, as for a mount: off, on, follow, nofollow.")
  private @Nullable String redirectDir;

  @Option(
      names = "--xattr-permissions",
      paramLabel = "N",
      description = "Owners and modes are kept in xattrs, as for a mount with this option.")
  private @Nullable String xattrPermissions;

  /** Whether layers are named at all. */
  boolean given() {
    return names.given() || whiteout != null || redirectDir != null || xattrPermissions != null;
  }

  /**
   * The layers that are named.
   *
   * @throws IllegalArgumentException with a sentence for the user if something is missing or wrong
   */
  LayerSources sources() {
    MountWords words = new MountWords();
    names.addTo(words);
    value(words, "whiteout", whiteout);
    value(words, "redirect_dir", redirectDir);
    value(words, "xattr_permissions", xattrPermissions);
    return words.layers();
  }

  private static void value(MountWords words, String key, @Nullable String value) {
    if (value != null) {
      words.word(new Word(key, value));
    }
  }
}
