/** What front-ends share: selection, the mount in the kernel, and the life cycle of a session. */
@NullMarked
package io.unionfs.transport;

import org.jspecify.annotations.NullMarked;
