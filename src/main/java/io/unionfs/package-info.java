/** The public API: a union of directories, mounted and unmounted from Java. */
@NullMarked
package io.unionfs;

import org.jspecify.annotations.NullMarked;
