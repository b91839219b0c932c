/** What a mount counts while it serves, at no cost that shows while nobody asks. */
@NullMarked
package io.unionfs.statistics;

import org.jspecify.annotations.NullMarked;
