package io.github.kib4j.experiment.report;

import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.data.Pixels;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.objective.Comparison;
import io.github.kib4j.objective.GramMatrix;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import io.github.kib4j.train.TrainingConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the network of a run's newest checkpoint says of test images, computed when the report is made.
 *
 * @param classNames by label
 * @param testImages how many there are
 * @param epoch after which the checkpoint was saved, from 1; 0 before the first
 * @param labels of the batch that similarities are of, in their order
 * @param similarity what compares the codes, in words
 * @param labelsMatrix how similar the labels are
 * @param layers how similar each hidden layer finds the images
 * @param predictions of the images that were tried
 * @param worst the worst mistakes among them
 */
@SuppressWarnings("ArrayRecordComponent") // handed to who paints
record NetworkView(
        List<String> classNames,
        int testImages,
        int epoch,
        int[] labels,
        String similarity,
        GramMatrix labelsMatrix,
        List<GramMatrix> layers,
        TestPredictions predictions,
        List<Wrong> worst) {
    /** Mistakes that are shown, at most. */
    private static final int MOST_MISTAKES = 24;
    /** Images of a batch that is compared, at most. */
    private static final int MOST_COMPARED = 160;
    /** Classes of such a batch, at most. */
    private static final int MOST_CLASSES = 16;
    /** Multiplications of the predictions, at most: a second or a few. */
    private static final double MOST_MULTIPLICATIONS = 1e11;
    /** Deviations above and below the mean that a picture of floats shows. */
    private static final double REACH = 3;
    /** The reference is that much slower. */
    private static final double REFERENCE = 100;

    /** An image that is taken for one of another class; of features there is no picture. */
    record Wrong(TestPredictions.Mistake mistake, @Nullable Picture picture) {}

    /**
     * Tries a run's network.
     *
     * @param checkpoint folder of the run's checkpoints
     * @param settings of the run
     * @param dataset whose test images are tried
     * @param all whether all test images are, however long that takes
     * @param notes gets what is wrong with newer checkpoints
     */
    static NetworkView of(
            Path checkpoint, String rule, Settings settings, Dataset dataset, boolean all, Device device, Notes notes)
            throws IOException {
        ImageSet test = dataset.test();
        RunPlan plan = new RunPlan(settings);
        TrainingConfig config = plan.training(rule, test.image(), test.classes());
        try (Scope scope = device.newScope("report")) {
            Network network = new Network(device, scope, config.network(), config.precision(), config.seed());
            Checkpoint.Restored restored = Checkpoint.readWeights(checkpoint, network, test.classNames());
            restored.passedOver().forEach(notes::add);
            int[] compared = sortedByClass(test);
            Forward forward = new Forward(network, scope, dataset, compared.length, Compared.of(config));
            forward.run(compared);
            List<GramMatrix> layers = forward.gramMatrices();
            int[] labels = IntStream.of(compared).map(i -> test.labels()[i]).toArray();
            GramMatrix ofLabels =
                    GramMatrix.ofLabels(labels, test.classes(), new Comparison(plan.kernel(Key.LABEL_KERNEL), true));
            TestPredictions predictions =
                    predictions(forward, test, all ? test.count() : affordable(device, config, test.count()));
            return new NetworkView(
                    test.classNames(),
                    test.count(),
                    restored.progress().epoch(),
                    labels,
                    Compared.of(config).toString(),
                    ofLabels,
                    layers,
                    predictions,
                    predictions.worst(MOST_MISTAKES).stream()
                            .map(one -> new Wrong(one, picture(dataset, one.index())))
                            .toList());
        }
    }

    /** Returns an image's picture: of bytes as they are, of floats from three deviations below their mean to three above. */
    private static @Nullable Picture picture(Dataset dataset, int index) {
        ImageSet test = dataset.test();
        if (test.hasFeatures()) {
            return null;
        }
        if (test.pixels() instanceof Pixels.Bytes bytes) {
            return Picture.of(bytes.bytes(), index, test.image());
        }
        int size = Math.toIntExact(test.image().size());
        int positions = size / test.image().extent(0);
        byte[] levels = new byte[size];
        for (int i = 0; i < size; i++) {
            int channel = i / positions;
            double value =
                    test.pixels().value(index * size + i) - dataset.mean().get(channel);
            double part = value / (2 * REACH * dataset.deviation().get(channel)) + 0.5;
            levels[i] = (byte) Math.round(255 * Math.min(1, Math.max(0, part)));
        }
        return Picture.of(levels, 0, test.image());
    }

    /** Returns images of each class, as many of each, class by class. */
    static int[] sortedByClass(ImageSet images) {
        List<List<Integer>> byClass = new ArrayList<>();
        for (int label = 0; label < images.classes(); label++) {
            byClass.add(new ArrayList<>());
        }
        for (int i = 0; i < images.count(); i++) {
            byClass.get(images.labels()[i]).add(i);
        }
        List<List<Integer>> chosen = byClass.stream()
                .filter(one -> !one.isEmpty())
                .limit(MOST_CLASSES)
                .toList();
        int each = MOST_COMPARED / chosen.size();
        return chosen.stream()
                .flatMap(one -> one.stream().limit(each))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    private static int affordable(Device device, TrainingConfig config, int count) {
        double one = 0;
        for (int i = 0; i <= config.network().hidden().size(); i++) {
            one += config.network().multiplications(i);
        }
        double most = MOST_MULTIPLICATIONS / (device.name().equals("reference") ? REFERENCE : 1);
        return (int) Math.max(Math.min(count, MOST_COMPARED), Math.min(count, most / one));
    }

    /** Tries images that are spread evenly over all, which may be sorted. */
    private static TestPredictions predictions(Forward forward, ImageSet test, int count) {
        TestPredictions predictions = new TestPredictions(test.classes());
        int[] indices = IntStream.range(0, count)
                .map(i -> Math.toIntExact((long) i * test.count() / count))
                .toArray();
        for (int first = 0; first < count; first += forward.size) {
            int[] batch = Arrays.copyOfRange(indices, first, Math.min(count, first + forward.size));
            float[] logits = forward.run(batch);
            for (int b = 0; b < batch.length; b++) {
                predictions.add(batch[b], test.labels()[batch[b]], logits, b * test.classes());
            }
        }
        return predictions;
    }

    /** What codes are compared by: by the rule’s own kernel where it has one. */
    private record Compared(Comparison by, boolean ofCodes) {
        static Compared of(TrainingConfig config) {
            return config.rule()
                    .codes()
                    .map(own -> new Compared(own, true))
                    .orElse(new Compared(new Comparison(Kernel.COSINE, false), false));
        }

        @Override
        public String toString() {
            Kernel kernel = by.kernel();
            String name = kernel.kind().name().toLowerCase(Locale.ROOT);
            String widths = kernel.widths().stream().map(String::valueOf).collect(Collectors.joining(", "));
            String width = kernel.kind() != Kernel.Kind.GAUSSIAN
                    ? ""
                    : (kernel.widths().size() == 1 ? " of width " : " of widths ") + widths;
            return ofCodes
                    ? "the rule’s " + name + " kernel" + width + " on " + (by.centred() ? "centred " : "") + "codes"
                    : "cosine similarity of activities, since the rule compares no codes";
        }
    }

    /** A compiled pass of batches of one size; what is left of a smaller one is filled up. */
    private static final class Forward {
        private final Device device;
        private final Dataset dataset;
        private final int size;
        private final Compared compared;
        private final Tensor x;
        private final Tensor logits;
        private final List<Tensor> codes = new ArrayList<>();
        private final Program program;

        Forward(Network network, Scope scope, Dataset dataset, int size, Compared compared) {
            this.dataset = dataset;
            this.size = size;
            this.compared = compared;
            device = network.device();
            x = scope.allocate(
                    network.precision().activations(), network.spec().input().prepend(size));
            Workspace workspace = device.newWorkspace(scope);
            List<LayerPass> passes = network.passes(x, workspace, LayerPass.Use.INFERENCE, null);
            List<Operation> operations = new ArrayList<>();
            for (LayerPass pass : passes) {
                operations.addAll(pass.forward());
                codes.add(workspace.keep(compared.ofCodes() ? pass.code() : pass.sent()));
            }
            ReadoutPass readout = network.readoutPass(passes, workspace);
            operations.addAll(readout.forward());
            logits = workspace.keep(readout.logits());
            program = device.compile(
                    workspace,
                    operations.stream().map(o -> Step.main(Phase.FORWARD, o)).toList());
        }

        /** Runs a batch, at most as large as compiled; returns its logits {@code [B, M]} and those of what fills it up. */
        float[] run(int[] indices) {
            x.write(inputs(indices));
            program.run();
            device.synchronize();
            return logits.readFloats();
        }

        /** Returns how similar each hidden layer finds the samples of the last batch. */
        List<GramMatrix> gramMatrices() {
            return codes.stream()
                    .map(code -> GramMatrix.of(code.readFloats(), size, compared.by()))
                    .toList();
        }

        /** Returns images as a network reads them; the last one fills up. */
        private float[] inputs(int[] indices) {
            ImageSet test = dataset.test();
            int image = Math.toIntExact(test.image().size());
            int positions = image / test.image().extent(0);
            float[] inputs = new float[size * image];
            for (int b = 0; b < size; b++) {
                int first = indices[Math.min(b, indices.length - 1)] * image;
                for (int i = 0; i < image; i++) {
                    double value = test.pixels().value(first + i);
                    inputs[b * image + i] = (float) ((value - dataset.mean().get(i / positions))
                            / dataset.deviation().get(i / positions));
                }
            }
            return inputs;
        }
    }
}
