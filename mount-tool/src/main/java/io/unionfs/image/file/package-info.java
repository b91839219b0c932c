/** Files and directories by descriptor that become visible when they are complete. */
@NullMarked
package io.unionfs.image.file;

import org.jspecify.annotations.NullMarked;
