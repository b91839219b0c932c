/** Archives in the pax format, with names and values as bytes. */
@NullMarked
package io.unionfs.image.tar;

import org.jspecify.annotations.NullMarked;
