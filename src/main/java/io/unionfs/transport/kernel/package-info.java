/**
 * The transport that speaks the FUSE protocol on {@code /dev/fuse} by itself: no native library,
 * and the features that libfuse 2 cannot reach.
 */
@NullMarked
package io.unionfs.transport.kernel;

import org.jspecify.annotations.NullMarked;
