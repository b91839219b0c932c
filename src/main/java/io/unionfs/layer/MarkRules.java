package io.unionfs.layer;

import org.jspecify.annotations.Nullable;

/**
 * What a mount makes of marks.
 *
 * @param follow which marks that lead to another place of the layers below are followed
 * @param whiteouts the format of new whiteouts; null for the first that the upper can hold
 * @param dotNames whether {@code .wh.} names are marks in every layer
 */
public record MarkRules(Marks.Follow follow, @Nullable WhiteoutFormat whiteouts, boolean dotNames) {
  /** As kernel overlayfs by default. */
  public static final MarkRules DEFAULT = new MarkRules(Marks.Follow.TRUSTED, null, false);
}
