package io.unionfs.statistics;

import io.unionfs.sys.Name;

/**
 * A file that was copied up.
 *
 * @param path where it was in the union at that time, as logs show it
 * @param bytes how much data it has
 * @param nanos how long it took
 * @param pid the process for which it was done; 0 where the kernel does not say
 * @param program what that process ran
 */
public record CopiedFile(String path, long bytes, long nanos, int pid, Name program) {}
