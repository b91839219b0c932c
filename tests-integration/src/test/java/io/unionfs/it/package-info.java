/** Tests on real mounts. */
@NullMarked
package io.unionfs.it;

import org.jspecify.annotations.NullMarked;
