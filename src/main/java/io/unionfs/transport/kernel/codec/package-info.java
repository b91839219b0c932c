/**
 * The FUSE protocol as bytes: requests read from and replies written into native memory at fixed
 * offsets, by the kernel's {@code include/uapi/linux/fuse.h}. No system call, no state, and no
 * allocation per message.
 */
@NullMarked
package io.unionfs.transport.kernel.codec;

import org.jspecify.annotations.NullMarked;
