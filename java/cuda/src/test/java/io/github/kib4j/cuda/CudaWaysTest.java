package io.github.kib4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Precision;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.TinyRun;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** However a program runs, what it computes has the same bits. */
@ExtendWith({EmulatedDevice.class, WithKernels.class})
final class CudaWaysTest {
    private static final Shape IMAGE = Shape.of(2, 8, 8);
    private static final int BATCH = 8;
    /** Four steps of an epoch: one by one, captured, and launched again; the last one short. */
    private static final int IMAGES = 3 * BATCH + 4;

    private static TrainingConfig config(Rule rule, Precision precision) {
        LayerSpec style = LayerSpec.linear(1)
                .withActivation(Activation.LEAKY_RELU)
                .withBatchNorm(true)
                .withGrouping(new Grouping(4, 0.8, 1, 0.2))
                .withDropout(new Dropout(0.1, false));
        NetworkSpec network = NetworkSpec.vgg(IMAGE, new int[] {8, 8}, Set.of(0), 16, 4, style);
        TrainingConfig base = TinyRun.config(rule, network, 1, BATCH, 0.01);
        return new TrainingConfig(
                network, rule, base.local(), base.readout(), base.schedule(), 1, BATCH, precision, 7, true);
    }

    /** Returns all numbers that a training leaves: losses and weights. */
    private static List<Object> train(Map<String, String> settings, TrainingConfig config) {
        try (Device device = Devices.open("cuda", 0, settings).device();
                Trainer trainer = new Trainer(device, TinyRun.dataset(IMAGE, IMAGES, BATCH), config)) {
            trainer.trainEpoch(StepListener.NONE);
            List<Object> numbers = new ArrayList<>(trainer.lastEpoch().localLosses());
            numbers.add(trainer.lastEpoch().readoutLoss());
            trainer.network()
                    .parameters()
                    .forEach(parameter -> numbers.add(floats(parameter.value().readFloats())));
            return numbers;
        }
    }

    private static List<Integer> floats(float[] numbers) {
        List<Integer> bits = new ArrayList<>();
        for (float number : numbers) {
            bits.add(Float.floatToRawIntBits(number));
        }
        return bits;
    }

    @ParameterizedTest
    @CsvSource({"F32, graph", "F32, lanes", "F32, arena", "BF16, graph", "BF16, lanes", "BF16, arena"})
    void graphsLanesAndArenasChangeNoBit(Precision precision, String setting) {
        for (Rule rule : List.of(TinyRun.phsic(), new BackpropRule())) {
            TrainingConfig config = config(rule, precision);
            assertThat(train(Map.of(setting, "off"), config))
                    .as(rule + " without " + setting)
                    .isEqualTo(train(Map.of(), config));
        }
    }

    /** Streams run as late as they may, in an order that only what the plan waits for constrains. */
    @ParameterizedTest
    @EnumSource(Precision.class)
    void noOrderOfStreamsChangesABit(Precision precision) {
        TrainingConfig config = config(TinyRun.phsic(), precision);
        List<Object> first = train(Map.of(), config);
        for (int seed = 2; seed <= 20; seed++) {
            Emulator.reset(seed);
            assertThat(train(Map.of(), config)).as("seed " + seed).isEqualTo(first);
        }
    }

    /** Nothing is allocated by a step that has run before, and nothing stays that is not counted. */
    @Test
    void twoThousandStepsHoldWhatTenDo() {
        Shape image = Shape.of(1, 2, 2);
        NetworkSpec network =
                NetworkSpec.mlp(image, List.of(8), 4, LayerSpec.linear(1).withGrouping(new Grouping(2, 0.8, 1, 0.2)));
        TrainingConfig config = TinyRun.config(TinyRun.phsic(), network, 100, 4, 0.001);
        List<Long> counted = new ArrayList<>();
        List<Long> emulated = new ArrayList<>();
        try (Device device = Devices.open("cuda", 0).device();
                Trainer trainer = new Trainer(device, TinyRun.dataset(image, 80, 4), config)) {
            while (!trainer.isFinished()) {
                trainer.trainEpoch((epoch, step, steps) -> {
                    if ((epoch - 1) * steps + step == 10 || (epoch - 1) * steps + step == 2000) {
                        counted.add(device.liveBytes());
                        emulated.add(Emulator.usedBytes());
                    }
                    return true;
                });
            }
        }
        assertThat(counted).hasSize(2);
        assertThat(counted.get(1)).isEqualTo(counted.get(0));
        assertThat(emulated.get(1)).isEqualTo(emulated.get(0));
    }
}
