/**
 * The front-end through jnr-fuse and libfuse 2: callbacks, threads, and paths turned into nodes.
 */
@NullMarked
package io.unionfs.transport.jnrfuse;

import org.jspecify.annotations.NullMarked;
