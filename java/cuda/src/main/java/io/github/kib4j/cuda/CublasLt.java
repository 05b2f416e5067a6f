package io.github.kib4j.cuda;

import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;

import io.github.kib4j.tensor.DataType;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.jspecify.annotations.Nullable;

/**
 * Products of matrices by cuBLASLt: {@code d = a b} or {@code d = a b + bias}, sums in single precision. A product that is split along
 * its sums adds their parts in single precision and in a fixed order, so that equal numbers give equal bits on one kind of GPU.
 */
final class CublasLt implements AutoCloseable {
    /** What NVIDIA recommends as the most for a Hopper; smaller GPUs take less. */
    private static final long WORKSPACE_BYTES = 32L << 20;

    private static final FloatPointer ONE = new FloatPointer(1f);
    private static final FloatPointer ZERO = new FloatPointer(0f);

    private final cublasLtContext handle = new cublasLtContext();
    private final SinglePrecision precision;

    CublasLt(SinglePrecision precision) {
        this.precision = precision;
        CudaStatus.checkBlas(cublasLtCreate(handle), "cublasLtCreate");
    }

    /**
     * A matrix of a product, row by row.
     *
     * @param stride numbers from one row to the next
     * @param transposed whether rows of the matrix are columns of the stored one
     * @param batchStride numbers from one matrix of a batch to the next
     * @param alignment what the addresses of the batch's first matrix are multiples of, in bytes
     */
    record Matrix(DataType type, long stride, boolean transposed, long batchStride, int alignment) {
        static Matrix of(DataType type, long stride) {
            return new Matrix(type, stride, false, 0, ConvolutionPlan.ALIGNMENT);
        }

        Matrix transpose() {
            return new Matrix(type, stride, !transposed, batchStride, alignment);
        }

        /** Returns it as those of a batch, that many numbers apart, which begin at multiples of that many. */
        Matrix batch(long distance, long multiple) {
            long bytes = multiple * type.bytes();
            int power = (int) Math.min(ConvolutionPlan.ALIGNMENT, Long.lowestOneBit(bytes));
            return new Matrix(type, stride, transposed, distance, power);
        }
    }

    /**
     * What is computed: {@code d [m, n] = a [m, k] b [k, n]}, plus a number for each column, for each of a batch.
     *
     * @param bias whether there is one, F32
     */
    record Product(long m, long n, long k, Matrix a, Matrix b, Matrix d, int batch, boolean bias) {
        Product withoutBias() {
            return new Product(m, n, k, a, b, d, batch, false);
        }
    }

    /** Returns the algorithms for a product that cuBLASLt's heuristic takes for the fastest, in its order; none if it has none. */
    List<Algorithm> algorithms(Product product, int most) {
        // cuBLAS stores by columns: d' = b' a', and a matrix by rows is its transpose by columns.
        cublasLtMatrixLayoutOpaque_t a = layout(product.b, product.k, product.n, product.batch);
        cublasLtMatrixLayoutOpaque_t b = layout(product.a, product.m, product.k, product.batch);
        cublasLtMatrixLayoutOpaque_t d = layout(product.d, product.m, product.n, product.batch);
        cublasLtMatmulPreferenceOpaque_t preference = preference(product);
        cublasLtMatmulHeuristicResult_t results = new cublasLtMatmulHeuristicResult_t(most);
        // The heuristic wants to see a bias; it does not look at it.
        cublasLtMatmulDescOpaque_t description = description(product, product.bias ? ConvolutionPlan.ALIGNMENT : 0);
        List<Algorithm> algorithms = new ArrayList<>();
        try (IntPointer found = new IntPointer(1)) {
            int status =
                    cublasLtMatmulAlgoGetHeuristic(handle, description, a, b, d, d, preference, most, results, found);
            boolean hasOtherBias = product.bias && product.d.type != DataType.F32;
            if (status == CUBLAS_STATUS_NOT_SUPPORTED || hasOtherBias && status == CUBLAS_STATUS_INVALID_VALUE) {
                return algorithms;
            }
            CudaStatus.checkBlas(status, "cublasLtMatmulAlgoGetHeuristic for " + product);
            for (int i = 0; i < found.get(); i++) {
                cublasLtMatmulHeuristicResult_t result = results.getPointer(i);
                if (result.state() == CUBLAS_STATUS_SUCCESS) {
                    algorithms.add(new Algorithm(product, a, b, d, result));
                }
            }
        }
        return algorithms;
    }

    private static int typeOf(DataType type) {
        return type == DataType.BF16 ? CUDA_R_16BF : CUDA_R_32F;
    }

    private static cublasLtMatrixLayoutOpaque_t layout(Matrix matrix, long rows, long columns, int batch) {
        cublasLtMatrixLayoutOpaque_t layout = new cublasLtMatrixLayoutOpaque_t();
        long stored = matrix.transposed ? columns : rows;
        long run = matrix.transposed ? rows : columns;
        CudaStatus.checkBlas(
                cublasLtMatrixLayoutInit_internal(
                        layout, layout.sizeof(), typeOf(matrix.type), run, stored, matrix.stride),
                "cublasLtMatrixLayoutInit");
        if (batch > 1) {
            set(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, batch);
            set(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, matrix.batchStride);
        }
        return layout;
    }

    private static void set(cublasLtMatrixLayoutOpaque_t layout, int attribute, int value) {
        try (IntPointer number = new IntPointer(1).put(value)) {
            checkSet(cublasLtMatrixLayoutSetAttribute(layout, attribute, number, Integer.BYTES));
        }
    }

    private static void set(cublasLtMatrixLayoutOpaque_t layout, int attribute, long value) {
        try (LongPointer number = new LongPointer(1).put(value)) {
            checkSet(cublasLtMatrixLayoutSetAttribute(layout, attribute, number, Long.BYTES));
        }
    }

    private static void checkSet(int status) {
        CudaStatus.checkBlas(status, "cublasLt...SetAttribute");
    }

    private cublasLtMatmulDescOpaque_t description(Product product, long biasAddress) {
        cublasLtMatmulDescOpaque_t description = new cublasLtMatmulDescOpaque_t();
        boolean rounds = product.a.type == DataType.F32 && precision == SinglePrecision.TF32;
        CudaStatus.checkBlas(
                cublasLtMatmulDescInit_internal(
                        description,
                        description.sizeof(),
                        rounds ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F,
                        CUDA_R_32F),
                "cublasLtMatmulDescInit");
        set(description, CUBLASLT_MATMUL_DESC_TRANSA, operation(product.b));
        set(description, CUBLASLT_MATMUL_DESC_TRANSB, operation(product.a));
        if (product.bias) {
            set(description, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
            set(description, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
            try (LongPointer address = new LongPointer(1).put(biasAddress)) {
                checkSet(cublasLtMatmulDescSetAttribute(
                        description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, address, Long.BYTES));
            }
        }
        return description;
    }

    private static int operation(Matrix matrix) {
        return matrix.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
    }

    private static void set(cublasLtMatmulDescOpaque_t description, int attribute, int value) {
        try (IntPointer number = new IntPointer(1).put(value)) {
            checkSet(cublasLtMatmulDescSetAttribute(description, attribute, number, Integer.BYTES));
        }
    }

    private static cublasLtMatmulPreferenceOpaque_t preference(Product product) {
        cublasLtMatmulPreferenceOpaque_t preference = new cublasLtMatmulPreferenceOpaque_t();
        CudaStatus.checkBlas(
                cublasLtMatmulPreferenceInit_internal(preference, preference.sizeof()), "cublasLtMatmulPreferenceInit");
        try (LongPointer room = new LongPointer(1).put(WORKSPACE_BYTES)) {
            checkSet(cublasLtMatmulPreferenceSetAttribute(
                    preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, room, Long.BYTES));
        }
        // Parts of sums are added in single precision: not in the result's type, and in a workspace.
        set(preference, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE);
        set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, product.b.alignment);
        set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, product.a.alignment);
        set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, product.d.alignment);
        set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, product.d.alignment);
        return preference;
    }

    private static void set(cublasLtMatmulPreferenceOpaque_t preference, int attribute, int value) {
        try (IntPointer number = new IntPointer(1).put(value)) {
            checkSet(cublasLtMatmulPreferenceSetAttribute(preference, attribute, number, Integer.BYTES));
        }
    }

    /** One algorithm for one product. */
    final class Algorithm {
        private final Product product;
        private final cublasLtMatrixLayoutOpaque_t a;
        private final cublasLtMatrixLayoutOpaque_t b;
        private final cublasLtMatrixLayoutOpaque_t d;
        private final cublasLtMatmulHeuristicResult_t result; // has the algorithm's memory
        private final cublasLtMatmulAlgo_t algorithm;
        private final long scratchBytes;

        private Algorithm(
                Product product,
                cublasLtMatrixLayoutOpaque_t a,
                cublasLtMatrixLayoutOpaque_t b,
                cublasLtMatrixLayoutOpaque_t d,
                cublasLtMatmulHeuristicResult_t result) {
            this.product = product;
            this.a = a;
            this.b = b;
            this.d = d;
            this.result = result;
            algorithm = result.algo();
            scratchBytes = result.workspaceSize();
        }

        long scratchBytes() {
            return scratchBytes;
        }

        /** Returns what computes the product. */
        Runnable bind(
                BytePointer dAt,
                BytePointer aAt,
                BytePointer bAt,
                @Nullable BytePointer bias,
                @Nullable BytePointer scratch,
                Queue queue) {
            cublasLtMatmulDescOpaque_t description =
                    description(product, bias == null ? 0 : bias.address() + bias.position());
            return () -> {
                int status = cublasLtMatmul(
                        handle,
                        description,
                        ONE,
                        bAt,
                        a,
                        aAt,
                        b,
                        ZERO,
                        dAt,
                        d,
                        dAt,
                        d,
                        algorithm,
                        scratch,
                        scratchBytes,
                        queue.stream());
                if (status == CUBLAS_STATUS_NOT_SUPPORTED) {
                    throw new UnsupportedException("cuBLASLt's algorithm for " + product);
                }
                CudaStatus.checkBlas(status, "cublasLtMatmul");
            };
        }
    }

    @Override
    public void close() {
        CudaStatus.checkBlas(cublasLtDestroy(handle), "cublasLtDestroy");
    }
}
