package io.github.kib4j.bench.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.kib4j.bench.Workload;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.OptimizerOps;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The peer computes what kib4j's double-precision reference does, without dropout: losses of three steps, each an epoch. */
final class DjlTrainingTest {
    private static final int BATCH = 24;
    private static final int STEPS = 3;
    private static final long SEED = 7;
    /** Single precision against double, over three steps of SGD. */
    private static final double SGD_TOLERANCE = 2e-4;
    /** AdamW's first step has the size of the learning rate even where rounding decides about the gradient's sign. */
    private static final double ADAM_TOLERANCE = 3e-3;

    @BeforeAll
    static void prepareEngine() {
        DjlContender.prepareEngine(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"cosine-grp-div", "gaussian-grp-div", "cosine-grp", "backprop"})
    void lossesAreThoseOfTheReference(String rule) {
        for (String network : Workload.NETWORKS) {
            TrainingConfig config = smaller(new Workload(network, rule, Precision.F32));
            Dataset dataset = dataset(config);
            try (Device device = Devices.open("reference", 0).device();
                    Trainer trainer = new Trainer(device, dataset, config);
                    NDManager manager = NDManager.newBaseManager("PyTorch");
                    DjlTraining peer = new DjlTraining(manager, config, weights(trainer))) {
                NDArray images = images(manager, dataset);
                NDArray oneHot = oneHot(manager, dataset);
                double tolerance = config.local().update() instanceof OptimizerOps.Sgd ? SGD_TOLERANCE : ADAM_TOLERANCE;
                for (int step = 0; step < STEPS; step++) {
                    EpochResult expected = trainer.trainEpoch(StepListener.NONE);
                    List<Double> losses = new ArrayList<>(expected.localLosses());
                    losses.add(expected.readoutLoss());
                    List<Float> actual = peer.step(images, oneHot);
                    assertThat(actual).as("losses (seed %d)", SEED).hasSameSizeAs(losses);
                    for (int i = 0; i < losses.size(); i++) {
                        assertThat((double) actual.get(i))
                                .as("%s %s, step %d, loss %d (seed %d)", network, rule, step, i, SEED)
                                .isCloseTo(losses.get(i), within(tolerance * Math.max(1, Math.abs(losses.get(i)))));
                    }
                }
            }
        }
    }

    /** The workload's kind of network, small and without dropout, with rates that move the losses. */
    private static TrainingConfig smaller(Workload workload) {
        TrainingConfig usual = workload.config(STEPS);
        NetworkSpec network = workload.networkSpec();
        LayerSpec first = network.hidden().get(0).withDropout(Dropout.NONE).withPooling(Pooling.NONE);
        NetworkSpec small = workload.isVgg()
                ? NetworkSpec.vgg(
                        io.github.kib4j.tensor.Shape.of(3, 8, 8),
                        new int[] {64, 64},
                        java.util.Set.of(1),
                        128,
                        10,
                        first)
                : NetworkSpec.mlp(io.github.kib4j.tensor.Shape.of(1, 6, 6), List.of(64, 64), 10, first);
        return new TrainingConfig(
                small,
                usual.rule(),
                first.batchNorm() ? OptimizerSpec.adamW(5e-3, 1e-6) : OptimizerSpec.sgd(0.5, 0.95, 1e-3),
                first.batchNorm() ? OptimizerSpec.adamW(5e-3, 1e-6) : OptimizerSpec.sgd(0.05, 0.95, 1e-3),
                usual.schedule(),
                STEPS,
                BATCH,
                Precision.F32,
                SEED,
                false);
    }

    private static Dataset dataset(TrainingConfig config) {
        Random random = new Random(SEED);
        byte[] pixels =
                new byte[Math.toIntExact(BATCH * config.network().input().size())];
        random.nextBytes(pixels);
        int[] labels = random.ints(BATCH, 0, 10).toArray();
        List<String> names = List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9");
        ImageSet images = new ImageSet("random", config.network().input(), pixels, labels, names);
        List<Double> half =
                java.util.Collections.nCopies(config.network().input().extent(0), 0.5);
        return new Dataset("random", images, images.first(2), half, half, 0, false);
    }

    private static List<float[]> weights(Trainer trainer) {
        return trainer.network().parameters().stream()
                .map(parameter -> parameter.value().readFloats())
                .toList();
    }

    private static NDArray images(NDManager manager, Dataset dataset) {
        io.github.kib4j.tensor.Shape image = dataset.train().image();
        byte[] pixels = dataset.train().pixels().bytes();
        float[] values = new float[pixels.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = ((pixels[i] & 0xff) / 255f - 0.5f) / 0.5f;
        }
        return manager.create(values, new Shape(BATCH, image.extent(0), image.extent(1), image.extent(2)));
    }

    private static NDArray oneHot(NDManager manager, Dataset dataset) {
        float[] values = new float[BATCH * 10];
        for (int b = 0; b < BATCH; b++) {
            values[b * 10 + dataset.train().labels()[b]] = 1;
        }
        return manager.create(values, new Shape(BATCH, 10));
    }
}
