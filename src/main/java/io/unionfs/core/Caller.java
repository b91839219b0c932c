package io.unionfs.core;

/**
 * The process on whose behalf an operation runs.
 *
 * @param uid its file system user id
 * @param gid its file system group id
 * @param umask its file mode creation mask, 0 where the kernel has applied it
 * @param pid its process id, 0 where unknown
 */
public record Caller(int uid, int gid, int umask, int pid) {}
