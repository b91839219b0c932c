/**
 * Work on layers without a mount: what provides a name, what an upper changes, throwing it away.
 */
@NullMarked
package io.unionfs.offline;

import org.jspecify.annotations.NullMarked;
