package io.github.kib4j.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.metric.Metrics;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.ParallelBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.norm.Dropout;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.ParameterStore;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Optimizer;
import ai.djl.training.tracker.Tracker;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.dependence.Measure;
import io.github.kib4j.dependence.Variable;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Pooling;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.train.StepListener;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** DJL with PyTorch: arrays, a listener, models that learn locally. */
final class DjlTest {
    private static final int SAMPLES = 40;
    private static final int EPOCHS = 100;

    private final Device device = Devices.open("reference", 1).device();
    private final NDManager manager = NDManager.newBaseManager();

    @AfterEach
    void close() {
        manager.close();
        device.close();
    }

    private static float[][] numbers(int width, long seed) {
        Random random = new Random(seed);
        float[][] numbers = new float[SAMPLES][width];
        for (float[] row : numbers) {
            for (int k = 0; k < width; k++) {
                row[k] = (float) random.nextGaussian();
            }
        }
        return numbers;
    }

    @Test
    void arraysAreMeasuredAsTheyLie() {
        float[][] x = numbers(6, 1);
        float[][] y = numbers(3, 2);
        Kernel kernel = Kernel.gaussian(2);
        double wanted = Measure.HSIC.of(device, Variable.of(x, kernel), Variable.of(y, Kernel.LINEAR));
        ArrayDependence hsic = new ArrayDependence(device, Measure.HSIC, kernel, Kernel.LINEAR);
        NDArray plain = manager.create(x);
        NDArray other = manager.create(y);
        assertThat(hsic.of(plain, other)).isEqualTo(wanted);
        NDArray columns = plain.transpose().duplicate().transpose();
        assertThat(hsic.of(columns, other)).as("columns one behind the other").isEqualTo(wanted);
        assertThat(hsic.of(plain.reshape(SAMPLES, 2, 3), other)).isEqualTo(wanted);
        assertThat(hsic.of(plain.toType(DataType.FLOAT64, true), other)).isEqualTo(wanted);
        NDArray wide = manager.create(numbers(10, 3));
        wide.set(new ai.djl.ndarray.index.NDIndex(":, 2:8"), plain);
        assertThat(hsic.of(wide.get(":, 2:8"), other)).as("a part of an array").isEqualTo(wanted);
        assertThatThrownBy(() -> hsic.of(manager.create(1f), other))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("n x D");
    }

    @Test
    void aGradientIsLikeItsArray() {
        float[][] x = numbers(6, 1);
        NDArray y = manager.create(numbers(3, 2));
        ArrayDependence cka = new ArrayDependence(device, Measure.CKA, Kernel.gaussian(2), Kernel.LINEAR);
        NDArray at = manager.create(x).reshape(SAMPLES, 2, 3);
        NDArray gradient = cka.gradient(at, y);
        assertThat(gradient.getShape()).isEqualTo(at.getShape());
        float step = 1e-2f;
        for (int k = 0; k < 6; k++) {
            float before = x[7][k];
            x[7][k] = before + step;
            double above = cka.of(manager.create(x), y);
            x[7][k] = before - step;
            double below = cka.of(manager.create(x), y);
            x[7][k] = before;
            assertThat(gradient.getFloat(7, k / 3, k % 3))
                    .isCloseTo((float) ((above - below) / (2 * step)), within(2e-5f));
        }
    }

    @Test
    void layersAreListenedToWhileDjlTrains() {
        Engine.getInstance().setRandomSeed(1);
        Dataset rings = LocalMlp.rings();
        NDArray points = points(rings.train());
        int[] labels = rings.train().labels();
        DependenceListener listener = new DependenceListener(device, points, labels);
        try (Model model = LocalMlp.model();
                ai.djl.training.Trainer trainer =
                        model.newTrainer(new DefaultTrainingConfig(Loss.softmaxCrossEntropyLoss())
                                .optOptimizer(Optimizer.adam()
                                        .optLearningRateTracker(Tracker.fixed(0.01f))
                                        .build())
                                .addTrainingListeners(listener))) {
            trainer.setMetrics(new Metrics());
            trainer.initialize(new Shape(1, 2));
            NDArray wanted = manager.create(labels);
            for (int epoch = 0; epoch < EPOCHS; epoch++) {
                try (GradientCollector collector = trainer.newGradientCollector()) {
                    NDArray loss = trainer.getLoss().evaluate(new NDList(wanted), trainer.forward(new NDList(points)));
                    collector.backward(loss);
                }
                trainer.step();
                trainer.notifyListeners(one -> one.onEpoch(trainer));
            }
            assertThat(listener.epochs())
                    .hasSize(EPOCHS)
                    .allSatisfy(layers -> assertThat(layers).hasSize(5));
            DependenceListener.LayerDependence before = listener.epochs().get(0).get(4);
            DependenceListener.LayerDependence after =
                    listener.epochs().get(EPOCHS - 1).get(4);
            assertThat(after.cka()).isGreaterThan(before.cka() + 0.1).isLessThan(1);
            assertThat(after.hsic()).isGreaterThan(before.hsic());
            assertThat(trainer.getMetrics().getMetric("cka_" + after.layer())).hasSize(EPOCHS);
        }
        assertThatThrownBy(() -> new DependenceListener(device, points, 1, 2))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("2 labels");
    }

    private NDArray points(ImageSet set) {
        int width = Math.toIntExact(set.image().size());
        float[] numbers = new float[set.count() * width];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = (float) set.pixels().value(i);
        }
        return manager.create(numbers, new Shape(set.count(), width));
    }

    @Test
    void aModelLearnsLocallyAndKeepsWhatItLearned() {
        try (Model model = LocalMlp.model()) {
            double accuracy = LocalMlp.train(model);
            assertThat(accuracy).isGreaterThan(95);
            Dataset rings = LocalMlp.rings();
            NDArray x = points(rings.test());
            x = x.sub(manager.create(floats(rings.mean()))).div(manager.create(floats(rings.deviation())));
            NDArray classes = logits(model.getBlock(), x).argMax(1).toType(DataType.INT32, false);
            int right = 0;
            int[] answers = classes.toIntArray();
            for (int i = 0; i < answers.length; i++) {
                right += answers[i] == rings.test().labels()[i] ? 1 : 0;
            }
            assertThat(100.0 * right / answers.length).isCloseTo(accuracy, within(1.01));
        }
    }

    private static float[] floats(List<Double> numbers) {
        float[] floats = new float[numbers.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = numbers.get(i).floatValue();
        }
        return floats;
    }

    private NDArray logits(Block block, NDArray x) {
        return block.forward(new ParameterStore(manager, false), new NDList(x), false)
                .singletonOrThrow();
    }

    private static SequentialBlock convolutions() {
        return new SequentialBlock()
                .add(new SequentialBlock()
                        .add(Conv2d.builder()
                                .setFilters(4)
                                .setKernelShape(new Shape(3, 3))
                                .optPadding(new Shape(1, 1))
                                .build())
                        .add(BatchNorm.builder().build())
                        .add(Activation.seluBlock())
                        .add(Pool.maxPool2dBlock(new Shape(2, 2), new Shape(2, 2))))
                .add(Conv2d.builder()
                        .setFilters(6)
                        .setKernelShape(new Shape(5, 5))
                        .optPadding(new Shape(2, 2))
                        .optBias(false)
                        .build())
                .add(Activation.leakyReluBlock(0.01f))
                .add(Pool.avgPool2dBlock(new Shape(2, 2), new Shape(2, 2)))
                .add(Blocks.batchFlattenBlock())
                .add(Linear.builder().setUnits(3).build());
    }

    @Test
    void aConvolutionalModelComputesTheSameInBoth() {
        Block block = convolutions();
        block.initialize(manager, DataType.FLOAT32, new Shape(1, 2, 8, 8));
        LocalLearning learning = LocalLearning.of(block, new Shape(2, 8, 8), null);
        LayerSpec second = learning.network().hidden().get(1);
        assertThat(second.kernelSize()).isEqualTo(5);
        assertThat(second.bias()).isFalse();
        assertThat(second.pooling()).isEqualTo(Pooling.AVERAGE);
        float[][] images = numbers(128, 5);
        int[] labels = new int[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            labels[i] = i % 3;
        }
        float[] flat = new float[SAMPLES * 128];
        for (int i = 0; i < SAMPLES; i++) {
            System.arraycopy(images[i], 0, flat, i * 128, 128);
        }
        ImageSet set = ImageSet.of(
                "noise",
                io.github.kib4j.tensor.Shape.of(2, 8, 8),
                java.nio.FloatBuffer.wrap(flat),
                labels,
                List.of("a", "b", "c"));
        Dataset dataset = new Dataset("noise", set, set, List.of(0.0, 0.0), List.of(1.0, 1.0), 0, false);
        OptimizerSpec sgd = OptimizerSpec.sgd(0.01, 0.9, 0);
        TrainingConfig config = new TrainingConfig(
                learning.network(),
                new BackpropRule(),
                sgd,
                sgd,
                new Schedule.Constant(),
                2,
                10,
                Precision.F32,
                1,
                false);
        NDArray x = manager.create(flat, new Shape(SAMPLES, 2, 8, 8));
        try (Trainer trainer = new Trainer(device, dataset, config)) {
            learning.copyTo(trainer);
            assertSame(trainer, block, x);
            while (!trainer.isFinished()) {
                trainer.trainEpoch(StepListener.NONE);
            }
            learning.copyFrom(trainer);
            assertSame(trainer, block, x);
        }
    }

    private void assertSame(Trainer trainer, Block block, NDArray x) {
        List<Float> own = new ArrayList<>();
        trainer.predict((first, labels, logits) -> {
            for (float logit : logits) {
                own.add(logit);
            }
        });
        float[] theirs = logits(block, x).toFloatArray();
        assertThat(own).hasSize(theirs.length);
        for (int i = 0; i < theirs.length; i++) {
            assertThat(own.get(i)).isCloseTo(theirs[i], within(1e-4f));
        }
    }

    @Test
    void whatHasNoCounterpartIsSaid() {
        Linear linear = Linear.builder().setUnits(4).build();
        refused(new SequentialBlock().add(linear), "it needs a hidden one");
        refused(mlp(Activation.tanhBlock()), "is none of identity, ReLU");
        refused(mlp(Activation.leakyReluBlock(0.2f)), "is none of identity, ReLU");
        refused(mlp(Dropout.builder().optRate(0.1f).build()), "whose rate cannot be read");
        refused(mlp(new ParallelBlock(list -> list.get(0)).add(Blocks.identityBlock())), "is a ParallelBlock");
        SequentialBlock twice =
                mlp(new SequentialBlock().add(Activation.reluBlock()).add(Activation.seluBlock()));
        refused(twice, "behind another one");
        refused(
                mlp(new SequentialBlock()
                        .add(Activation.reluBlock())
                        .add(BatchNorm.builder().build())),
                "must come right behind");
        refused(
                new SequentialBlock()
                        .add(Conv2d.builder()
                                .setFilters(4)
                                .setKernelShape(new Shape(3, 3))
                                .build())
                        .add(Blocks.batchFlattenBlock())
                        .add(Linear.builder().setUnits(2).build()),
                "the padding that keeps the size",
                new Shape(1, 1, 8, 8));
        Block raw = LocalMlp.block();
        assertThatThrownBy(() -> LocalLearning.of(raw, new Shape(2), null))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining("initialize the model before");
    }

    private static SequentialBlock mlp(Block middle) {
        return new SequentialBlock()
                .add(Linear.builder().setUnits(4).build())
                .add(middle)
                .add(Linear.builder().setUnits(2).build());
    }

    private void refused(Block block, String sentence) {
        refused(block, sentence, new Shape(1, 2));
    }

    private void refused(Block block, String sentence, Shape input) {
        block.initialize(manager, DataType.FLOAT32, input);
        assertThatThrownBy(() -> LocalLearning.of(block, input.slice(1), null))
                .isInstanceOf(RefusedException.class)
                .hasMessageContaining(sentence)
                .hasMessageEndingWith(".");
    }

    @Test
    void theEngineIsPyTorch() {
        assertThat(Engine.getInstance().getEngineName()).isEqualTo("PyTorch");
    }
}
