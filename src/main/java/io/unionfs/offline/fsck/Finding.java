package io.unionfs.offline.fsck;

import io.unionfs.sys.Name;
import org.jspecify.annotations.Nullable;

/**
 * Something that is wrong with layers.
 *
 * @param layer the layer or work directory, as the user named it
 * @param path where it is in there, "." for its root
 * @param mark the xattr that says so, where it is one; else null
 * @param detail what it says or leads to, where that helps; else null
 * @param repair what would set it right, null where nothing does without guessing
 */
public record Finding(
    Problem problem,
    String layer,
    Name path,
    @Nullable Name mark,
    @Nullable Name detail,
    @Nullable Repair repair) {}
