package io.github.kib4j;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.objective.TrainingSet;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Teaching;
import io.github.kib4j.optimizer.Optimizer;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.train.ClassWeights;
import io.github.kib4j.train.LabelSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleConsumer;
import java.util.function.IntToDoubleFunction;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Numbers with which a training could only end as a loss that is not finite are refused by the record that holds them. */
final class RefusedNumbersTest {
    private static final double INFINITE = Double.POSITIVE_INFINITY;

    /** A setting, and its limits: what it takes, and what it refuses besides NaN and infinities. */
    private record Setting(String name, DoubleConsumer make, List<Double> takes, List<Double> refuses) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Setting> settings() {
        List<Double> one = List.of(1.0);
        return Stream.of(
                new Setting("smoothing", v -> new LabelSpec(v, 0), List.of(0.0, 0.99), List.of(-0.1, 1.0)),
                new Setting(
                        "weight of a class",
                        v -> ClassWeights.of(List.of(v)),
                        List.of(1e-3, 1e6),
                        List.of(0.0, -1.0, 1e39)),
                new Setting("mixup", v -> new LabelSpec(0, v), List.of(0.0, 1e-6, 1e6), List.of(-0.1, 1e-7, 2e6)),
                new Setting(
                        "augmentation mean",
                        v -> new BatchOps.Spec(0, BatchOps.Mirror.NEVER, List.of(v), one, 0),
                        List.of(-3.0, 0.0),
                        List.of()),
                new Setting(
                        "augmentation deviation",
                        v -> new BatchOps.Spec(0, BatchOps.Mirror.NEVER, one, List.of(v), 0),
                        List.of(1e-3),
                        List.of(0.0, -1.0)),
                new Setting(
                        "gamma",
                        v -> new ObjectiveOps.Spec(Estimator.HSIC, Kernel.COSINE, true, v),
                        List.of(0.0, 2.0, -1.0),
                        List.of()),
                new Setting("sigma", Kernel::gaussian, List.of(1e-6, 1e6), List.of(0.0, -5.0, 1e-170, 1e170)),
                new Setting("momentum", v -> OptimizerSpec.sgd(1, v, 0), List.of(0.0, 0.99), List.of(-0.1, 1.0)),
                new Setting("decay", v -> OptimizerSpec.sgd(1, 0, v), List.of(0.0, 2.0), List.of(-1e-9)),
                new Setting("decay of Adam", v -> OptimizerSpec.adam(1, v), List.of(0.0), List.of(-1e-9)),
                new Setting(
                        "beta 1", v -> new OptimizerOps.Adam(v, 0.9, 1e-8, 0, true), List.of(0.0), List.of(-0.1, 1.0)),
                new Setting(
                        "beta 2", v -> new OptimizerOps.Adam(0.9, v, 1e-8, 0, true), List.of(0.0), List.of(-0.1, 1.0)),
                new Setting(
                        "epsilon", v -> new OptimizerOps.Adam(0.9, 0.9, v, 0, true), List.of(1e-8), List.of(0.0, -1.0)),
                new Setting("rate", v -> OptimizerSpec.adamW(v, 0), List.of(0.0, 10.0), List.of(-1.0)),
                new Setting("factor", v -> new Schedule.MultiStep(List.of(1), v), List.of(0.0, 2.0), List.of(-0.5)),
                new Setting("rise", Schedule.OneCycle::new, List.of(0.3), List.of(0.0, 1.0)),
                new Setting(
                        "warm-up", v -> new Schedule.WarmUp(v, new Schedule.Constant()), List.of(0.5), List.of(0.0)),
                new Setting("dropout", v -> new Dropout(v, false), List.of(0.0, 0.9), List.of(-0.1, 1.0)),
                new Setting("power", v -> new Grouping(2, v, 1, 0), List.of(0.5), List.of(0.0, -1.0)),
                new Setting("delta", v -> new Grouping(2, 1, v, 0), List.of(0.0), List.of(-1.0)),
                new Setting("divisive power", v -> new Grouping(2, 1, 1, v), List.of(0.0), List.of(-1.0)));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void whatIsNoUsableNumberIsRefused(Setting setting) {
        setting.takes()
                .forEach(good -> assertThatCode(() -> setting.make().accept(good))
                        .as(setting + " " + good)
                        .doesNotThrowAnyException());
        List<Double> bad = new ArrayList<>(List.of(Double.NaN, INFINITE, -INFINITE));
        bad.addAll(setting.refuses());
        for (double value : bad) {
            assertThatThrownBy(() -> setting.make().accept(value))
                    .as(setting + " " + value)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(value))
                    .hasMessageEndingWith(".")
                    .message()
                    .doesNotContain("--");
        }
    }

    @Test
    void countsAreRefusedToo() {
        assertThatThrownBy(() -> new BatchOps.Spec(-1, BatchOps.Mirror.NEVER, List.of(0.5), List.of(0.5), 0))
                .hasMessageContaining("but is -1");
        try (Device device = Devices.open("reference", 1).device();
                Scope scope = device.newScope("test")) {
            Tensor labels = scope.allocate(DataType.I32, Shape.of(2));
            assertThatThrownBy(() -> new Teaching.Classes(labels, 1, Kernel.COSINE, true))
                    .hasMessageContaining("from 2 classes on, but there are 1");
        }
    }

    @Test
    void aScheduleOfOnesOwnMustGiveNumbers() {
        try (Device device = Devices.open("reference", 1).device();
                Scope scope = device.newScope("test")) {
            Optimizer optimizer = new Optimizer(device, scope, OptimizerSpec.adam(1, 0), Clock.allocate(scope), 1);
            assertThatCode(() -> optimizer.setFactors(0)).doesNotThrowAnyException();
            assertThatThrownBy(() -> optimizer.setFactors(Double.NaN))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("must be finite, but is NaN");
        }
    }

    @Test
    void targetsAndSimilaritiesThatAreNoNumbersAreNamed() {
        try (Device device = Devices.open("reference", 1).device();
                Scope scope = device.newScope("test")) {
            assertThatCode(() -> targets(scope, device, i -> 1)).doesNotThrowAnyException();
            assertThatThrownBy(() -> targets(scope, device, i -> i == 7 ? Double.NaN : 1))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("The target of sample 7 must be of finite numbers, but has NaN.");
            TeachingSignal similarity = TeachingSignals.similarity((i, j) -> i + j == 9 ? INFINITE : 1);
            TeachingSignal.Resident resident = similarity.reside(device, scope, TrainingSet.sized(10, 2));
            assertThatCode(() -> resident.startEpoch(new int[] {4, 3, 6, 5})).doesNotThrowAnyException();
            assertThatThrownBy(() -> resident.startEpoch(new int[] {3, 7, 4, 5}))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("The similarity of samples 4 and 5 must be finite, but is Infinity.");
        }
    }

    private static void targets(Scope scope, Device device, IntToDoubleFunction number) {
        TeachingSignals.targets(1, i -> new double[] {number.applyAsDouble(i)}, Kernel.LINEAR, false)
                .reside(device, scope, TrainingSet.sized(8, 2))
                .startEpoch(new int[] {0, 1, 2, 3, 4, 5, 6, 7});
    }
}
