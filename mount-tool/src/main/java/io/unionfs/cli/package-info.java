/** The commands: parse, call, print, exit status. */
@NullMarked
package io.unionfs.cli;

import org.jspecify.annotations.NullMarked;
