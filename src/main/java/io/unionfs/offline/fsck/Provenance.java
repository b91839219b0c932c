package io.unionfs.offline.fsck;

/**
 * Whether the lowers that are looked at are those that the upper was made on, as the origins of its
 * files tell. They tell it only where they are looked for: for an upper that is claimed.
 */
public final class Provenance {
  private long found;
  private long missed;

  Provenance() {}

  void add(boolean inLowers) {
    if (inLowers) {
      found++;
    } else {
      missed++;
    }
  }

  /** Whether at least one origin was found among the lowers, and none was not. */
  public boolean isSure() {
    return found > 0 && missed == 0;
  }
}
