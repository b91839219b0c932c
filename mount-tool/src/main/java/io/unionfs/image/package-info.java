/** Layers to archives and images, and back. */
@NullMarked
package io.unionfs.image;

import org.jspecify.annotations.NullMarked;
