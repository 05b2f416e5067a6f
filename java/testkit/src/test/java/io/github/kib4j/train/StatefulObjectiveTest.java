package io.github.kib4j.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.files.Safetensors;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.Objective;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Meter;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.op.Work;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.testkit.TinyRun;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An objective of somebody's own that learns a number and counts its steps: both are its own, and go on from a checkpoint. */
final class StatefulObjectiveTest {
    private static final LocalObjective PHSIC =
            LocalObjective.of(new ObjectiveOps.Spec(Estimator.PHSIC, Kernel.COSINE, true, 2));

    @TempDir
    private Path folder;

    /** pHSIC, beside which it learns a bias that one batch after the other pulls at, and counts. */
    private record Counting(Objective phsic, Parameter bias, Tensor count) implements Objective {
        static Counting of(Objective.Place place) {
            return new Counting(
                    PHSIC.bind(place),
                    Parameter.vector(place.scope(), "heads." + place.layer() + ".bias", Shape.of(1)),
                    place.scope().allocate(DataType.F64, Shape.of(1)));
        }

        @Override
        public List<Parameter> parameters() {
            return List.of(bias);
        }

        @Override
        public Map<String, Tensor> kept() {
            return Map.of(bias.name().replace("bias", "count"), count);
        }

        @Override
        public Planned plan(
                Workspace workspace,
                Gradients gradients,
                Tensor code,
                Teaching teaching,
                Exchange exchange,
                @Nullable Meter meter) {
            Planned planned = phsic.plan(workspace, gradients, code, teaching, exchange, meter);
            Tensor gradient = gradients.of(bias);
            List<Operation> operations = new ArrayList<>(planned.operations());
            operations.add(new Operation("count", List.of(count), List.of(count, gradient), Work.of(() -> {
                double counted = count.readDoubles()[0] + 1;
                count.write(new double[] {counted});
                gradient.write(new double[] {1 / counted});
            })));
            return new Planned(operations, planned.du());
        }
    }

    private static TrainingConfig config() {
        LocalRule phsic = (LocalRule) TinyRun.phsic();
        return TinyRun.config(new LocalRule("counting", Counting::of, phsic.teaching()), 3, 16, 0.01);
    }

    private static Trainer trainer(Device device) {
        return new Trainer(device, TinyRun.dataset(64, 8), config());
    }

    private Map<String, Safetensors.Array> saved(Trainer trainer, String name) throws IOException {
        Path checkpoints = folder.resolve(name);
        trainer.save(checkpoints);
        assertThat(Checkpoint.exists(checkpoints)).isTrue();
        return Safetensors.read(checkpoints.resolve("step-" + trainer.step()).resolve("optimizer.safetensors"));
    }

    @Test
    void whatAnObjectiveKeepsGoesOnFromACheckpoint() throws IOException {
        try (Device device = Devices.open("reference", 1).device();
                Trainer alone = trainer(device);
                Trainer first = trainer(device);
                Trainer second = trainer(device)) {
            while (!alone.isFinished()) {
                alone.trainEpoch(StepListener.NONE);
            }
            first.trainEpoch((epoch, step, steps) -> step < 3);
            Map<String, Safetensors.Array> halfway = saved(first, "halfway");
            assertThat(halfway).containsKeys("rule.heads.0.bias", "rule.heads.1.count", "local.heads.1.bias.first");
            assertThat(halfway.get("rule.heads.1.count").data().getDouble(0)).isEqualTo(3);
            assertThat(second.restore(folder.resolve("halfway"))).isEmpty();
            while (!second.isFinished()) {
                second.trainEpoch(StepListener.NONE);
            }
            Map<String, Safetensors.Array> expected = saved(alone, "alone");
            Map<String, Safetensors.Array> actual = saved(second, "resumed");
            assertThat(expected.get("rule.heads.0.count").data().getDouble(0)).isEqualTo(12);
            assertThat(expected.get("rule.heads.0.bias").data().getDouble(0))
                    .as("it learns")
                    .isNegative();
            assertThat(actual.keySet()).isEqualTo(expected.keySet());
            expected.forEach((name, array) ->
                    assertThat(actual.get(name).data()).as(name).isEqualTo(array.data()));
        }
    }
}
