package io.github.kib4j.model;

import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.checkpoint.Input;
import io.github.kib4j.checkpoint.SavedModel;
import io.github.kib4j.layer.Inference;
import io.github.kib4j.layer.Network;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Program;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A trained network, ready to be asked: classes, probabilities, logits, and hidden layers' codes of any number of samples.
 *
 * <p>All that it needs lies in the checkpoint: network, weights (their average, where the run has one), running statistics, how
 * samples are normalized, names of the classes. Samples are read in batches as large as training's, in the same operations as the
 * run's own evaluation, so that the same samples in the same order get the same logits, bit for bit (same device and threads).
 *
 * <p>Used by one thread at a time, as its device.
 */
public final class Model implements AutoCloseable {
    private final SavedModel saved;
    private final Input input;
    private final Device device;
    private final boolean ownsDevice;
    private final Scope scope;
    private final Network network;
    private final Workspace workspace;
    private final BatchOps.Spec normalization;
    private final Clock clock;
    private final int batch;
    private final Map<Key, Planned> programs = new HashMap<>();
    /** Samples of a batch, by the type of their numbers. */
    private final Map<DataType, Tensor> staging = new EnumMap<>(DataType.class);

    /** Labels, which nothing asks for. */
    private final Tensor none;

    private final AtomicReference<@Nullable Thread> user = new AtomicReference<>();

    /** The number of what is asked of the whole network: its logits. */
    private static final int LOGITS = -1;

    private record Key(int layer, int size, DataType type) {}

    /** A compiled batch, and what it leaves until another program runs: {@code [B, ...]}. */
    private record Planned(Program program, Tensor result) {}

    private Model(Device device, boolean ownsDevice, SavedModel saved) throws CheckpointException {
        this.saved = saved;
        this.device = device;
        this.ownsDevice = ownsDevice;
        input = saved.requireInput();
        normalization = new BatchOps.Spec(0, BatchOps.Mirror.NEVER, input.mean(), input.deviation(), 0);
        batch = Inference.batch(saved.batch());
        scope = device.newScope("model");
        try {
            network = new Network(device, scope, saved.network(), saved.precision(), 0);
            Checkpoint.copyWeights(saved, network);
            workspace = device.newWorkspace(scope);
            clock = Clock.allocate(scope);
            none = scope.allocate(DataType.I32, Shape.of(batch));
        } catch (CheckpointException | RuntimeException | Error e) {
            scope.close();
            throw e;
        }
    }

    /**
     * Loads a run's model onto the best device of this machine, which the model closes.
     *
     * @param run folder of a run, of one of its rules, or of checkpoints
     * @return the model, which the caller closes
     * @throws IllegalArgumentException if the run is of several rules: its message names them
     * @throws CheckpointException if there is no checkpoint, or it is damaged, or does not say all that a model needs
     * @throws IOException if the file system refuses
     */
    public static Model load(Path run) throws IOException {
        SavedModel saved = read(run, null);
        Device device = Devices.open(Devices.AUTO, 0).device();
        try {
            return new Model(device, true, saved);
        } catch (CheckpointException | RuntimeException | Error e) {
            device.close();
            throw e;
        }
    }

    /**
     * Loads a run's model onto a device.
     *
     * @param device where it computes
     * @param run folder of a run, of one of its rules, or of checkpoints
     * @return the model, which the caller closes
     * @throws IllegalArgumentException if the run is of several rules: its message names them
     * @throws CheckpointException if there is no checkpoint, or it is damaged, or does not say all that a model needs
     * @throws IOException if the file system refuses
     */
    public static Model load(Device device, Path run) throws IOException {
        return load(device, read(run, null));
    }

    /**
     * Loads the model of one of a run's rules onto a device.
     *
     * @param device where it computes
     * @param run folder of a run
     * @param rule its name, for example {@code phsic}
     * @return the model, which the caller closes
     * @throws IllegalArgumentException if the run has no such rule
     * @throws CheckpointException if there is no checkpoint, or it is damaged, or does not say all that a model needs
     * @throws IOException if the file system refuses
     */
    public static Model load(Device device, Path run, String rule) throws IOException {
        return load(device, read(run, rule));
    }

    /**
     * Loads a model onto a device.
     *
     * @param device where it computes
     * @param saved what a checkpoint has
     * @return the model, which the caller closes
     * @throws CheckpointException if it does not say all that a model needs
     */
    public static Model load(Device device, SavedModel saved) throws CheckpointException {
        return new Model(device, false, saved);
    }

    /**
     * Reads a run's model from its newest whole checkpoint.
     *
     * @param run folder of a run, of one of its rules, or of checkpoints
     * @param rule the name of one of its rules; null for the one there is
     * @return the model
     * @throws IllegalArgumentException if the run has no such rule, or several and none is named
     * @throws CheckpointException if there is no checkpoint, or it is damaged
     * @throws IOException if the file system refuses
     */
    public static SavedModel read(Path run, @Nullable String rule) throws IOException {
        SavedModel saved = Checkpoint.readModel(RunFolders.checkpoints(run, rule));
        if (rule != null && !saved.rule().equals(rule)) {
            throw new RefusedException("The run in " + run + " is by the rule " + saved.rule() + ", not " + rule + ".");
        }
        return saved;
    }

    /** {@return what was read of the checkpoint} */
    public SavedModel saved() {
        return saved;
    }

    /** {@return the names of the classes, output by output} */
    public List<String> classNames() {
        return saved.names();
    }

    /** {@return the shape of a sample, {@code C x H x W}} */
    public Shape sample() {
        return input.shape();
    }

    /** {@return the number of hidden layers} */
    public int layers() {
        return network.hidden().size();
    }

    /**
     * {@return the class that each sample is taken for: the output of the largest logit, the first of equal ones}
     *
     * @param samples any number
     * @throws IllegalArgumentException if they do not fit the network, or have numbers that are not finite
     */
    public int[] predict(Samples samples) {
        float[][] logits = logits(samples);
        return Arrays.stream(logits)
                .mapToInt(row -> Logits.largest(row, 0, row.length))
                .toArray();
    }

    /**
     * {@return the probability of each class for each sample, {@code [n][M]}: the softmax of its logits}
     *
     * @param samples any number
     * @throws IllegalArgumentException if they do not fit the network, or have numbers that are not finite
     */
    public double[][] probabilities(Samples samples) {
        return Arrays.stream(logits(samples))
                .map(row -> Logits.softmax(row, 0, row.length))
                .toArray(double[][]::new);
    }

    /**
     * {@return the logits of each sample, {@code [n][M]}}
     *
     * @param samples any number
     * @throws IllegalArgumentException if they do not fit the network, or have numbers that are not finite, or the network learned
     *     without labels
     */
    public float[][] logits(Samples samples) {
        saved.requireClasses();
        return ask(LOGITS, samples);
    }

    /**
     * {@return what a local objective sees of a hidden layer, for each sample: the codes {@code u [n][G]}, or without grouping the
     * activity {@code z [n][...]}, in {@code C,H,W} order}
     *
     * @param layer its number, from 0
     * @param samples any number
     * @throws IllegalArgumentException if there is no such layer, or samples do not fit the network, or have numbers that are not
     *     finite
     */
    public float[][] codes(int layer, Samples samples) {
        requireLayer(layer);
        return ask(layer, samples);
    }

    /**
     * Hands on what {@link #codes(int, Samples)} returns batch by batch, so that no more than one is in the host's memory.
     *
     * @param layer its number, from 0
     * @param samples any number
     * @param rows takes the codes, in order
     * @throws IllegalArgumentException if there is no such layer, or samples do not fit the network, or have numbers that are not
     *     finite
     */
    public void codes(int layer, Samples samples, Rows rows) {
        requireLayer(layer);
        ask(layer, samples, rows);
    }

    /** Takes rows of numbers, one for each sample. */
    @FunctionalInterface
    public interface Rows {
        /**
         * Takes those of a batch.
         *
         * @param first number of the batch's first sample
         * @param rows {@code [B, width]}, row-major
         * @param width of a row
         */
        void add(int first, float[] rows, int width);
    }

    /**
     * {@return how many numbers {@link #codes(int, Samples)} gives for a sample}
     *
     * @param layer its number, from 0
     */
    public int codeWidth(int layer) {
        requireLayer(layer);
        return Math.toIntExact(network.hidden().get(layer).code().size());
    }

    /** {@return how many samples are computed at once} */
    public int batch() {
        return batch;
    }

    private void requireLayer(int layer) {
        if (layer < 0 || layer >= layers()) {
            throw new RefusedException(
                    "There is no hidden layer " + layer + "; the network has " + layers() + ", from 0.");
        }
    }

    private float[][] ask(int layer, Samples samples) {
        float[][] answers = new float[samples.count(input.shape())][];
        ask(layer, samples, (first, rows, width) -> {
            for (int i = 0; i < rows.length / width; i++) {
                answers[first + i] = Arrays.copyOfRange(rows, i * width, (i + 1) * width);
            }
        });
        return answers;
    }

    private void ask(int layer, Samples samples, Rows rows) {
        Thread other = user.compareAndExchange(null, Thread.currentThread());
        if (other != null) {
            throw new IllegalStateException(
                    "The model is in use by thread '" + other.getName() + "' while thread '"
                            + Thread.currentThread().getName()
                            + "' uses it; use a model by one thread at a time, or load one for each thread, on a device of its own.");
        }
        try {
            int count = samples.count(input.shape());
            if (samples.type() == DataType.U8 && input.type() == DataType.F32) {
                throw new RefusedException(
                        "The network was trained on floats, but the samples are bytes; give floats as in training.");
            }
            for (int done = 0; done < count; done += batch) {
                Tensor result = run(layer, samples, done, Math.min(batch, count - done));
                rows.add(done, result.readFloats(), result.shape().rowSize());
            }
        } finally {
            user.set(null);
        }
    }

    private Tensor run(int layer, Samples samples, int first, int size) {
        int width = Math.toIntExact(input.shape().size());
        Planned planned = programs.computeIfAbsent(new Key(layer, size, samples.type()), this::compile);
        Tensor numbers = staged(samples.type());
        if (samples.type() == DataType.U8) {
            byte[] bytes = new byte[batch * width];
            samples.copy(first, size, width, bytes);
            numbers.write(bytes);
        } else {
            float[] floats = new float[batch * width];
            samples.copy(first, size, width, floats);
            numbers.write(floats);
        }
        planned.program().run();
        device.synchronize();
        return planned.result();
    }

    /** Returns where samples of a type wait to be read. */
    private Tensor staged(DataType type) {
        return staging.computeIfAbsent(
                type, of -> scope.allocate(of, input.shape().prepend(batch)));
    }

    private Planned compile(Key key) {
        Tensor x =
                workspace.tensor(saved.precision().activations(), input.shape().prepend(key.size()));
        Tensor labels = workspace.tensor(DataType.I32, Shape.of(key.size()));
        List<Step> steps = new ArrayList<>();
        steps.add(Step.main(
                Phase.DATA, device.batch().images(x, labels, staged(key.type()), none, null, normalization, clock)));
        Inference inference = new Inference(network, x, workspace);
        boolean whole = key.layer() == LOGITS;
        steps.addAll(whole ? inference.steps() : inference.steps(key.layer()));
        Tensor result = workspace.keep(
                whole
                        ? inference.readout().logits()
                        : inference.layers().get(key.layer()).groupedCode());
        return new Planned(device.compile(workspace, steps), result);
    }

    /** Frees the device's memory that the model holds, and the device, where the model opened it. */
    @Override
    public void close() {
        scope.close();
        if (ownsDevice) {
            device.close();
        }
    }
}
