package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What a training step of the paper's VGG asks of the device and of the host: seven hidden layers with 64 groups and divisive
 * normalization under pHSIC, batches of 128. A call of cuBLASLt or cuDNN counts as one kernel; inside, theirs may launch more.
 */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaStepBudgetTest {
    private static final int LAYERS = 7;
    private static final int CONVOLUTIONS = 6;

    /** Product, activity, objective, local gradient, weight gradient, update. */
    private static final int OF_A_LAYER = 6;

    /** Product, cross-entropy, weight gradient, bias gradient, update; the batch and the clock. */
    private static final int OF_THE_REST = 7;

    private static final int KERNELS = LAYERS * OF_A_LAYER + OF_THE_REST;

    /**
     * Counts of a step.
     *
     * @param captured what is put into its graph
     * @param called the runtime's functions that are called where the graph is launched again
     * @param queued what is put on streams beside it then
     */
    private record Step(Map<String, Integer> captured, Map<String, Integer> called, Map<String, Integer> queued) {
        /** All but what the emulated device alone is told. */
        int kernels() {
            return captured.entrySet().stream()
                    .filter(work -> !work.getKey().startsWith("kib_emulator_"))
                    .mapToInt(Map.Entry::getValue)
                    .sum();
        }
    }

    private static Step step(Map<String, String> environment, String precision, String optimizer)
            throws IOException, InterruptedException {
        List<String> options = List.of(
                "-Dorg.bytedeco.javacpp.platform.linkpath="
                        + System.getProperty("org.bytedeco.javacpp.platform.linkpath"),
                "-Dkib4j.emulator=" + System.getProperty("kib4j.emulator"),
                "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0");
        ChildJava.Said said = ChildJava.run(StepBudgetProbe.class, environment, options, precision, optimizer);
        assertThat(said.code()).as(said.text()).isZero();
        Step step = new Step(new TreeMap<>(), new TreeMap<>(), new TreeMap<>());
        for (String line : said.text().lines().toList()) {
            if (line.startsWith("kib-emulator: note: ")) { // of registers, which a process without ptxas estimates
                continue;
            }
            String[] fields = line.split("\t");
            assertThat(fields).as(said.text()).hasSize(3);
            Map<String, Integer> counts = switch (fields[0]) {
                case "captured" -> step.captured();
                case "called" -> step.called();
                default -> step.queued();
            };
            counts.put(fields[1], Integer.valueOf(fields[2]));
        }
        return step;
    }

    /** Launched again, it is two calls, and no wait. */
    @Test
    void kernelsAndCalls() throws IOException, InterruptedException {
        Step step = step(Map.of(), "F32", "sgd");
        assertThat(step.kernels()).isEqualTo(KERNELS);
        assertThat(step.called()).isEqualTo(Map.of("cudaSetDevice", 1, "cudaGraphLaunch", 1));
        assertThat(step.queued()).isEmpty();
    }

    /** Statistics in two, and the pass that normalizes; sums of products in two, and the gradient. */
    @Test
    void batchNormalizationAddsSixToALayer() throws IOException, InterruptedException {
        assertThat(step(Map.of(), "F32", "adamw").kernels()).isEqualTo(KERNELS + 6 * LAYERS);
    }

    /** One for each weight gradient, where cuDNN gives it in single precision. */
    @Test
    void bfloat16AddsNone() throws IOException, InterruptedException {
        assertThat(step(Map.of("KIB_EMULATOR_CUDNN_MIXED", "1"), "BF16", "sgd").kernels())
                .isEqualTo(KERNELS);
    }

    /**
     * Where it does not, nothing is rounded unasked: two kernels more for the first convolution (windows, and the numbers behind
     * them), and for the others two copies with borders and three products in place of one.
     */
    @Test
    void shiftedProductsAreMoreKernels() throws IOException, InterruptedException {
        assertThat(step(Map.of(), "BF16", "sgd").kernels()).isEqualTo(KERNELS + 2 + 4 * (CONVOLUTIONS - 1));
    }
}
