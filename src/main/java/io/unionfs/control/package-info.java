/** The control socket of a live mount, both ends; docs/CONTROL.md describes what is said. */
@NullMarked
package io.unionfs.control;

import org.jspecify.annotations.NullMarked;
