package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.cuda.global.cudart.*;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudart.dim3;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A library built by {@code nvcc -cudart shared} from {@code src/test/cuda/kernels.cu}: its kernels are launched by the
 * presets and by its own launcher, and run on the emulated device.
 */
@ExtendWith(EmulatedDevice.class)
class KernelsTest {
    private static final Path LIBRARY = Emulator.FOLDER.resolve("java/libkernels.so");

    @BeforeAll
    static void load() {
        boolean built = Files.exists(LIBRARY);
        if (!built) {
            System.out.println("kib4j: tests of kernels skipped: nvcc was not on the PATH when the emulated device was"
                    + " built (install CUDA 13, and build from clean)");
        }
        assumeTrue(built, "kernels built by nvcc");
        assertThat(cudaFree(null)).isZero(); // the presets load the runtime
        System.load(LIBRARY.toAbsolutePath().toString());
    }

    private static final int SCALE_ADD = 0;
    private static final int ONE_TOO_FAR = 1;

    private static native long kernel(int which);

    private static native int blockSums(long sums, long x, int n, long stream);

    /** Launches a kernel of the library by its host function, as cudaLaunchKernel takes it. */
    private static int launch(int which, int blocks, int threads, CUstream_st stream, Pointer... arguments) {
        try (dim3 grid = new dim3(blocks, 1, 1);
                dim3 block = new dim3(threads, 1, 1);
                PointerPointer<Pointer> all = new PointerPointer<>(arguments)) {
            return cudaLaunchKernel(new Emulator.Address(kernel(which)), grid, block, all, 0, stream);
        }
    }

    private static LongPointer address(DeviceFloats floats) {
        return new LongPointer(new long[] {floats.pointer().address()});
    }

    @Test
    void launchedByThePresets() {
        int n = 1000;
        float[] numbers = new float[n];
        for (int i = 0; i < n; i++) {
            numbers[i] = i;
        }
        try (DeviceFloats y = DeviceFloats.of(numbers);
                DeviceFloats x = DeviceFloats.of(numbers)) {
            assertThat(launch(
                            SCALE_ADD,
                            4,
                            256,
                            null,
                            address(y),
                            address(x),
                            new FloatPointer(2f),
                            new IntPointer(new int[] {n})))
                    .isZero();
            float[] result = y.get();
            for (int i = 0; i < n; i++) {
                assertThat(result[i]).isEqualTo(3f * i);
            }
        }
    }

    @Test
    void launchedByTheLibraryInAGraph() {
        int n = 600;
        float[] ones = new float[n];
        java.util.Arrays.fill(ones, 1f);
        CUstream_st stream = new CUstream_st();
        CUgraph_st graph = new CUgraph_st();
        CUgraphExec_st launchable = new CUgraphExec_st();
        assertThat(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking)).isZero();
        try (DeviceFloats x = DeviceFloats.of(ones);
                DeviceFloats sums = new DeviceFloats(3)) {
            assertThat(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal))
                    .isZero();
            assertThat(blockSums(sums.pointer().address(), x.pointer().address(), n, stream.address()))
                    .isZero();
            assertThat(cudaStreamEndCapture(stream, graph)).isZero();
            assertThat(cudaGraphInstantiate(launchable, graph, 0)).isZero();
            assertThat(cudaGraphLaunch(launchable, stream)).isZero();
            assertThat(cudaStreamSynchronize(stream)).isZero();
            assertThat(sums.get()).containsExactly(256, 256, 88);
        }
        cudaGraphExecDestroy(launchable);
        cudaGraphDestroy(graph);
        cudaStreamDestroy(stream);
    }

    @Test
    void aPlantedBugIsReportedWithItsLine() {
        try (DeviceFloats y = new DeviceFloats(64)) {
            assertThat(launch(ONE_TOO_FAR, 1, 64, null, address(y), new IntPointer(new int[] {64})))
                    .isZero();
            assertThat(cudaDeviceSynchronize()).isEqualTo(cudaErrorIllegalAddress);
            assertThat(Emulator.takeFindings())
                    .first()
                    .asString()
                    .contains("out of bounds in kernel one_too_far", "kernels.cu:25, block (0,0,0) thread (63,0,0)");
            Emulator.reset(EmulatedDevice.SEED); // the fault stays, as on a GPU, until the device is reset
        }
    }
}
