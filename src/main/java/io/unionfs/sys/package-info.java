/**
 * System calls with Java manners, and what speaks their language: names, descriptors, errnos.
 * Nobody else binds native functions.
 */
@NullMarked
package io.unionfs.sys;

import org.jspecify.annotations.NullMarked;
