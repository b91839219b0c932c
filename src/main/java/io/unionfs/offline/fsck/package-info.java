/** A check of layers: what in them contradicts itself, and what can be set right. */
@NullMarked
package io.unionfs.offline.fsck;

import org.jspecify.annotations.NullMarked;
