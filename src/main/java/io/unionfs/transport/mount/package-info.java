/** A FUSE mount in the kernel's mount table, made by mount(2) or by fusermount3. */
@NullMarked
package io.unionfs.transport.mount;

import org.jspecify.annotations.NullMarked;
