/** One directory tree: safe access below its root descriptor, and the marks it may carry. */
@NullMarked
package io.unionfs.layer;

import org.jspecify.annotations.NullMarked;
