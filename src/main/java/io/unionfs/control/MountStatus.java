package io.unionfs.control;

import io.unionfs.core.Statistics;
import io.unionfs.sys.Name;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a mount says of itself.
 *
 * @param mountPoint where it is mounted
 * @param fsname what mount tables show as its source
 * @param lowers the lower directories, topmost first
 * @param upper null for a read-only union
 * @param work null where it was not given
 * @param layers where it has its layers now, and by which rules it reads them
 * @param readOnly whether nothing can be changed through it, whatever its flags
 * @param transport which front-end serves it
 * @param reason why that one
 * @param io how file data gets to the layers
 * @param features what was agreed on with the kernel
 * @param pid the serving process
 * @param since when it was mounted, in seconds since the epoch
 * @param statistics figures of its caches
 */
public record MountStatus(
    Name mountPoint,
    Name fsname,
    List<Name> lowers,
    @Nullable Name upper,
    @Nullable Name work,
    MountedLayers layers,
    boolean readOnly,
    String transport,
    String reason,
    String io,
    List<String> features,
    int pid,
    long since,
    Statistics statistics) {}
