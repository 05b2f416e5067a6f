package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.bytedeco.cuda.global.cudnn.*;

import java.util.SplittableRandom;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdFilterAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.cudnn.cudnnFilterStruct;
import org.bytedeco.cuda.cudnn.cudnnTensorStruct;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A 3x3 convolution with padding 1 and its two gradients through the presets' cuDNN, against loops in double. */
@ExtendWith(EmulatedDevice.class)
class CudnnTest {
    private static final long SEED = 53;
    private static final int B = 2;
    private static final int C = 3;
    private static final int K = 4;
    private static final int H = 6;
    private static final int W = 5;
    private static final FloatPointer ONE = new FloatPointer(1f);
    private static final FloatPointer ZERO = new FloatPointer(0f);

    private final SplittableRandom random = new SplittableRandom(SEED);
    private final float[] x = uniform(B * C * H * W);
    private final float[] w = uniform(K * C * 9);
    private final float[] dy = uniform(B * K * H * W);
    private final double[] y = new double[dy.length];
    private final double[] dx = new double[x.length];
    private final double[] dw = new double[w.length];

    private final cudnnContext handle = new cudnnContext();
    private final cudnnTensorStruct xDesc = new cudnnTensorStruct();
    private final cudnnTensorStruct yDesc = new cudnnTensorStruct();
    private final cudnnFilterStruct wDesc = new cudnnFilterStruct();
    private final cudnnConvolutionStruct convolution = new cudnnConvolutionStruct();

    private float[] uniform(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextDouble(-1, 1);
        }
        return values;
    }

    private void expect() {
        for (int i = 0; i < B * K * H * W; i++) {
            int column = i % W;
            int row = i / W % H;
            int k = i / (W * H) % K;
            int b = i / (W * H * K);
            for (int j = 0; j < C * 9; j++) {
                int h = row - 1 + j / 3 % 3;
                int v = column - 1 + j % 3;
                if (h < 0 || h >= H || v < 0 || v >= W) {
                    continue;
                }
                int at = ((b * C + j / 9) * H + h) * W + v;
                y[i] += (double) x[at] * w[k * C * 9 + j];
                dx[at] += (double) dy[i] * w[k * C * 9 + j];
                dw[k * C * 9 + j] += (double) dy[i] * x[at];
            }
        }
    }

    @BeforeEach
    void create() {
        expect();
        assertThat(cudnnCreate(handle)).isZero();
        assertThat(cudnnCreateTensorDescriptor(xDesc)).isZero();
        assertThat(cudnnCreateTensorDescriptor(yDesc)).isZero();
        assertThat(cudnnCreateFilterDescriptor(wDesc)).isZero();
        assertThat(cudnnCreateConvolutionDescriptor(convolution)).isZero();
        assertThat(cudnnSetTensor4dDescriptor(xDesc, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, B, C, H, W))
                .isZero();
        assertThat(cudnnSetTensor4dDescriptor(yDesc, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, B, K, H, W))
                .isZero();
        assertThat(cudnnSetFilter4dDescriptor(wDesc, CUDNN_DATA_FLOAT, CUDNN_TENSOR_NCHW, K, C, 3, 3))
                .isZero();
        assertThat(cudnnSetConvolution2dDescriptor(
                        convolution, 1, 1, 1, 1, 1, 1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT))
                .isZero();
        assertThat(cudnnSetConvolutionMathType(convolution, CUDNN_FMA_MATH)).isZero();
    }

    @AfterEach
    void destroy() {
        cudnnDestroyConvolutionDescriptor(convolution);
        cudnnDestroyFilterDescriptor(wDesc);
        cudnnDestroyTensorDescriptor(yDesc);
        cudnnDestroyTensorDescriptor(xDesc);
        cudnnDestroy(handle);
    }

    /** The bound is that of a sum of so many products in single precision, in any order. */
    private static void assertClose(float[] got, double[] wanted, int terms) {
        assertThat(got).hasSameSizeAs(wanted);
        for (int i = 0; i < got.length; i++) {
            assertThat((double) got[i])
                    .as("element %d, seed %d", i, SEED)
                    .isCloseTo(wanted[i], within((terms + 3) * 0x1p-24 * terms));
        }
    }

    @Test
    void forward() {
        try (SizeTPointer size = new SizeTPointer(1);
                DeviceFloats input = DeviceFloats.of(x);
                DeviceFloats weights = DeviceFloats.of(w);
                DeviceFloats output = new DeviceFloats(y.length)) {
            int algorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
            assertThat(cudnnGetConvolutionForwardWorkspaceSize(
                            handle, xDesc, wDesc, convolution, yDesc, algorithm, size))
                    .isZero();
            try (DeviceFloats workspace = new DeviceFloats((int) size.get() / 4)) {
                assertThat(cudnnConvolutionForward(
                                handle,
                                ONE,
                                xDesc,
                                input.pointer(),
                                wDesc,
                                weights.pointer(),
                                convolution,
                                algorithm,
                                workspace.pointer(),
                                size.get(),
                                ZERO,
                                yDesc,
                                output.pointer()))
                        .isZero();
                assertClose(output.get(), y, C * 9);
            }
        }
    }

    @Test
    void dataGradient() {
        try (DeviceFloats gradient = DeviceFloats.of(dy);
                DeviceFloats weights = DeviceFloats.of(w);
                DeviceFloats result = new DeviceFloats(x.length)) {
            assertThat(cudnnConvolutionBackwardData(
                            handle,
                            ONE,
                            wDesc,
                            weights.pointer(),
                            yDesc,
                            gradient.pointer(),
                            convolution,
                            CUDNN_CONVOLUTION_BWD_DATA_ALGO_0,
                            null,
                            0,
                            ZERO,
                            xDesc,
                            result.pointer()))
                    .isZero();
            assertClose(result.get(), dx, K * 9);
        }
    }

    /** By the first algorithm of the heuristic that says it repeats, with beta straight into a sum. */
    @Test
    void filterGradientIntoASum() {
        try (cudnnConvolutionBwdFilterAlgoPerf_t found = new cudnnConvolutionBwdFilterAlgoPerf_t(8);
                IntPointer count = new IntPointer(1);
                DeviceFloats input = DeviceFloats.of(x);
                DeviceFloats gradient = DeviceFloats.of(dy);
                DeviceFloats sum = DeviceFloats.of(w)) {
            assertThat(cudnnGetConvolutionBackwardFilterAlgorithm_v7(
                            handle, xDesc, yDesc, convolution, wDesc, 8, count, found))
                    .isZero();
            int best = 0;
            while (found.position(best).status() != CUDNN_STATUS_SUCCESS
                    || found.position(best).determinism() != CUDNN_DETERMINISTIC) {
                best++;
            }
            assertThat(best).as("the heuristic prefers what does not repeat").isBetween(1, count.get() - 1);
            long bytes = found.memory();
            try (DeviceFloats workspace = new DeviceFloats((int) bytes / 4)) {
                assertThat(cudnnConvolutionBackwardFilter(
                                handle,
                                ONE,
                                xDesc,
                                input.pointer(),
                                yDesc,
                                gradient.pointer(),
                                convolution,
                                found.algo(),
                                workspace.pointer(),
                                bytes,
                                ONE,
                                wDesc,
                                sum.pointer()))
                        .isZero();
            }
            double[] wanted = dw.clone();
            for (int i = 0; i < wanted.length; i++) {
                wanted[i] += w[i];
            }
            assertClose(sum.get(), wanted, B * H * W + 1);
        }
    }

    @Test
    void aDescriptorOfAnotherShapeIsRefused() {
        assertThat(cudnnSetTensor4dDescriptor(yDesc, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, B, K, H + 1, W))
                .isZero();
        try (DeviceFloats data = DeviceFloats.of(x);
                BytePointer name = cudnnGetErrorString(CUDNN_STATUS_BAD_PARAM)) {
            assertThat(cudnnConvolutionForward(
                            handle,
                            ONE,
                            xDesc,
                            data.pointer(),
                            wDesc,
                            data.pointer(),
                            convolution,
                            CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM,
                            null,
                            0,
                            ZERO,
                            yDesc,
                            data.pointer()))
                    .isEqualTo(CUDNN_STATUS_BAD_PARAM);
            assertThat(name.getString()).isEqualTo("CUDNN_STATUS_BAD_PARAM");
        }
        assertThat(Emulator.takeFindings())
                .singleElement()
                .asString()
                .startsWith("bad argument: cudnnConvolutionForward: y is 2 x 4 x 7 x 5, but the convolution gives");
    }
}
