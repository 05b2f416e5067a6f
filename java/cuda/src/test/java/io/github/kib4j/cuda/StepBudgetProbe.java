package io.github.kib4j.cuda;

import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.testkit.TinyRun;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.Map;
import java.util.Set;

/**
 * Begins a training of the paper's VGG under pHSIC, in a process of its own, since its memory is large, and prints what the second step
 * puts into a graph, and what the third asks of the host. Their work is dropped, and never run.
 */
final class StepBudgetProbe {
    private static final Shape IMAGE = Shape.of(3, 32, 32);
    private static final int BATCH = 128;

    private StepBudgetProbe() {}

    /** Ends the training. */
    private static final class Counted extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    /** The arguments: precision; {@code sgd} (SELU) or {@code adamw} (leaky ReLU, batch normalization), as the presets have them. */
    public static void main(String[] arguments) {
        Emulator.load();
        Emulator.reset(EmulatedDevice.SEED);
        try (Device device = Devices.open("cuda", 0).device();
                Trainer trainer = new Trainer(
                        device,
                        TinyRun.dataset(IMAGE, 4 * BATCH, 4),
                        config(Precision.valueOf(arguments[0]), arguments[1].equals("adamw")))) {
            trainer.trainEpoch((epoch, step, count) -> {
                Emulator.Counts counts = Emulator.takeCounts();
                if (step == 2) {
                    print("captured", counts.work());
                }
                if (step == 3) {
                    print("called", counts.calls());
                    print("queued", counts.work());
                    Emulator.reset(EmulatedDevice.SEED);
                    throw new Counted();
                }
                return true;
            });
        } catch (Counted e) {
            Emulator.takeFindings().forEach(System.out::println);
        }
    }

    private static void print(String what, Map<String, Integer> counts) {
        counts.forEach((name, count) -> System.out.println(what + "\t" + name + "\t" + count));
    }

    private static TrainingConfig config(Precision precision, boolean adam) {
        LayerSpec style = LayerSpec.linear(1)
                .withActivation(adam ? Activation.LEAKY_RELU : Activation.SELU)
                .withBatchNorm(adam)
                .withGrouping(new Grouping(64, 0.8, 1, 0.2))
                .withDropout(new Dropout(0.05, !adam));
        NetworkSpec network =
                NetworkSpec.vgg(IMAGE, new int[] {128, 256, 256, 512, 512, 512}, Set.of(1, 3, 4, 5), 1024, 4, style);
        TrainingConfig base = TinyRun.config(TinyRun.phsic(), network, 1, BATCH, 0.01);
        OptimizerSpec optimizer = adam ? base.local() : OptimizerSpec.sgd(0.5, 0.95, 1e-7);
        return new TrainingConfig(
                network, base.rule(), optimizer, optimizer, base.schedule(), 1, BATCH, precision, 7, true);
    }
}
