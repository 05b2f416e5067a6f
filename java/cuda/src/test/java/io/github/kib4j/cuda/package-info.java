/**
 * The JavaCPP presets of CUDA, cuBLAS and cuDNN, and a library built by nvcc, on the emulated CUDA device of {@code
 * native/emulator}: no GPU is needed.
 */
package io.github.kib4j.cuda;
