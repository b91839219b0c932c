/** A small SLF4J backend: one line an event, through a descriptor that is open before mounting. */
@NullMarked
package io.unionfs.cli.log;

import org.jspecify.annotations.NullMarked;
