/** Image layouts of the Open Container Initiative: blobs, manifests, and configurations. */
@NullMarked
package io.unionfs.image.oci;

import org.jspecify.annotations.NullMarked;
