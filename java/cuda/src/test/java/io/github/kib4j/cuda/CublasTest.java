package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.*;

import java.util.SplittableRandom;
import org.bytedeco.cuda.cublas.cublasContext;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Matrix products through the presets' cuBLAS and cuBLASLt, against loops in double. */
@ExtendWith(EmulatedDevice.class)
class CublasTest {
    private static final long SEED = 31;
    private static final int M = 9;
    private static final int N = 7;
    private static final int K = 33;
    private static final FloatPointer ONE = new FloatPointer(1f);
    private static final FloatPointer ZERO = new FloatPointer(0f);

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final float[] a = uniform(M * K);
    private final float[] b = uniform(K * N);

    private float[] uniform(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    /** a (M x K) times b (K x N), all by columns. The bound is that of K products and sums in single precision. */
    private void assertIsProduct(float[] c) {
        for (int j = 0; j < N; j++) {
            for (int i = 0; i < M; i++) {
                double sum = 0;
                for (int p = 0; p < K; p++) {
                    sum += (double) a[p * M + i] * b[j * K + p];
                }
                assertThat((double) c[j * M + i])
                        .as("row %d, column %d, seed %d", i, j, SEED)
                        .isCloseTo(sum, within((K + 3) * 0x1p-24 * K));
            }
        }
    }

    @Test
    void products() {
        cublasContext handle = new cublasContext();
        assertThat(cublasCreate_v2(handle)).isZero();
        try (DeviceFloats x = DeviceFloats.of(a);
                DeviceFloats y = DeviceFloats.of(b);
                DeviceFloats z = new DeviceFloats(M * N)) {
            assertThat(gemm(handle, x, y, z, M)).isZero();
            assertIsProduct(z.get());
        }
        assertThat(cublasDestroy_v2(handle)).isZero();
    }

    private static int gemm(cublasContext handle, DeviceFloats x, DeviceFloats y, DeviceFloats z, int lda) {
        return cublasSgemm_v2(
                handle, CUBLAS_OP_N, CUBLAS_OP_N, M, N, K, ONE, x.pointer(), lda, y.pointer(), K, ZERO, z.pointer(), M);
    }

    @Test
    void capturedProducts() {
        cublasContext handle = new cublasContext();
        CUstream_st stream = new CUstream_st();
        CUgraph_st graph = new CUgraph_st();
        CUgraphExec_st launchable = new CUgraphExec_st();
        assertThat(cublasCreate_v2(handle)).isZero();
        assertThat(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking)).isZero();
        assertThat(cublasSetStream_v2(handle, stream)).isZero();
        try (DeviceFloats x = DeviceFloats.of(a);
                DeviceFloats y = DeviceFloats.of(b);
                DeviceFloats z = new DeviceFloats(M * N)) {
            assertThat(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal))
                    .isZero();
            assertThat(gemm(handle, x, y, z, M)).isZero();
            assertThat(cudaStreamEndCapture(stream, graph)).isZero();
            assertThat(cudaGraphInstantiate(launchable, graph, 0)).isZero();
            assertThat(cudaGraphLaunch(launchable, stream)).isZero();
            assertThat(cudaStreamSynchronize(stream)).isZero();
            assertIsProduct(z.get());
        }
        cudaGraphExecDestroy(launchable);
        cudaGraphDestroy(graph);
        assertThat(cublasDestroy_v2(handle)).isZero();
        cudaStreamDestroy(stream);
    }

    @Test
    void whatIsWrongIsRefusedAndReported() {
        cublasContext handle = new cublasContext();
        assertThat(cublasCreate_v2(handle)).isZero();
        try (DeviceFloats x = DeviceFloats.of(a);
                DeviceFloats y = DeviceFloats.of(b);
                DeviceFloats z = new DeviceFloats(M * N)) {
            assertThat(gemm(handle, x, y, z, M - 1)).isEqualTo(CUBLAS_STATUS_INVALID_VALUE);
            assertThat(Emulator.takeFindings())
                    .singleElement()
                    .asString()
                    .startsWith("bad argument: cublasSgemm: lda = 8");
            assertThat(cublasDestroy_v2(handle)).isZero();
            assertThat(gemm(handle, x, y, z, M)).isEqualTo(CUBLAS_STATUS_NOT_INITIALIZED);
            assertThat(Emulator.takeFindings())
                    .singleElement()
                    .asString()
                    .startsWith("bad handle: cublasSgemm: was passed a destroyed cublasHandle_t");
        }
    }

    @Test
    void productsOfCublasLt() {
        cublasLtContext handle = new cublasLtContext();
        cublasLtMatmulDescOpaque_t product = new cublasLtMatmulDescOpaque_t();
        cublasLtMatmulPreferenceOpaque_t preference = new cublasLtMatmulPreferenceOpaque_t();
        cublasLtMatrixLayoutOpaque_t left = layout(M, K);
        cublasLtMatrixLayoutOpaque_t right = layout(K, N);
        cublasLtMatrixLayoutOpaque_t result = layout(M, N);
        assertThat(cublasLtCreate(handle)).isZero();
        assertThat(cublasLtMatmulDescInit_internal(product, product.sizeof(), CUBLAS_COMPUTE_32F, CUDA_R_32F))
                .isZero();
        assertThat(cublasLtMatmulPreferenceInit_internal(preference, preference.sizeof()))
                .isZero();
        try (LongPointer room = new LongPointer(1).put(1 << 20);
                IntPointer found = new IntPointer(1);
                cublasLtMatmulHeuristicResult_t best = new cublasLtMatmulHeuristicResult_t();
                DeviceFloats x = DeviceFloats.of(a);
                DeviceFloats y = DeviceFloats.of(b);
                DeviceFloats z = new DeviceFloats(M * N)) {
            assertThat(cublasLtMatmulPreferenceSetAttribute(
                            preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, room, 8))
                    .isZero();
            assertThat(cublasLtMatmulAlgoGetHeuristic(
                            handle, product, left, right, result, result, preference, 1, best, found))
                    .isZero();
            assertThat(found.get()).isEqualTo(1);
            try (DeviceFloats workspace = new DeviceFloats((int) best.workspaceSize() / 4);
                    cublasLtMatmulAlgo_t algorithm = best.algo()) {
                assertThat(cublasLtMatmul(
                                handle,
                                product,
                                ONE,
                                x.pointer(),
                                left,
                                y.pointer(),
                                right,
                                ZERO,
                                z.pointer(),
                                result,
                                z.pointer(),
                                result,
                                algorithm,
                                workspace.pointer(),
                                best.workspaceSize(),
                                null))
                        .isZero();
                assertIsProduct(z.get());
            }
        }
        assertThat(cublasLtDestroy(handle)).isZero();
    }

    private static cublasLtMatrixLayoutOpaque_t layout(int rows, int columns) {
        cublasLtMatrixLayoutOpaque_t layout = new cublasLtMatrixLayoutOpaque_t();
        assertThat(cublasLtMatrixLayoutInit_internal(layout, layout.sizeof(), CUDA_R_32F, rows, columns, rows))
                .isZero();
        return layout;
    }

    @Test
    void statusNames() {
        try (BytePointer name = cublasGetStatusName(CUBLAS_STATUS_NOT_SUPPORTED)) {
            assertThat(name.getString()).isEqualTo("CUBLAS_STATUS_NOT_SUPPORTED");
        }
    }
}
