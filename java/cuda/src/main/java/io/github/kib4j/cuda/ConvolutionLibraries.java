package io.github.kib4j.cuda;

/**
 * What plans are made of.
 *
 * @param cudnn convolutions
 * @param cublas products of matrices
 * @param kernels what is between them
 * @param precision what products of single-precision numbers round their operands to
 */
record ConvolutionLibraries(Cudnn cudnn, CublasLt cublas, ConvolutionKernels kernels, SinglePrecision precision)
        implements AutoCloseable {
    /** How many of a library's algorithms for one product are candidates, the first of its heuristic's. */
    static final int ALGORITHMS = 3;

    /** What kernels for matrix units want the channels to be a multiple of. */
    private static final int CHANNELS = 8;

    /** Opens cuBLASLt and cuDNN on the current device. */
    static ConvolutionLibraries open(CudaKernels kernels, SinglePrecision precision) {
        return new ConvolutionLibraries(
                new Cudnn(), new CublasLt(precision), new ConvolutionKernels(kernels), precision);
    }

    /** Returns the next multiple of what matrix units want. */
    static int filledUp(long channels) {
        return Math.toIntExact((channels + CHANNELS - 1) / CHANNELS * CHANNELS);
    }

    @Override
    public void close() {
        cudnn.close();
        cublas.close();
    }
}
