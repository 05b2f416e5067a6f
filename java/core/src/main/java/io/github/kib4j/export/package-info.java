/** Trained networks for other programs: ONNX, and arrays of weights by PyTorch's names. */
@NullMarked
package io.github.kib4j.export;

import org.jspecify.annotations.NullMarked;
