package io.unionfs.offline.fsck;

import io.unionfs.sys.Name;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A change that sets something right without guessing.
 *
 * @param kind what is done
 * @param inWork whether it is done in the work directory, else in the upper
 * @param path the names that lead to it
 * @param xattr the mark, where it is one that changes; else null
 */
public record Repair(Kind kind, boolean inWork, List<Name> path, @Nullable Name xattr) {
  /** What may be done. */
  public enum Kind {
    REMOVE("remove it"),
    REMOVE_TREE("remove it with all that is below"),
    REMOVE_MARK("remove the mark"),
    ANNOUNCE("mark the directory, and the layer's root, to hold such whiteouts"),
    /** Needs nobody but a mount. */
    MOUNT("none is needed: the next mount does it");

    private final String text;

    Kind(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** Whether a check carries it out. */
  public boolean isOurs() {
    return kind != Kind.MOUNT;
  }

  /**
   * Whether it is right only if the layers are those that the upper was made on: with others below,
   * what looks useless need not be.
   */
  public boolean trustsLowers() {
    return kind == Kind.REMOVE;
  }
}
