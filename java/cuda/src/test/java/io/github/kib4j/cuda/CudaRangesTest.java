package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Work;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.TinyRun;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a profiler is told of a program's runs. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaRangesTest {
    private static final List<String> STEP = List.of(
            "data",
            "layer 1 forward",
            "layer 1 objective",
            "layer 1 gradient",
            "layer 1 optimizer",
            "layer 2 forward",
            "layer 2 objective",
            "layer 2 gradient",
            "layer 2 optimizer",
            "readout forward",
            "readout objective",
            "readout optimizer",
            "data");

    /** The ranges of each of three training steps of a network of two hidden layers. */
    private static List<List<String>> steps(Map<String, String> settings) {
        Shape image = Shape.of(1, 2, 2);
        LayerSpec style = LayerSpec.linear(1).withGrouping(new Grouping(2, 0.8, 1, 0.2));
        TrainingConfig config =
                TinyRun.config(TinyRun.phsic(), NetworkSpec.mlp(image, List.of(8, 6), 4, style), 1, 4, 0.01);
        List<List<String>> steps = new ArrayList<>();
        try (Device device = Devices.open("cuda", 0, settings).device();
                Trainer trainer = new Trainer(device, TinyRun.dataset(image, 12, 4), config)) {
            String program = "program of " + trainer.plan(4).steps().size() + " steps";
            trainer.trainEpoch((epoch, step, count) -> {
                List<List<String>> programs = programs(Emulator.takeRanges(), program);
                if (!settings.isEmpty()) {
                    steps.add(programs.get(programs.size() - 1));
                } else {
                    assertThat(programs).isEmpty();
                }
                return true;
            });
        }
        Emulator.takeRanges();
        return steps;
    }

    /** The ranges inside each one of a name; every one ends, and the inner ones before the outer. */
    private static List<List<String>> programs(List<String> told, String program) {
        List<List<String>> programs = new ArrayList<>();
        List<String> open = new ArrayList<>();
        for (String name : told) {
            if (name.isEmpty()) {
                assertThat(open).as("ranges that are open where one ends").isNotEmpty();
                open.remove(open.size() - 1);
                continue;
            }
            if (name.equals(program)) {
                programs.add(new ArrayList<>());
            } else if (open.contains(program)) {
                programs.get(programs.size() - 1).add(name);
            }
            open.add(name);
            assertThat(open).hasSizeLessThanOrEqualTo(2);
        }
        assertThat(open).as("ranges that do not end").isEmpty();
        return programs;
    }

    @Test
    void eachStepThatIsQueuedHasItsLayersAndPhases() {
        assertThat(steps(Map.of("ranges", "on", "graph", "off"))).containsExactly(STEP, STEP, STEP);
    }

    /** The first is queued, the second captured. */
    @Test
    void aGraphThatIsLaunchedAgainIsOneRange() {
        assertThat(steps(Map.of("ranges", "on"))).containsExactly(STEP, STEP, List.of());
    }

    @Test
    void nobodyIsToldAnythingUnasked() {
        assertThat(steps(Map.of())).isEmpty();
    }

    @Test
    void rangesEndWhereAStepFails() {
        try (Device device = Devices.open("cuda", 0, Map.of("ranges", "on")).device();
                Scope scope = device.newScope("test")) {
            Operation failing = new Operation("fails", List.of(), List.of(), Work.of(() -> {
                throw new IllegalStateException("planted");
            }));
            var program = device.compile(device.newWorkspace(scope), List.of(Step.main(Phase.FORWARD, failing)));
            Emulator.takeRanges();
            assertThatThrownBy(program::run).hasMessage("planted");
            assertThat(Emulator.takeRanges()).containsExactly("program of 1 steps", "forward", "", "");
        }
        Emulator.takeRanges();
    }

    @Test
    void theEnvironmentAsksForThem() {
        assertThat(CudaOptions.of(Map.of(), null).ranges()).isFalse();
        assertThat(CudaOptions.of(Map.of(), "0").ranges()).isFalse();
        CudaOptions asked = CudaOptions.of(Map.of(), "1");
        assertThat(asked.ranges()).isTrue();
        assertThat(asked.graph()).isTrue();
        CudaOptions layers = CudaOptions.of(Map.of(), "layers");
        assertThat(layers.ranges()).isTrue();
        assertThat(layers.graph()).isFalse();
        assertThat(CudaOptions.of(Map.of("graph", "on"), "layers").graph()).isTrue();
        assertThatThrownBy(() -> CudaOptions.of(Map.of(), "yes"))
                .isInstanceOf(RefusedException.class)
                .hasMessage("KIB_NVTX is '1' (ranges for NVIDIA's profilers) or 'layers' (and no graphs), not 'yes';"
                        + " set it so, or unset it.");
    }
}
