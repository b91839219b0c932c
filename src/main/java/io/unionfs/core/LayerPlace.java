package io.unionfs.core;

import io.unionfs.sys.Name;

/**
 * Where a mount has one of its layers.
 *
 * @param path absolute and without links, as it was when the layer was opened
 * @param dev the host's device number of its root
 * @param ino the host's inode number of its root
 * @param fd the descriptor by which this process has its root until the mount ends
 */
public record LayerPlace(Name path, long dev, long ino, int fd) {}
