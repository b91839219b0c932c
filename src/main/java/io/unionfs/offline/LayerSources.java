package io.unionfs.offline;

import io.unionfs.layer.MarkRules;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The directories that make a union, and how to read them.
 *
 * @param lowers topmost first; at least one
 * @param upper null for a union without
 * @param work null for the default one of the upper, if it has one
 * @param rules what is made of marks
 * @param ownersTrusted whether owners in xattrs are followed whoever can have written them
 */
public record LayerSources(
    List<LayerSource> lowers,
    @Nullable LayerSource upper,
    @Nullable LayerSource work,
    MarkRules rules,
    boolean ownersTrusted) {}
