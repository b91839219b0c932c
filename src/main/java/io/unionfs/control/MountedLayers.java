package io.unionfs.control;

import io.unionfs.core.LayerPlace;
import io.unionfs.core.RedirectDir;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The layers of a live mount, with all that is needed to read them as the mount does.
 *
 * @param lowers topmost first
 * @param upper null for a union without one
 * @param work null exactly where {@code upper} is
 * @param dotNames whether {@code .wh.} names are marks in every layer
 * @param redirectDir which redirect and metacopy marks are followed
 * @param xattrPermissions 0 where owners in xattrs are followed only in layers that are trusted
 */
public record MountedLayers(
    List<LayerPlace> lowers,
    @Nullable LayerPlace upper,
    @Nullable LayerPlace work,
    boolean dotNames,
    RedirectDir redirectDir,
    int xattrPermissions) {}
