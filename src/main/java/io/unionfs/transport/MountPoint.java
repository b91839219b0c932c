package io.unionfs.transport;

import java.util.List;

/**
 * Where and how a union is to be mounted.
 *
 * @param path the directory to mount on, absolute; bytes, since a path need not be UTF-8
 * @param fsname the source that mount tables show
 * @param allowOther whether other users than the one who mounts may look in
 * @param kernelFlags mount flags of the kernel by their option names, such as {@code nosuid}
 * @param timeoutSeconds how long the kernel may keep names and attributes; negative: what is right
 *     for the transport
 * @param io how file data gets to the layers, where the transport has a choice
 * @param writeback whether the kernel may keep written data for a while, where it can
 * @param threads the most requests served at one time; 0 for the transport's choice
 */
@SuppressWarnings("ArrayRecordComponent") // a parameter object that nobody compares
public record MountPoint(
    byte[] path,
    byte[] fsname,
    boolean allowOther,
    List<String> kernelFlags,
    double timeoutSeconds,
    IoProfile io,
    boolean writeback,
    int threads) {}
