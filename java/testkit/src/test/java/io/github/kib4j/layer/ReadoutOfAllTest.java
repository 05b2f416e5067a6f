package io.github.kib4j.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.ReadoutRule;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.TinyRun;
import io.github.kib4j.train.LabelSpec;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A readout that reads every hidden layer: what it computes, and that backprop's gradients go by all its ways. */
final class ReadoutOfAllTest {
    private static final Shape IMAGE = Shape.of(2, 8, 8);
    private static final int IMAGES = 12;
    private static final long SEED = 20260;

    private static NetworkSpec network() {
        LayerSpec style =
                LayerSpec.linear(1).withActivation(Activation.SELU).withGrouping(new Grouping(4, 0.8, 1, 0.2));
        return NetworkSpec.vgg(IMAGE, new int[] {8, 4}, Set.of(0), 12, 4, style);
    }

    /** One step an epoch, of all images. */
    private static Trainer trainer(Device device, NetworkSpec network, boolean backprop, double rate) {
        OptimizerSpec sgd = OptimizerSpec.sgd(rate, 0, 0);
        return new Trainer(
                device,
                TinyRun.dataset(IMAGES, IMAGES),
                new TrainingConfig(
                                network,
                                backprop ? new BackpropRule() : new ReadoutRule(),
                                sgd,
                                sgd,
                                new Schedule.Constant(),
                                100_000,
                                IMAGES,
                                Precision.F32,
                                7,
                                false)
                        .withLabels(new LabelSpec(0.1, 0)));
    }

    private static double loss(Trainer trainer) {
        return Objects.requireNonNull(trainer.trainEpoch(StepListener.NONE)).readoutLoss();
    }

    private static List<double[]> values(Trainer trainer) {
        return trainer.network().parameters().stream()
                .map(parameter -> parameter.value().readDoubles())
                .toList();
    }

    /** The gradient is what a step of rate 1 takes away; central differences of the loss, of some weights of each parameter. */
    @Test
    void gradientsAreTheDifferencesOfTheLoss() {
        Random random = new Random(SEED);
        NetworkSpec network = network().withReadout(new ReadoutSpec(16));
        try (Device device = Devices.open("reference", 0).device();
                Trainer still = trainer(device, network, true, 0);
                Trainer moved = trainer(device, network, true, 1)) {
            List<double[]> before = values(moved);
            loss(moved);
            List<double[]> after = values(moved);
            List<Parameter> parameters = still.network().parameters();
            for (int i = 0; i < parameters.size(); i++) {
                for (int j = 0; j < 4; j++) {
                    int k = random.nextInt(before.get(i).length);
                    double gradient = before.get(i)[k] - after.get(i)[k];
                    double step = 1e-5;
                    double[] numbers = before.get(i).clone();
                    numbers[k] += step;
                    parameters.get(i).value().write(numbers);
                    double above = loss(still);
                    numbers[k] -= 2 * step;
                    parameters.get(i).value().write(numbers);
                    double below = loss(still);
                    parameters.get(i).value().write(before.get(i));
                    assertThat(gradient)
                            .as(parameters.get(i).name() + " at " + k + ", seed " + SEED)
                            .isCloseTo((above - below) / (2 * step), within(1e-7));
                }
            }
        }
    }

    /** With zeros for the other layers' matrices it says what a readout of the last layer says; and with theirs something else. */
    @Test
    void logitsAreSums() {
        try (Device device = Devices.open("reference", 0).device();
                Trainer last = trainer(device, network(), false, 0);
                Trainer all = trainer(device, network().withReadout(new ReadoutSpec(16)), false, 0)) {
            List<Parameter> ofLast = last.network().readout().parameters();
            List<Parameter> ofAll = all.network().readout().parameters();
            assertThat(ofAll)
                    .extracting(parameter -> parameter.stored().toString())
                    .containsExactly("4 x 16", "4 x 16", "4 x 12", "4");
            ofAll.get(2).value().write(ofLast.get(0).value().readDoubles());
            ofAll.get(3).value().write(ofLast.get(1).value().readDoubles());
            assertThat(all.evaluate().loss()).isNotCloseTo(last.evaluate().loss(), within(1e-3));
            for (int i = 0; i < 2; i++) {
                ofAll.get(i).value().write(new double[64]);
            }
            assertThat(all.evaluate().loss()).isCloseTo(last.evaluate().loss(), within(1e-12));
        }
    }

    @Test
    void fewerFeaturesThanChannelsAreRefused() {
        assertThatThrownBy(() -> network().withReadout(new ReadoutSpec(7)))
                .isInstanceOf(RefusedException.class)
                .hasMessage("A readout of 7 features cannot read 8 channels; give it at least one feature for each.");
    }
}
