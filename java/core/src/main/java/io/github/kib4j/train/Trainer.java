package io.github.kib4j.train;

import io.github.kib4j.checkpoint.Checkpoint;
import io.github.kib4j.checkpoint.CheckpointException;
import io.github.kib4j.checkpoint.Identity;
import io.github.kib4j.checkpoint.Progress;
import io.github.kib4j.data.Dataset;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.Network;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Parameter;
import io.github.kib4j.op.Plan;
import io.github.kib4j.rule.BoundRule;
import io.github.kib4j.rule.Optimizers;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One training run: a network, its optimizers, and a data set, all on one device.
 *
 * <p>Where a run stands is (epoch, position in the epoch, step); randomness is a function of these and the seed, so a run that
 * was {@linkplain #save saved} and {@linkplain #restore restored} goes on bit for bit as if never interrupted (same device and
 * number of threads). Used by one thread.
 */
public final class Trainer implements AutoCloseable {
    /** Steps between two looks at the fault of a device that runs behind the host. */
    private static final int FAULT_CHECK_STEPS = 50;

    /** The most images of which gradients are compared. */
    private static final int ALIGNED = 512;

    /** The most images that layers' statistics are of. */
    private static final int LOOKED_AT = 512;

    private final Device device;
    private final Scope scope;
    private final TrainingConfig config;
    private final RunOnDevice run;
    private final Evaluator evaluator;
    private final Exchange exchange;
    private final Identity identity;
    private final DeviceDataset dataset;
    private final boolean ownsDataset;
    /** Of an epoch. */
    private final int samples;

    private long @Nullable [] phaseNanoseconds;
    private int epoch;
    private int position;
    private long step;
    /** Of training in the current epoch before now; of the last one when another has not begun. */
    private double seconds;

    /** Whether the device was found to have room for training. */
    private boolean hasRoom;

    /**
     * Creates a run at epoch 0 with freshly drawn weights.
     *
     * @param device where the run computes
     * @param dataset what is learned
     * @param config the run
     */
    public Trainer(Device device, Dataset dataset, TrainingConfig config) {
        this(device, dataset, config, Exchange.NONE);
    }

    /**
     * Creates a run that learns as one with others, each on a device and a part of the data set of its own, all of the same size.
     *
     * @param device where the run computes
     * @param dataset this run's part of what is learned
     * @param config the run; its batch is this run's part of the whole
     * @param exchange adds up what the runs know
     * @throws IllegalArgumentException if the network does not fit the data set
     */
    public Trainer(Device device, Dataset dataset, TrainingConfig config, Exchange exchange) {
        this(device, DeviceDataset.upload(device, dataset), true, config, exchange);
    }

    /**
     * Creates a run on a data set that is on the device already, and stays there when the run is closed.
     *
     * @param device where the run computes
     * @param dataset what is learned
     * @param config the run
     * @throws IllegalArgumentException if the network does not fit the data set
     */
    public Trainer(Device device, DeviceDataset dataset, TrainingConfig config) {
        this(device, dataset, false, config, Exchange.NONE);
    }

    private Trainer(Device device, DeviceDataset dataset, boolean owns, TrainingConfig config, Exchange exchange) {
        this.dataset = dataset;
        ownsDataset = owns;
        samples = config.samples(dataset.trainCount());
        this.device = device;
        this.config = config;
        this.exchange = exchange;
        scope = device.newScope("run");
        try {
            checkExchange();
            run = new RunOnDevice(device, scope, dataset, config, exchange);
            run.network().initialize();
            Network averaged = run.averaged();
            if (averaged != null) {
                averaged.initialize();
            }
            run.rule().initialize();
            evaluator = run.evaluator(scope, dataset);
            identity = config.identity(dataset.checksum(), dataset.classNames(), dataset.input());
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private void checkExchange() {
        if (exchange.size() > 1 && !config.labels().weights().isNone()) {
            throw new RefusedException(
                    "Weights of classes in batches of " + exchange.size()
                            + " devices are not there: each would divide by its own labels' weights; train without, or on one device.");
        }
        if (exchange.size() > 1 && config.network().hidden().stream().anyMatch(LayerSpec::batchNorm)) {
            throw new RefusedException(
                    "Batch normalization over the batches of " + exchange.size()
                            + " devices is not there: its statistics are each device's own; train without it, or on one device.");
        }
    }

    /** {@return the network that learns} */
    public Network network() {
        return run.network();
    }

    /** {@return the network of averaged weights, which is evaluated; null where the one that learns is} */
    public @Nullable Network averaged() {
        return run.averaged();
    }

    /** {@return the optimizers} */
    public Optimizers optimizers() {
        return run.optimizers();
    }

    /** {@return the epochs completed} */
    public int epoch() {
        return epoch;
    }

    /** {@return the training steps done} */
    public long step() {
        return step;
    }

    /** {@return whether all epochs are completed} */
    public boolean isFinished() {
        return epoch >= config.epochs();
    }

    /** {@return the steps of an epoch: a last batch of fewer samples than the rule learns from is skipped} */
    public int stepsPerEpoch() {
        return run.steps();
    }

    /**
     * {@return the plan of a training step: what it does, in which order, in which memory}
     *
     * @param batch samples of the step, at least as many as the rule learns from
     */
    public Plan plan(int batch) {
        return run.program(batch).plan();
    }

    /**
     * Plans all steps there will be, and the batches of evaluations; what the device decides on the way, {@link Device#decisions}
     * then has. {@link #trainEpoch} does it by itself, where it was not done before.
     *
     * @throws io.github.kib4j.tensor.OutOfDeviceMemoryException as {@link #trainEpoch} does
     */
    public void compile() {
        if (!hasRoom) {
            MemoryBudget.require(device, dataset.sizes(), config, dataset.bytes() + scope.bytes());
            hasRoom = true;
        }
        run.compileAll();
        evaluator.compileAll();
    }

    /**
     * Trains to the end of the current epoch.
     *
     * @param listener hears of each step, and may stop
     * @return what the epoch came to; null if the listener stopped it before its end
     * @throws TrainingDivergedException if a loss is not finite
     * @throws io.github.kib4j.tensor.OutOfDeviceMemoryException if the device has memory of its own and training does not fit into
     *     what is free of it: when the first epoch begins, with the largest batch that fits, or later, if another process took it;
     *     what was saved stands
     */
    public @Nullable EpochResult trainEpoch(StepListener listener) {
        try {
            return train(listener);
        } catch (RuntimeException | Error e) {
            exchange.abort();
            throw e;
        }
    }

    private @Nullable EpochResult train(StepListener listener) {
        startEpoch();
        long started = System.nanoTime();
        int steps = stepsPerEpoch();
        int every = listener.lossesEvery();
        double[] told = every > 0 ? run.sums().readDoubles() : new double[0];
        int toldAt = position;
        while (hasMore()) {
            trainStep();
            int done = (position + config.batch() - 1) / config.batch();
            if (every > 0 && done % every == 0) {
                double[] now = run.sums().readDoubles();
                listener.onLosses(losses(done, position - toldAt, now, told));
                told = now;
                toldAt = position;
            }
            if (device.isSynchronous() || done % FAULT_CHECK_STEPS == 0) {
                checkFault();
            }
            boolean goOn = listener.onStep(epoch + 1, done, steps);
            if (!goOn && hasMore()) {
                pause(started);
                return null;
            }
        }
        exchange.sum(List.of(run.sums())).ifPresent(device::run);
        pause(started);
        epoch++;
        position = 0;
        return lastEpoch();
    }

    private StepLosses losses(int done, int count, double[] now, double[] before) {
        double[] means = new double[now.length];
        for (int i = 0; i < means.length; i++) {
            means[i] = (now[i] - before[i]) / count;
        }
        return new StepLosses(epoch + 1, done, count, localLosses(means), readoutLoss(means), accuracy(means));
    }

    private List<Double> localLosses(double[] means) {
        int hidden = config.rule().hasLocalLosses() ? network().hidden().size() : 0;
        return Arrays.stream(means, 0, hidden).boxed().toList();
    }

    private double readoutLoss(double[] means) {
        return dataset.isLabelled() ? means[means.length - 2] : Double.NaN;
    }

    private double accuracy(double[] means) {
        return dataset.isLabelled() ? 100 * means[means.length - 1] : Double.NaN;
    }

    /** Returns whether the epoch has another batch: fewer samples than the rule learns from are left out. */
    private boolean hasMore() {
        return samples - position >= config.rule().leastBatch();
    }

    private void pause(long started) {
        device.synchronize();
        checkFault();
        seconds += (System.nanoTime() - started) * 1e-9;
    }

    /** Runs one training step; {@link #trainEpoch} is the usual way. */
    private void trainStep() {
        int batch = Math.min(config.batch(), samples - position);
        if (phaseNanoseconds == null) {
            run.program(batch).run();
        } else {
            run.program(batch).run(phaseNanoseconds);
        }
        position += batch;
        step++;
    }

    /**
     * Adds each phase's time to {@code nanoseconds[phase.ordinal()]} from now on; null for not at all. Meaningful on devices
     * that compute on the calling thread.
     *
     * @param nanoseconds one entry for each phase; null for not at all
     */
    public void timePhases(long @Nullable [] nanoseconds) {
        phaseNanoseconds = nanoseconds;
    }

    private void startEpoch() {
        if (isFinished()) {
            throw new IllegalStateException("All " + config.epochs() + " epochs are completed.");
        }
        if (position == 0) {
            run.sums().write(new double[network().hidden().size() + 2]);
            seconds = 0;
        }
        compile();
        run.startEpoch(epoch, step, position);
    }

    /**
     * {@return what the last completed epoch came to} A saved and restored run knows it too.
     *
     * @throws IllegalStateException if there is none, or the next one has begun
     */
    public EpochResult lastEpoch() {
        if (epoch == 0 || position != 0) {
            throw new IllegalStateException("No epoch has just been completed.");
        }
        int seen = Math.min(samples, stepsPerEpoch() * config.batch());
        int all = seen * exchange.size();
        double[] totals = run.sums().readDoubles();
        double[] means = Arrays.stream(totals).map(total -> total / all).toArray();
        return new EpochResult(
                epoch,
                seen,
                seconds,
                seen / seconds,
                run.operations() / seconds / device.peak(config.precision()),
                localLosses(means),
                readoutLoss(means),
                dataset.isLabelled() ? 100 * totals[totals.length - 1] / all : Double.NaN,
                config.local().learningRate() * run.factor(step - 1),
                config.readout().learningRate() * run.factor(step - 1));
    }

    /**
     * {@return the angle, in degrees, between the gradient of each hidden layer's weights by the run's rule and that by backprop, of the
     * same images, weights and dropped units} Of the first batch of the last epoch's order, not shifted and mirrored; at most {@value
     * #ALIGNED} images. NaN for a layer in which one of both is zero; an empty list where the rule leaves hidden layers as they are.
     * Training goes on as if it had not been asked.
     *
     * @throws IllegalStateException before the first step
     */
    public List<Double> alignment() {
        if (step == 0) {
            throw new IllegalStateException("Angles are known once a step has been trained.");
        }
        if (!dataset.isLabelled()) {
            throw new RefusedException(
                    "Backprop's gradient is not known without labels, which " + dataset.name() + " does not have.");
        }
        try (Scope asked = device.newScope("alignment")) {
            int batch = Math.min(samples, config.batch() == 1 ? ALIGNED : Math.min(config.batch(), ALIGNED));
            run.order(position == 0 ? epoch - 1 : epoch); // of a restored run it is not there yet
            return run.alignment(asked, batch).degrees(run.rule());
        }
    }

    /**
     * {@return what each hidden layer makes of test images, at most {@value #LOOKED_AT}, always the same} Where weights
     * are averaged, of their average, as {@link #evaluate}. Training goes on as if it had not been asked. It takes memory of its own while it lasts.
     *
     * @throws io.github.kib4j.tensor.OutOfDeviceMemoryException if there is no room for it; training goes on nevertheless
     */
    public LayerStatistics layerStatistics() {
        dataset.requireTests("What layers make of test images");
        try (Scope asked = device.newScope("layer statistics")) {
            return new LayerLook(evaluated(), reader(asked, dataset.test(), LOOKED_AT)).statistics(config.rule());
        }
    }

    /**
     * {@return how many test images of a hundred a linear probe of each hidden layer tells the class of: ridge regression of training
     * images' one-hot labels on what the layer sends on (docs/mathematics.md, section 9)} Test images are at most {@value
     * Probes#TESTED}. Training goes on as if it had not been asked. It takes memory of its own while it lasts.
     *
     * @param images of the training set, always the same, that probes are fitted to, at most; from 1
     * @throws io.github.kib4j.tensor.OutOfDeviceMemoryException if there is no room for it; training goes on nevertheless
     */
    public List<Double> probes(int images) {
        if (images < 1) {
            throw new RefusedException("A probe needs at least 1 training image, but is to have " + images + ".");
        }
        dataset.requireTests("How well a probe does");
        try (Scope asked = device.newScope("probes")) {
            LayerReader train = reader(asked, dataset.train(), images);
            LayerReader test = reader(asked, dataset.test(), Probes.TESTED);
            return new Probes(train, test, network().hidden().size(), dataset.classes()).accuracies();
        }
    }

    private Network evaluated() {
        Network averaged = run.averaged();
        return averaged == null ? network() : averaged;
    }

    private LayerReader reader(Scope asked, DeviceDataset.Images from, int most) {
        return new LayerReader(device, asked, evaluated(), from, dataset.preparation(false, config.seed()), most);
    }

    /** {@return the rule with all that it keeps beside the network and the optimizers' state} */
    public BoundRule rule() {
        return run.rule();
    }

    private void checkFault() {
        long[] fault = run.clock().fault().readLongs();
        if (fault[0] != 0) {
            int slot = Math.toIntExact(fault[1]);
            String place = slot < network().hidden().size() ? "hidden layer " + (slot + 1) : "the readout";
            throw TrainingDivergedException.loss(fault[0], place, run.sums().readDoubles()[slot]);
        }
    }

    /** Checks what no loss has seen yet: what the last step's update made of the weights. */
    private void checkWeights() {
        List<Parameter> all = new ArrayList<>(network().parameters());
        all.addAll(run.rule().parameters());
        for (Parameter parameter : all) {
            for (float value : parameter.value().readFloats()) {
                if (!Float.isFinite(value)) {
                    throw TrainingDivergedException.weights(step, parameter.name());
                }
            }
        }
    }

    /**
     * {@return the accuracy on the data set's test images: running statistics, no dropout, no augmentation} Where the weights are
     * averaged, their average's, with that of the weights themselves beside it.
     *
     * @throws IllegalArgumentException if the data set has no labels, or no test images
     * @throws TrainingDivergedException if the loss on them is not finite
     */
    public Evaluation evaluate() {
        return Objects.requireNonNull(evaluate((done, count) -> true));
    }

    /**
     * As {@link #evaluate()}, but tells of each batch before it begins.
     *
     * @param listener told how far it is, and may stop it
     * @return the accuracy; null if the listener stopped it
     */
    public @Nullable Evaluation evaluate(EvaluationListener listener) {
        dataset.requireTests("How well the network does");
        return evaluator.run(step, listener, Predictions.NONE);
    }

    /**
     * As {@link #evaluate()}, and hands on what the network says of each image.
     *
     * @param predictions takes each batch's labels and logits
     * @return the accuracy
     */
    public Evaluation predict(Predictions predictions) {
        dataset.requireTests("How well the network does");
        return Objects.requireNonNull(evaluator.run(step, (done, count) -> true, predictions));
    }

    /**
     * Replaces the weights that were drawn for a new run by those of a file, for example another run's
     * {@code weights.safetensors}; running statistics too, where the network has them. Optimizers begin as always.
     *
     * @param weights a file in the safetensors format
     * @throws CheckpointException if it is no such file, or its arrays are not this network's in names and shapes, or not all
     *     finite; the network is then unchanged
     * @throws IllegalStateException if the run is no longer at its start
     * @throws IOException if the file cannot be read
     */
    public void begin(Path weights) throws IOException {
        if (step != 0) {
            throw new IllegalStateException("The run has done " + step + " steps; weights are given to new ones.");
        }
        Checkpoint.readGiven(weights, network());
        Network averaged = run.averaged();
        if (averaged != null) {
            Checkpoint.readGiven(weights, averaged);
        }
    }

    /**
     * Reads the newest whole checkpoint of such a run, not to go on with it but to evaluate it: weights, and their average.
     *
     * @param folder of the run's checkpoints
     * @return where the run stood, and what is wrong with newer checkpoints
     * @throws CheckpointException if there is none, or all are damaged, or it is of another network or of other classes; the weights
     *     are then unchanged
     * @throws IOException if the file system refuses
     */
    public Checkpoint.Restored readWeights(Path folder) throws IOException {
        return Checkpoint.readWeights(folder, network(), run.averaged(), dataset.classNames());
    }

    /**
     * Saves the run's state into a folder, which must belong to this run. Those there before stay whole until the new one is,
     * and the one before it stays ({@link Checkpoint}).
     *
     * @param folder of the run's checkpoints
     * @throws TrainingDivergedException if a loss or a weight is not finite; then nothing is written
     * @throws IOException if the file system refuses
     */
    public void save(Path folder) throws IOException {
        device.synchronize();
        checkFault();
        checkWeights();
        Checkpoint.write(
                folder,
                network(),
                run.averaged(),
                optimizerState(),
                identity,
                new Progress(epoch, step, position, seconds, run.sums().readDoubles()),
                maker());
    }

    /** Returns all that the last bits of results depend on beside the run's own settings. */
    private String maker() {
        return "kib4j " + Version.NUMBER + " on " + device.description();
    }

    /**
     * Restores the newest whole state in a folder.
     *
     * @param folder of the run's checkpoints
     * @return what is to be known, a sentence each: what is wrong with newer ones, and whether another version or device, or
     *     the same with other threads or instructions, computed it, so that the run will not end with the same bits
     * @throws CheckpointException if there is none, or all are damaged, or it is of a run with other settings or data;
     *     this run is then unchanged
     */
    public List<String> restore(Path folder) throws IOException {
        Checkpoint.Restored restored = Checkpoint.read(folder, network(), run.averaged(), optimizerState(), identity);
        Progress progress = restored.progress();
        epoch = progress.epoch();
        step = progress.step();
        position = progress.position();
        seconds = progress.seconds();
        run.sums().write(progress.sums());
        run.clock().fault().write(new long[2]);
        Parameter.renewRounded(device, run.rule().parameters());
        List<String> notes = new ArrayList<>(restored.passedOver());
        if (!isFinished() && restored.maker() != null && !restored.maker().equals(maker())) {
            notes.add("Note: the checkpoint was computed by " + restored.maker() + ", and from here on by " + maker()
                    + ": the results will differ in their last digits from those of an uninterrupted run.");
        }
        return notes;
    }

    private Map<String, Tensor> optimizerState() {
        Map<String, Tensor> state = new LinkedHashMap<>();
        optimizers().local().state().forEach((name, tensor) -> state.put("local." + name, tensor));
        optimizers().readout().state().forEach((name, tensor) -> state.put("readout." + name, tensor));
        run.rule().kept().forEach((name, tensor) -> state.put("rule." + name, tensor));
        return state;
    }

    /** Frees the device's memory that the run holds. */
    @Override
    public void close() {
        scope.close();
        if (ownsDataset) {
            dataset.close();
        }
    }
}
