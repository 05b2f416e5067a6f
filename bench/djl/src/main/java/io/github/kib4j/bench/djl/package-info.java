/** The peer: the same trainings as a user of DJL would write them, on PyTorch's CPU library. */
@NullMarked
package io.github.kib4j.bench.djl;

import org.jspecify.annotations.NullMarked;
