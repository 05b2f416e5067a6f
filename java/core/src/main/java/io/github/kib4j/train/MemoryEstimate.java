package io.github.kib4j.train;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Parameter;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The memory that a training run needs at its peak, in bytes. Tensors are exact: the run is planned on a device that only
 * counts. The others are bounds that measurements gave.
 *
 * @param parameters values, and their rounded copies
 * @param gradients of the parameters
 * @param optimizer the optimizers' state
 * @param activations what is computed for a batch, forward, backward and by objectives
 * @param workspace what products need besides
 * @param dataset images and labels on the device
 * @param host images and labels in Java, twice: a reader puts them together; before there is a network
 * @param process Java itself, libraries, compiled code
 */
public record MemoryEstimate(
        long parameters,
        long gradients,
        long optimizer,
        long activations,
        long workspace,
        long dataset,
        long host,
        long process) {
    /** Of a process that trains a network of a few units. */
    private static final long PROCESS = 160L << 20;

    /** A data set's sizes. */
    public record Images(Shape image, int classes, int train, int test) {
        /**
         * {@return the sizes of a data set}
         *
         * @param dataset the data set
         */
        public static Images of(Dataset dataset) {
            return new Images(
                    dataset.train().image(),
                    dataset.train().classes(),
                    dataset.train().count(),
                    dataset.test().count());
        }

        private long bytes() {
            long order = (long) Integer.BYTES * train;
            return ((long) train + test) * (image.size() + Integer.BYTES) + order;
        }

        /** Returns a set with the same batches, but as few of them as there are kinds. */
        private Dataset blank(int batch) {
            List<Double> half = Collections.nCopies(image.extent(0), 0.5);
            return new Dataset("blank", blank(train, batch), blank(test, batch), half, half, 0, false);
        }

        private ImageSet blank(int count, int batch) {
            int kept = count <= batch ? count : batch + count % batch;
            byte[] pixels = new byte[Math.toIntExact(Math.multiplyExact(image.size(), (long) kept))];
            return new ImageSet("blank", image, pixels, new int[kept], Collections.nCopies(classes, ""));
        }
    }

    /**
     * Estimates a run.
     *
     * @param images what is uploaded
     * @param config the run
     * @param device the name of the device: {@code reference} stores every floating number in 8 bytes
     * @return empty if the run has an array of more elements than can be counted
     */
    public static Optional<MemoryEstimate> of(Images images, TrainingConfig config, String device) {
        MeasuringDevice measuring = new MeasuringDevice(device.equals("reference"));
        Dataset blank = images.blank(config.batch());
        try (Trainer trainer = new Trainer(measuring, blank, config)) {
            trainer.planAll();
            List<Parameter> all = trainer.network().parameters();
            long values = sum(measuring, all.stream().map(Parameter::value))
                    + sum(measuring, all.stream().map(Parameter::rounded).filter(Objects::nonNull));
            long gradients = sum(measuring, all.stream().map(Parameter::gradient));
            long states = sum(
                    measuring,
                    Stream.of(trainer.optimizers().local(), trainer.optimizers().readout())
                            .flatMap(optimizer -> optimizer.state().values().stream()));
            long blankBytes = Images.of(blank).bytes();
            return Optional.of(new MemoryEstimate(
                    values,
                    gradients,
                    states,
                    measuring.liveBytes() - values - gradients - states - blankBytes,
                    workspace(config),
                    images.bytes(),
                    2 * images.bytes(),
                    PROCESS));
        } catch (ArithmeticException e) {
            return Optional.empty();
        }
    }

    private static long sum(MeasuringDevice device, Stream<? extends Tensor> tensors) {
        return tensors.mapToLong(device::bytes).sum();
    }

    /** Returns the largest layer's weights and pre-activations: as products may store their operands and scratch. */
    private static long workspace(TrainingConfig config) {
        List<Shape> shapes = config.network().shapes();
        long largest = 0;
        for (int i = 0; i < config.network().hidden().size(); i++) {
            LayerSpec layer = config.network().hidden().get(i);
            long weights = 2 * layer.weight(shapes.get(i)).size();
            largest = Math.max(largest, Float.BYTES * weights);
        }
        return largest;
    }

    /** {@return what the device's tensors take} */
    public long tensors() {
        return parameters + gradients + optimizer + activations + dataset;
    }

    /** {@return the peak: Java's images are given back before the network is there} */
    public long total() {
        return process + Math.max(host + dataset, tensors() + workspace);
    }

    /** {@return all of it by kind, for people} */
    public String describe() {
        List<String> kinds = new ArrayList<>();
        kinds.add("parameters " + megabytes(parameters));
        kinds.add("gradients " + megabytes(gradients));
        kinds.add("optimizer " + megabytes(optimizer));
        kinds.add("activations " + megabytes(activations));
        kinds.add("workspace " + megabytes(workspace));
        kinds.add("data set " + megabytes(dataset));
        kinds.add("Java and libraries " + megabytes(process));
        return String.join(", ", kinds);
    }

    /**
     * {@return a number of bytes in megabytes (2^20)}
     *
     * @param bytes how many
     */
    public static String megabytes(long bytes) {
        return String.format(Locale.ROOT, "%,d MB", (bytes + (1 << 20) - 1) >> 20);
    }
}
