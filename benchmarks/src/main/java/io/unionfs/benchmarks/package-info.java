/** JMH benchmarks of the core. */
@NullMarked
package io.unionfs.benchmarks;

import org.jspecify.annotations.NullMarked;
