package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.bytedeco.cuda.global.cudart.*;

import io.github.kib4j.cuda.ConvolutionTask.Direction;
import io.github.kib4j.op.Lane;
import io.github.kib4j.tensor.DataType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.extension.ExtendWith;

/** Every way to compute a product, against loops in double. */
@ExtendWith(EmulatedDevice.class)
class ConvolutionPlanTest {
    private static final long SEED = 77;

    /** Batch, channels, height, width, filters, kernel. */
    private static final int[][] SIZES = {
        {1, 1, 3, 5, 1, 3},
        {2, 3, 8, 8, 17, 3},
        {2, 16, 5, 7, 32, 3},
        {3, 64, 8, 8, 16, 3},
        {2, 5, 6, 6, 4, 5},
        {2, 8, 1, 1, 8, 3},
        {2, 4, 4, 4, 6, 1},
        {1, 3, 1, 1, 2, 1},
        {19, 100, 1, 1, 16, 1}
    };

    private final CUstream_st stream = new CUstream_st();

    @BeforeEach
    void open() {
        assertThat(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking)).isZero();
    }

    @AfterEach
    void close() {
        assertThat(cudaStreamDestroy(stream)).isZero();
    }

    private static ConvolutionTask task(
            Direction direction, int[] s, DataType type, DataType weights, DataType result, boolean bias) {
        return new ConvolutionTask(direction, s[0], s[1], s[2], s[3], s[4], s[5], type, weights, result, bias);
    }

    private static List<ConvolutionTask> tasks(int[] size, DataType type) {
        List<ConvolutionTask> tasks = new ArrayList<>();
        for (DataType weights : EnumSet.of(DataType.F32, type)) {
            tasks.add(task(Direction.FORWARD, size, type, weights, type, false));
            tasks.add(task(Direction.DATA_GRADIENT, size, type, weights, type, false));
        }
        tasks.add(task(Direction.FORWARD, size, type, DataType.F32, type, true));
        tasks.add(task(Direction.WEIGHT_GRADIENT, size, type, DataType.F32, DataType.F32, false));
        if (size[2] * size[3] * size[5] == 1) {
            tasks.add(task(Direction.FORWARD, size, type, DataType.F32, DataType.F32, true));
        }
        return tasks;
    }

    static void onLibraries(SinglePrecision precision, Consumer<ConvolutionCandidates> body) {
        CudaBackend.load();
        CudaStreams streams = new CudaStreams(0);
        try (ConvolutionLibraries libraries = ConvolutionLibraries.open(new CudaKernels(streams), precision)) {
            body.accept(new ConvolutionCandidates(libraries));
        } finally {
            streams.close();
        }
    }

    @TestFactory
    Stream<DynamicTest> equalLoopsInDouble() {
        return Arrays.stream(SIZES)
                .flatMap(size -> Stream.of(DataType.F32, DataType.BF16).flatMap(type -> tasks(size, type).stream()))
                .distinct()
                .map(task -> DynamicTest.dynamicTest(
                        task.toString(), () -> onLibraries(SinglePrecision.F32, all -> assertAllAreRight(task, all))));
    }

    private void assertAllAreRight(ConvolutionTask task, ConvolutionCandidates all) {
        ConvolutionLoops loops = new ConvolutionLoops(task, SEED);
        List<ConvolutionPlan> plans = all.of(task);
        plans.forEach(plan -> assertIsRight(loops, plan));
        Set<String> names = plans.stream().map(ConvolutionPlan::name).collect(Collectors.toSet());
        assertThat(names).hasSameSizeAs(plans);
    }

    private void assertIsRight(ConvolutionLoops loops, ConvolutionPlan plan) {
        double[] numbers = compute(loops, plan);
        boolean rounds = loops.task.result() == DataType.BF16 || plan.name().contains("rounded");
        double tolerance = loops.tolerance(rounds ? DataType.BF16 : DataType.F32);
        for (int i = 0; i < numbers.length; i++) {
            assertThat(numbers[i])
                    .as("%s: number %d, seed %d", plan.name(), i, SEED)
                    .isCloseTo(loops.result[i], within(tolerance));
        }
    }

    private double[] compute(ConvolutionLoops loops, ConvolutionPlan plan) {
        try (ConvolutionLoops.Operands operands = loops.operands(plan.scratchBytes())) {
            plan.bind(operands.memory(), new Queue(Lane.MAIN, stream)).run();
            assertThat(cudaStreamSynchronize(stream)).isZero();
            return operands.result(loops.task.direction()).numbers(loops.task.result());
        }
    }

    /** A limit of two or three images at once, instead of 2^31 numbers. */
    @Test
    void largeBatchesAreComputedInParts() {
        for (Direction direction : Direction.values()) {
            ConvolutionTask task =
                    task(direction, new int[] {5, 8, 4, 4, 16, 3}, DataType.F32, DataType.F32, DataType.F32, false);
            ConvolutionLoops loops = new ConvolutionLoops(task, SEED);
            onLibraries(SinglePrecision.F32, all -> {
                for (int images = 1; images <= 5; images++) {
                    long most = images * 4 * 4 * 16L;
                    new CudnnPlans(all.libraries(), task, ConvolutionFamily.CUDNN, 8, most)
                            .all()
                            .forEach(plan -> assertIsRight(loops, plan));
                }
            });
        }
    }

    private static Set<ConvolutionFamily> families(ConvolutionCandidates all, Direction direction, int... size) {
        DataType result = direction == Direction.WEIGHT_GRADIENT ? DataType.F32 : DataType.BF16;
        ConvolutionTask task = task(direction, size, DataType.BF16, DataType.F32, result, false);
        return all.of(task).stream().map(ConvolutionPlan::family).collect(Collectors.toSet());
    }

    @Test
    void familiesOfATask() {
        onLibraries(SinglePrecision.F32, all -> {
            assertThat(families(all, Direction.FORWARD, 2, 64, 8, 8, 16, 3)).containsOnly(ConvolutionFamily.CUDNN);
            assertThat(families(all, Direction.WEIGHT_GRADIENT, 2, 64, 8, 8, 16, 3))
                    .containsOnly(ConvolutionFamily.CUDNN, ConvolutionFamily.SHIFTED);
            assertThat(families(all, Direction.FORWARD, 2, 3, 8, 8, 16, 3))
                    .containsOnly(ConvolutionFamily.CUDNN, ConvolutionFamily.PADDED, ConvolutionFamily.WINDOWS);
            assertThat(families(all, Direction.DATA_GRADIENT, 2, 3, 8, 8, 16, 3))
                    .containsOnly(ConvolutionFamily.CUDNN, ConvolutionFamily.PADDED);
            assertThat(families(all, Direction.FORWARD, 2, 64, 1, 1, 16, 1)).containsOnly(ConvolutionFamily.MATRIX);
            assertThat(families(all, Direction.FORWARD, 2, 64, 2, 1, 16, 1))
                    .containsOnly(ConvolutionFamily.MATRIX, ConvolutionFamily.CUDNN);
        });
    }

    /** What single precision holds and TF32 does not: each weight gradient is one such number. */
    @Test
    void onlyTf32RoundsOperands() {
        int[] size = {1, 8, 3, 3, 8, 3};
        ConvolutionTask task = task(Direction.FORWARD, size, DataType.F32, DataType.F32, DataType.F32, false);
        double exact = 1 + 0x1p-20;
        for (SinglePrecision precision : SinglePrecision.values()) {
            onLibraries(precision, all -> {
                for (ConvolutionPlan plan : all.of(task)) {
                    ConvolutionLoops loops = new ConvolutionLoops(task, SEED);
                    Arrays.fill(loops.x, 0);
                    Arrays.fill(loops.w, 1);
                    loops.x[4 * 8] = exact;
                    assertThat(compute(loops, plan))
                            .as(plan.name())
                            .containsOnly(precision == SinglePrecision.F32 ? exact : 1);
                }
            });
        }
    }

    /** Twice at once and twice from a graph, on other addresses: the same bits. */
    @Test
    void bitsAreTheSameEachTimeAndInAGraph() {
        int[] size = {3, 3, 8, 8, 16, 3};
        for (Direction direction : Direction.values()) {
            DataType result = direction == Direction.WEIGHT_GRADIENT ? DataType.F32 : DataType.BF16;
            ConvolutionTask task =
                    task(direction, size, DataType.BF16, DataType.F32, result, direction == Direction.FORWARD);
            ConvolutionLoops loops = new ConvolutionLoops(task, SEED);
            onLibraries(SinglePrecision.F32, all -> {
                for (ConvolutionPlan plan : all.of(task)) {
                    double[] once = compute(loops, plan);
                    assertThat(compute(loops, plan)).as(plan.name()).isEqualTo(once);
                    assertThat(replayed(loops, plan)).as(plan.name()).isEqualTo(once);
                }
            });
        }
    }

    private double[] replayed(ConvolutionLoops loops, ConvolutionPlan plan) {
        CUgraph_st graph = new CUgraph_st();
        CUgraphExec_st launchable = new CUgraphExec_st();
        try (ConvolutionLoops.Operands operands = loops.operands(plan.scratchBytes())) {
            Runnable bound = plan.bind(operands.memory(), new Queue(Lane.MAIN, stream));
            assertThat(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal))
                    .isZero();
            bound.run();
            assertThat(cudaStreamEndCapture(stream, graph)).isZero();
            assertThat(cudaGraphInstantiate(launchable, graph, 0)).isZero();
            assertThat(cudaGraphLaunch(launchable, stream)).isZero();
            assertThat(cudaGraphLaunch(launchable, stream)).isZero();
            assertThat(cudaStreamSynchronize(stream)).isZero();
            return operands.result(loops.task.direction()).numbers(loops.task.result());
        } finally {
            cudaGraphExecDestroy(launchable);
            cudaGraphDestroy(graph);
        }
    }
}
