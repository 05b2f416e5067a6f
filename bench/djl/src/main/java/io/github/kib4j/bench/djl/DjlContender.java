package io.github.kib4j.bench.djl;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.kib4j.bench.Workload;
import io.github.kib4j.bench.training.Contender;
import io.github.kib4j.bench.training.Session;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.op.Precision;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.BooleanSupplier;

/** DJL with PyTorch. Its batch is ready beforehand, so it pays nothing for its data; phases it cannot tell apart. */
public final class DjlContender implements Contender {
    @Override
    public String name() {
        return "djl";
    }

    @Override
    public Session open(Workload workload, int threads, int images) {
        if (workload.precision() != Precision.F32) {
            throw new UnsupportedOperationException("DJL " + Engine.getDjlVersion()
                    + " makes no arrays of bfloat16 with PyTorch (its native library ends the process), so it is measured"
                    + " in f32 alone");
        }
        prepareEngine(threads);
        return new DjlSession(workload);
    }

    /** Sets what the engine reads when it is loaded; no look-ups over the network. */
    static void prepareEngine(int threads) {
        System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(threads));
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true");
    }

    private static final class DjlSession implements Session {
        private final DjlTraining training;
        private final NDArray images;
        private final NDArray oneHot;

        DjlSession(Workload workload) {
            NDManager manager = NDManager.newBaseManager("PyTorch");
            TrainingConfig config = workload.config(1);
            Random random = new Random(1);
            training = new DjlTraining(manager, config, weights(config.network(), random));
            io.github.kib4j.tensor.Shape image = config.network().input();
            int batch = workload.batch();
            images = manager.randomUniform(-1, 1, new Shape(batch, image.extent(0), image.extent(1), image.extent(2)));
            int classes = config.network().outputs();
            float[] labels = new float[batch * classes];
            for (int b = 0; b < batch; b++) {
                labels[b * classes + random.nextInt(classes)] = 1;
            }
            oneHot = manager.create(labels, new Shape(batch, classes));
        }

        /** PyTorch's defaults: weights uniform with bound {@code 1/sqrt(fan_in)}. */
        private static List<float[]> weights(NetworkSpec network, Random random) {
            List<float[]> weights = new ArrayList<>();
            int hidden = network.hidden().size();
            for (int i = 0; i < hidden; i++) {
                io.github.kib4j.tensor.Shape shape =
                        network.hidden().get(i).weight(network.shapes().get(i));
                weights.add(uniform(random, shape.size(), shape.rowSize()));
                if (network.hidden().get(i).batchNorm()) {
                    float[] scale = new float[network.hidden().get(i).units()];
                    Arrays.fill(scale, 1);
                    weights.add(scale);
                    weights.add(new float[scale.length]);
                }
            }
            long inputs = network.shapes().get(hidden).size();
            weights.add(uniform(random, inputs * network.outputs(), inputs));
            weights.add(uniform(random, network.outputs(), inputs));
            return weights;
        }

        private static float[] uniform(Random random, long size, long inputs) {
            float[] values = new float[Math.toIntExact(size)];
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) ((2 * random.nextDouble() - 1) / Math.sqrt(inputs));
            }
            return values;
        }

        @Override
        public long train(BooleanSupplier goOn) {
            long steps = 0;
            do {
                training.step(images, oneHot);
                steps++;
            } while (goOn.getAsBoolean());
            return steps;
        }

        @Override
        public Map<String, Double> phaseSeconds() {
            return Map.of();
        }

        @Override
        public String description() {
            return "DJL " + Engine.getDjlVersion() + ", PyTorch "
                    + Engine.getEngine("PyTorch").getVersion();
        }

        @Override
        public void close() {
            training.close();
        }
    }
}
