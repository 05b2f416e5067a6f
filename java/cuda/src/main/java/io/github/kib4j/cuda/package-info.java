/**
 * The CUDA backend: NVIDIA's cuBLAS and cuDNN for products and convolutions, and the kernels of {@code native/} for all else.
 * Nothing of CUDA is touched before {@code CudaLibraries} has found it.
 */
@NullMarked
package io.github.kib4j.cuda;

import org.jspecify.annotations.NullMarked;
