/** The living file system: nodes, caches, locks, and every operation on the union. */
@NullMarked
package io.unionfs.core;

import org.jspecify.annotations.NullMarked;
