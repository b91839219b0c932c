/** What a name means across the layers: the merge rules as pure functions. */
@NullMarked
package io.unionfs.stack;

import org.jspecify.annotations.NullMarked;
