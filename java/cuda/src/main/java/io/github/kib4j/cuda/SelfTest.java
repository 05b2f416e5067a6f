package io.github.kib4j.cuda;

import static io.github.kib4j.cuda.CudaStatus.check;
import static io.github.kib4j.cuda.CudaStatus.checkBlas;
import static io.github.kib4j.cuda.CudaStatus.checkDnn;
import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.*;
import static org.bytedeco.cuda.global.cudnn.*;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.IntUnaryOperator;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionFwdAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Shows on the thread's device that a kernel of ours writes what it should, and that cuBLASLt and cuDNN compute what they should:
 * launches are known that report success and do nothing. Operands are small whole numbers, so that every sum is exact whatever the
 * precision and order: results are compared for equality.
 */
final class SelfTest implements AutoCloseable {
    /** No multiple of a block: its last one is not full. */
    private static final int N = 10_007;

    /** How many cuDNN tells of; there are eight. */
    private static final int ALGORITHMS = 8;

    private static final int UNTOUCHED = 0x5A;

    private final CUstream_st stream = new CUstream_st();
    /** What is undone at the end, the last first. */
    private final Deque<Runnable> undo = new ArrayDeque<>();

    private SelfTest() {
        check(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
        undo.push(() -> cudaStreamDestroy(stream));
    }

    /**
     * Runs all three.
     *
     * @param kernels our own
     * @throws CudaException if one fails; the message says what to do
     */
    static void run(OwnKernels kernels) {
        try (SelfTest test = new SelfTest()) {
            test.kernel(kernels);
        }
        try (SelfTest test = new SelfTest()) {
            test.product();
        }
        try (SelfTest test = new SelfTest()) {
            test.convolution();
        }
    }

    private Pointer allocate(long bytes) {
        Pointer pointer = new Pointer();
        check(cudaMalloc(pointer, bytes), "cudaMalloc of the self-test");
        undo.push(() -> cudaFree(pointer));
        return pointer;
    }

    private Pointer upload(float[] numbers) {
        Pointer to = allocate(4L * numbers.length);
        FloatPointer from = new FloatPointer(numbers);
        undo.push(from::close);
        check(cudaMemcpyAsync(to, from, 4L * numbers.length, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
        return to;
    }

    private float[] download(Pointer from, int length) {
        float[] numbers = new float[length];
        try (FloatPointer to = new FloatPointer(length)) {
            check(cudaMemcpyAsync(to, from, 4L * length, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
            check(cudaStreamSynchronize(stream), "cudaStreamSynchronize of the self-test");
            to.get(numbers);
        }
        return numbers;
    }

    private void kernel(OwnKernels kernels) {
        Pointer out = allocate(4L * N);
        check(cudaMemsetAsync(out, UNTOUCHED, 4L * N, stream), "cudaMemsetAsync");
        kernels.writePattern(out, N, stream);
        int[] got = new int[N];
        try (IntPointer to = new IntPointer(N)) {
            check(cudaMemcpyAsync(to, out, 4L * N, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
            check(cudaStreamSynchronize(stream), "cudaStreamSynchronize of the self-test");
            to.get(got);
        }
        int wrong = 0;
        int untouched = 0;
        for (int i = 0; i < N; i++) {
            wrong += got[i] == (int) (2654435761L * (i + 1)) ? 0 : 1;
            untouched += got[i] == UNTOUCHED * 0x01010101 ? 1 : 0;
        }
        if (untouched == N) {
            throw failure(
                    "a kernel of kib4j's was launched without an error and wrote nothing: start again with no other"
                            + " CUDA in the process (unset LD_LIBRARY_PATH and LD_PRELOAD), else install another version of the"
                            + " driver");
        }
        if (wrong > 0) {
            throw failure("a kernel of kib4j's wrote " + wrong + " of " + N + " numbers wrongly: take another GPU, or"
                    + " another version of the driver");
        }
    }

    private void product() {
        int m = 24;
        int n = 16;
        int k = 40;
        float[] a = small(m * k, i -> i % 5 - 2);
        float[] b = small(k * n, i -> i % 7 - 3);
        Pointer c = allocate(4L * m * n);
        cublasLtContext handle = new cublasLtContext();
        checkBlas(cublasLtCreate(handle), "cublasLtCreate");
        undo.push(() -> cublasLtDestroy(handle));
        cublasLtMatmulDescOpaque_t description = new cublasLtMatmulDescOpaque_t();
        checkBlas(cublasLtMatmulDescInit(description, CUBLAS_COMPUTE_32F, CUDA_R_32F), "cublasLtMatmulDescInit");
        try (FloatPointer one = new FloatPointer(1f);
                FloatPointer zero = new FloatPointer(0f)) {
            cublasLtMatrixLayoutOpaque_t result = matrix(m, n);
            checkBlas(
                    cublasLtMatmul(
                            handle,
                            description,
                            one,
                            upload(a),
                            matrix(m, k),
                            upload(b),
                            matrix(k, n),
                            zero,
                            c,
                            result,
                            c,
                            result,
                            null,
                            null,
                            0,
                            stream),
                    "cublasLtMatmul of the self-test");
            float[] got = download(c, m * n);
            for (int i = 0; i < m * n; i++) {
                float sum = 0;
                for (int p = 0; p < k; p++) {
                    sum += a[p * m + i % m] * b[i / m * k + p];
                }
                if (got[i] != sum) {
                    throw failure("cuBLASLt multiplied wrongly (" + got[i] + " in place of " + sum
                            + "): install another version of cuBLAS, else of the driver, or take another GPU");
                }
            }
        }
    }

    /** A matrix by columns. */
    private static cublasLtMatrixLayoutOpaque_t matrix(int rows, int columns) {
        cublasLtMatrixLayoutOpaque_t layout = new cublasLtMatrixLayoutOpaque_t();
        checkBlas(cublasLtMatrixLayoutInit(layout, CUDA_R_32F, rows, columns, rows), "cublasLtMatrixLayoutInit");
        return layout;
    }

    private void convolution() {
        int batch = 2;
        int channels = 8;
        int filters = 16;
        int side = 6;
        float[] x = small(batch * side * side * channels, i -> i % 5 - 2);
        float[] w = small(filters * 9 * channels, i -> i % 7 - 3);
        cudnnContext handle = new cudnnContext();
        checkDnn(cudnnCreate(handle), "cudnnCreate");
        undo.push(() -> cudnnDestroy(handle));
        checkDnn(cudnnSetStream(handle, stream), "cudnnSetStream");
        cudnnTensorStruct input = images(batch, channels, side);
        cudnnTensorStruct output = images(batch, filters, side);
        cudnnFilterStruct weights = new cudnnFilterStruct();
        checkDnn(cudnnCreateFilterDescriptor(weights), "cudnnCreateFilterDescriptor");
        undo.push(() -> cudnnDestroyFilterDescriptor(weights));
        checkDnn(
                cudnnSetFilter4dDescriptor(weights, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NHWC, filters, channels, 3, 3),
                "cudnnSetFilter4dDescriptor");
        cudnnConvolutionStruct convolution = new cudnnConvolutionStruct();
        checkDnn(cudnnCreateConvolutionDescriptor(convolution), "cudnnCreateConvolutionDescriptor");
        undo.push(() -> cudnnDestroyConvolutionDescriptor(convolution));
        checkDnn(
                cudnnSetConvolution2dDescriptor(
                        convolution, 1, 1, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT),
                "cudnnSetConvolution2dDescriptor");
        int size = batch * side * side * filters;
        Pointer y = allocate(4L * size);
        try (cudnnConvolutionFwdAlgoPerf_t algorithm = new cudnnConvolutionFwdAlgoPerf_t(ALGORITHMS);
                IntPointer count = new IntPointer(1);
                FloatPointer one = new FloatPointer(1f);
                FloatPointer zero = new FloatPointer(0f)) {
            checkDnn(
                    cudnnGetConvolutionForwardAlgorithm_v7(
                            handle, input, weights, convolution, output, ALGORITHMS, count, algorithm),
                    "cudnnGetConvolutionForwardAlgorithm_v7");
            int chosen = 0;
            while (chosen < count.get() && !isExact(algorithm.position(chosen))) {
                chosen++;
            }
            if (chosen == count.get()) {
                throw failure("cuDNN offers no plain way to convolve on this GPU: install a version that knows it");
            }
            Pointer workspace = allocate(Math.max(4, algorithm.memory()));
            checkDnn(
                    cudnnConvolutionForward(
                            handle,
                            one,
                            input,
                            upload(x),
                            weights,
                            upload(w),
                            convolution,
                            algorithm.algo(),
                            workspace,
                            algorithm.memory(),
                            zero,
                            output,
                            y),
                    "cudnnConvolutionForward of the self-test");
        }
        float[] got = download(y, size);
        for (int i = 0; i < size; i++) {
            float sum = convolved(x, w, i, channels, filters, side);
            if (got[i] != sum) {
                throw failure("cuDNN convolved wrongly (" + got[i] + " in place of " + sum
                        + "): install another version of cuDNN, else of the driver, or take another GPU");
            }
        }
    }

    /** Returns whether an algorithm sums products: Winograd's and those by Fourier transforms multiply by fractions, and round. */
    private static boolean isExact(cudnnConvolutionFwdAlgoPerf_t algorithm) {
        int kind = algorithm.algo();
        return algorithm.status() == CUDNN_STATUS_SUCCESS
                && (kind == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM
                        || kind == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM
                        || kind == CUDNN_CONVOLUTION_FWD_ALGO_GEMM);
    }

    /** Descriptor of a batch of square images, channels last. */
    private cudnnTensorStruct images(int batch, int channels, int side) {
        cudnnTensorStruct descriptor = new cudnnTensorStruct();
        checkDnn(cudnnCreateTensorDescriptor(descriptor), "cudnnCreateTensorDescriptor");
        undo.push(() -> cudnnDestroyTensorDescriptor(descriptor));
        checkDnn(
                cudnnSetTensor4dDescriptor(
                        descriptor, CUDNN_TENSOR_NHWC, CUDNN_DATA_FLOAT, batch, channels, side, side),
                "cudnnSetTensor4dDescriptor");
        return descriptor;
    }

    /** Element i of the 3x3 convolution with padding 1. */
    private static float convolved(float[] x, float[] w, int i, int channels, int filters, int side) {
        int filter = i % filters;
        int column = i / filters % side;
        int row = i / (filters * side) % side;
        int image = i / (filters * side * side);
        float sum = 0;
        for (int tap = 0; tap < 9; tap++) {
            int h = row + tap / 3 - 1;
            int v = column + tap % 3 - 1;
            if (h >= 0 && h < side && v >= 0 && v < side) {
                for (int c = 0; c < channels; c++) {
                    sum += x[((image * side + h) * side + v) * channels + c] * w[(filter * 9 + tap) * channels + c];
                }
            }
        }
        return sum;
    }

    private static float[] small(int length, IntUnaryOperator number) {
        float[] numbers = new float[length];
        for (int i = 0; i < length; i++) {
            numbers[i] = number.applyAsInt(i);
        }
        return numbers;
    }

    private static CudaException failure(String what) {
        return new CudaException("The self-test failed: " + what + ".", false);
    }

    @Override
    public void close() {
        undo.forEach(Runnable::run);
    }
}
