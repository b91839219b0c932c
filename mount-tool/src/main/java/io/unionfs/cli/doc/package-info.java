/** Man pages and completion of the commands, made by the build from what {@code --help} says. */
@NullMarked
package io.unionfs.cli.doc;

import org.jspecify.annotations.NullMarked;
