package io.github.kib4j.experiment;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.Pixels;
import io.github.kib4j.datasets.CsvTable;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.datasets.ImageSize;
import io.github.kib4j.datasets.Reading;
import io.github.kib4j.datasets.Selection;
import io.github.kib4j.layer.LayerSpec;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutSpec;
import io.github.kib4j.objective.CellCodes;
import io.github.kib4j.objective.HebbianPairs;
import io.github.kib4j.objective.LayerObjectives;
import io.github.kib4j.objective.LocalClassification;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.Objective;
import io.github.kib4j.objective.PairMemory;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.objective.TeachingSignals;
import io.github.kib4j.op.Activation;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Dropout;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Feedback;
import io.github.kib4j.op.Grouping;
import io.github.kib4j.op.Kernel;
import io.github.kib4j.op.ObjectiveOps;
import io.github.kib4j.op.Precision;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.optimizer.Schedule;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.LocalRule;
import io.github.kib4j.rule.ReadoutRule;
import io.github.kib4j.rule.Rule;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.ClassWeights;
import io.github.kib4j.train.DeviceDataset.Sizes;
import io.github.kib4j.train.LabelSpec;
import io.github.kib4j.train.MemoryBudget;
import io.github.kib4j.train.MemoryEstimate;
import io.github.kib4j.train.TrainingConfig;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * What settings mean: a data set and, for each rule, a training run.
 *
 * @param settings complete ones
 */
public record RunPlan(Settings settings) {
    /** Rows and columns of what a target vector has one number of. */
    private static final int WINDOW = 4;

    /**
     * {@return the rules' names, one after the other}
     *
     * @throws UsageException if one is none, or is named twice
     */
    public List<String> rules() {
        List<String> rules = List.of(settings.text(Key.RULE).split(",", -1));
        rules.forEach(rule -> Extensions.choice(Key.RULE, rule));
        if (Set.copyOf(rules).size() != rules.size()) {
            throw new UsageException("--rule names a rule twice: " + settings.text(Key.RULE) + ".");
        }
        return rules;
    }

    /** {@return the settings that a run reads, as a configuration file that repeats it} */
    public String toToml() {
        Effects effects = new Effects(settings);
        return settings.toToml(
                Settings.RECORD + "; `kib train --config` with this file repeats it.\n", key -> !effects.isUnread(key));
    }

    /** Returns what is trained on what, for example {@code mlp-mnist}. */
    String title() {
        return settings.choice(Key.MODEL) + "-" + settings.choice(Key.DATASET);
    }

    /**
     * {@return the data set}
     *
     * @param notes is told what lies beside the images and was passed over
     * @throws io.github.kib4j.datasets.DatasetException if they are missing or damaged
     */
    public Dataset dataset(Consumer<String> notes) {
        Dataset loaded = Datasets.load(
                settings.choice(Key.DATASET), data(), 0, new Reading(selection(), columns(), size()), notes);
        if (loaded.test().count() == 0) {
            throw new UsageException(loaded.name() + " has no test image; give at least one.");
        }
        int shift = settings.text(Key.SHIFT).isEmpty() ? loaded.padding() : settings.integer(Key.SHIFT);
        boolean floats = loaded.train().pixels() instanceof Pixels.Floats;
        if (floats && loaded.train().hasFeatures() && settings.choice(Key.MODEL).equals("vgg")) {
            throw new UsageException("The model vgg reads images, but the samples of " + loaded.name()
                    + " are features; give --model mlp.");
        }
        if (shift > 0 && loaded.train().hasFeatures()) {
            throw new UsageException(
                    "--shift moves images, but the samples of " + loaded.name() + " are features; leave it out.");
        }
        boolean mirrored = settings.isSet(Key.MIRROR) ? settings.flag(Key.MIRROR) : loaded.flip();
        if (mirrored && loaded.train().hasFeatures()) {
            throw new UsageException(
                    "--mirror mirrors images, but the samples of " + loaded.name() + " are features; leave it out.");
        }
        Dataset augmented = loaded.withPadding(shift).withMirroring(mirrored);
        if (settings.choice(Key.NORMALIZE).equals("usual")) {
            return augmented;
        }
        Dataset learned = Dataset.standardized(loaded.name(), loaded.train(), loaded.test());
        return augmented.withNormalization(learned.mean(), learned.deviation());
    }

    private @Nullable ImageSize size() {
        String[] sides = settings.text(Key.RESIZE).split("x");
        return sides.length == 2 ? new ImageSize(Integer.parseInt(sides[0]), Integer.parseInt(sides[1])) : null;
    }

    /** {@return which columns of a table are what} */
    public CsvTable.Columns columns() {
        String label = settings.text(Key.LABEL);
        return new CsvTable.Columns(label.isEmpty() ? null : label, settings.names(Key.LEAVE_OUT));
    }

    /** {@return what the data set holds, where that is known without its files: it is generated, or published} */
    public Optional<Sizes> knownImages() {
        return Datasets.sizes(settings.choice(Key.DATASET), selection())
                .map(sizes -> new Sizes(sizes.image(), sizes.classes(), sizes.train(), sizes.test()));
    }

    private Selection selection() {
        return new Selection(
                settings.flag(Key.VALIDATION), settings.integer(Key.LIMIT_TRAIN), settings.integer(Key.LIMIT_TEST));
    }

    private @Nullable Path data() {
        String data = settings.text(Key.DATA);
        return data.isEmpty() ? null : data(data);
    }

    /**
     * {@return where data are: a folder or an archive}
     *
     * @param data the setting; {@code ~/} is the user's folder also where no shell has said so
     * @throws UsageException if it is no name of one
     */
    public static Path data(String data) {
        try {
            Path path = Path.of(data);
            return data.startsWith("~/") && !Files.exists(path)
                    ? Path.of(System.getProperty("user.home", "~"), data.substring(2))
                    : path;
        } catch (InvalidPathException e) {
            throw new UsageException("--data is no name of a folder or archive: '" + data + "'.");
        }
    }

    /**
     * {@return the training of one rule, for a {@link io.github.kib4j.train.Trainer}}
     *
     * @param rule its name
     * @param image shape of the images
     * @param classes how many there are
     * @throws UsageException if the settings do not fit each other or the data
     */
    public TrainingConfig training(String rule, Shape image, int classes) {
        try {
            NetworkSpec network = network(image, classes);
            return new TrainingConfig(
                            network,
                            rule(rule, network, classes),
                            optimizer(Key.LR_LOCAL, Key.WEIGHT_DECAY_LOCAL),
                            optimizer(Key.LR_READOUT, Key.WEIGHT_DECAY_READOUT),
                            schedule(),
                            settings.integer(Key.EPOCHS),
                            settings.integer(Key.BATCH),
                            settings.choice(Key.PRECISION).equals("bf16") ? Precision.BF16 : Precision.F32,
                            settings.seed(),
                            settings.flag(Key.AUGMENT))
                    .withViews(settings.integer(Key.VIEWS))
                    .withLabels(new LabelSpec(
                            settings.number(Key.LABEL_SMOOTHING), settings.number(Key.MIXUP), classWeights(classes)))
                    .withWeightAverage(settings.number(Key.WEIGHT_AVERAGE))
                    .withTestFlips(settings.flag(Key.TEST_FLIPS));
        } catch (RefusedException e) {
            throw new UsageException(String.valueOf(e.getMessage()));
        }
    }

    private ClassWeights classWeights(int classes) {
        String given = settings.text(Key.CLASS_WEIGHTS);
        if (given.isEmpty() || given.equals("balanced")) {
            return given.isEmpty() ? ClassWeights.NONE : ClassWeights.BALANCED;
        }
        List<Double> weights = settings.numbers(Key.CLASS_WEIGHTS);
        if (weights.size() != classes) {
            throw new UsageException("--class-weights has " + Words.count(weights.size(), "number") + ", but there are "
                    + Words.count(classes, "class") + "; give one for each, or balanced.");
        }
        return ClassWeights.of(weights);
    }

    /** Refuses weights that are not there to begin from. */
    void checkWeights() {
        String weights = settings.text(Key.WEIGHTS);
        try {
            if (!weights.isEmpty() && !Files.isRegularFile(Path.of(weights))) {
                throw new UsageException("There is no file " + weights
                        + " to begin from; name a weights.safetensors, for example of a run's checkpoint.");
            }
        } catch (InvalidPathException e) {
            throw new UsageException("--weights is no name of a file: '" + weights + "'.");
        }
    }

    /**
     * {@return what computes, opened: as {@code auto} never the reference, in which a training takes days instead of minutes}
     *
     * @throws RefusedException if it cannot be used here
     */
    public Devices.Choice device() {
        String name = settings.choice(Key.DEVICE);
        if (name.equals(Devices.AUTO)) {
            requireFast();
        }
        return Devices.open(name, ThreadCount.of(settings).threads(), deviceSettings());
    }

    /** Returns what is asked of the device besides: of one that cannot have it, opening says so. */
    private Map<String, String> deviceSettings() {
        Map<String, String> asked = new HashMap<>();
        if (settings.choice(Key.PRECISION).equals("tf32")) {
            asked.put("tf32", "on");
        }
        String convolution = settings.choice(Key.CONVOLUTION);
        if (!convolution.equals("auto")) {
            asked.put("convolution", convolution);
        }
        return asked;
    }

    private static void requireFast() {
        List<String> reasons = new ArrayList<>();
        for (DeviceProvider provider : Devices.providers()) {
            Optional<String> reason = provider.unavailable();
            if (reason.isEmpty() && !provider.name().equals("reference")) {
                return;
            }
            reason.ifPresent(why -> reasons.add(provider.name() + ": " + why.replaceFirst("\\.$", "")));
        }
        String why = reasons.isEmpty() ? "the class path has no kib4j-cpu" : String.join("; ", reasons);
        throw new RefusedException("No fast device can be used here (" + why
                + "); the reference is many times slower: ask for it with --device reference.");
    }

    /**
     * What training needs, and what there is.
     *
     * @param byRule an estimate for each rule, in their order; empty if one is beyond all counting
     * @param budget what there is, on the host and on the device that it was planned on
     */
    public record Memory(Map<String, MemoryEstimate> byRule, MemoryBudget budget) {
        /** {@return the estimate of the most demanding rule; empty if it is beyond all counting} */
        public Optional<MemoryEstimate> largest() {
            return RunPlan.largest(byRule);
        }
    }

    /**
     * {@return the memory that training needs, planned on the device that the settings name}
     *
     * @param images that are trained and tested on
     * @throws UsageException if the settings do not fit each other or the data
     */
    public Memory memory(Sizes images) {
        try (Device device = device().device()) {
            Map<String, MemoryEstimate> byRule = memory(device, images);
            return new Memory(byRule, budget(device)); // once planning has opened what it needs
        }
    }

    private Map<String, MemoryEstimate> memory(Device device, Sizes images) {
        Map<String, MemoryEstimate> estimates = new LinkedHashMap<>();
        for (String rule : rules()) {
            TrainingConfig training = training(rule, images.image(), images.classes());
            Optional<MemoryEstimate> estimate = MemoryEstimate.of(device, images, training);
            if (estimate.isEmpty()) {
                return Map.of();
            }
            estimates.put(rule, estimate.get());
        }
        return estimates;
    }

    /** Returns the estimate of the most demanding rule; empty if it is beyond all counting. */
    Optional<MemoryEstimate> largest(Device device, Sizes images) {
        return largest(memory(device, images));
    }

    private static Optional<MemoryEstimate> largest(Map<String, MemoryEstimate> byRule) {
        return byRule.values().stream().max(Comparator.comparingLong(MemoryEstimate::onDevice));
    }

    /** Returns the memory that there is for a run on a device. */
    static MemoryBudget budget(Device device) {
        OptionalLong host = new Machine(Path.of("/")).availableMemory();
        return MemoryBudget.of(
                device,
                device.name().equals("reference") // its numbers are Java's
                        ? OptionalLong.of(Math.min(
                                host.orElse(Long.MAX_VALUE),
                                Runtime.getRuntime().maxMemory()))
                        : host);
    }

    private NetworkSpec network(Shape image, int classes) {
        LayerSpec style = style();
        NetworkSpec ungrouped = network(image, classes, style.withGrouping(null));
        checkGroups(ungrouped);
        checkCells(ungrouped);
        return network(image, classes, style);
    }

    private NetworkSpec network(Shape image, int classes, LayerSpec style) {
        double width = settings.number(Key.WIDTH);
        if (settings.choice(Key.MODEL).equals("mlp")) {
            List<Integer> units = settings.integers(Key.LAYERS).stream()
                    .map(n -> scaled(n, width, Key.LAYERS))
                    .toList();
            return NetworkSpec.mlp(image, units, classes, style).withReadout(readout());
        }
        int[] channels = settings.integers(Key.CHANNELS).stream()
                .mapToInt(n -> scaled(n, width, Key.CHANNELS))
                .toArray();
        Set<Integer> pooled =
                settings.integers(Key.POOL_AFTER).stream().map(k -> k - 1).collect(Collectors.toSet());
        checkPooling(image, channels.length);
        return NetworkSpec.vgg(image, channels, pooled, settings.integer(Key.LINEAR), classes, style)
                .withReadout(readout());
    }

    private ReadoutSpec readout() {
        return settings.choice(Key.READOUT).equals("all")
                ? new ReadoutSpec(settings.integer(Key.READOUT_FEATURES))
                : ReadoutSpec.LAST;
    }

    /** Refuses poolings after convolutions that are not there, and of images too small to be halved. */
    private void checkPooling(Shape image, int convolutions) {
        Shape pooled = image;
        for (int after :
                settings.integers(Key.POOL_AFTER).stream().sorted().distinct().toList()) {
            if (after > convolutions) {
                throw new UsageException("--pool-after names convolution " + after + ", but there "
                        + (convolutions == 1 ? "is " : "are ") + convolutions + ".");
            }
            if (pooled.extent(1) < 2 || pooled.extent(2) < 2) {
                throw new UsageException("--pool-after " + settings.text(Key.POOL_AFTER) + " halves images of "
                        + image.extent(1) + "x" + image.extent(2) + " too often: before convolution " + after
                        + " they are " + pooled.extent(1) + "x" + pooled.extent(2) + "; leave out " + after
                        + " and what follows.");
            }
            pooled = Shape.of(pooled.extent(0), pooled.extent(1) / 2, pooled.extent(2) / 2);
        }
    }

    /** Refuses groups that do not divide a layer, and names those that divide all. */
    private void checkGroups(NetworkSpec ungrouped) {
        int groups = settings.integer(Key.GROUPS);
        List<Long> sizes = ungrouped.shapes().stream().skip(1).map(Shape::size).toList();
        for (int i = 0; i < sizes.size() && groups > 0; i++) {
            if (sizes.get(i) % groups != 0 || sizes.get(i) / groups < 2) {
                throw new UsageException("Hidden layer " + (i + 1) + " has " + Words.count(sizes.get(i), "activity")
                        + ", which " + Words.count(groups, "group") + (groups == 1 ? " does" : " do")
                        + " not divide into equal groups of at least 2; "
                        + remedy(groups, sizes) + ".");
            }
        }
    }

    /** Refuses groups that are not of whole channels, where they are cut into cells, and names those that are. */
    private void checkCells(NetworkSpec ungrouped) {
        int groups = settings.integer(Key.GROUPS);
        List<Long> channels = ungrouped.shapes().stream()
                .skip(1)
                .map(shape -> (long) shape.extent(0))
                .toList();
        for (int i = 0; i < channels.size() && hasCells(); i++) {
            if (channels.get(i) % groups != 0) {
                throw new UsageException("--cells are of groups of whole channels, but "
                        + Words.count(groups, "group") + (groups == 1 ? " does" : " do") + " not divide the "
                        + channels.get(i) + " of hidden layer " + (i + 1) + "; " + remedy(groups, channels) + ".");
            }
        }
    }

    /** Returns the numbers of groups next to the wanted one that divide all layers. */
    private static String remedy(int groups, List<Long> sizes) {
        long common = sizes.stream().reduce(0L, RunPlan::greatestCommonDivisor);
        long most = sizes.stream().mapToLong(size -> size / 2).min().orElse(0);
        List<String> fit = new ArrayList<>();
        LongStream below = LongStream.iterate(Math.min(groups, most), n -> n > 1, n -> n - 1);
        LongStream above = LongStream.rangeClosed(groups + 1L, Math.min(most, common));
        for (LongStream numbers : List.of(below, above)) {
            numbers.filter(n -> common % n == 0).findFirst().ifPresent(n -> fit.add("--groups " + n));
        }
        return fit.isEmpty()
                ? "no number of groups does: change the layers, or give --groups 0"
                : "take " + Words.or(fit);
    }

    private static long greatestCommonDivisor(long a, long b) {
        return b == 0 ? a : greatestCommonDivisor(b, a % b);
    }

    private static int scaled(int units, double width, Key key) {
        double scaled = units * width;
        if (!(scaled >= 1) || scaled != Math.rint(scaled) || scaled > Integer.MAX_VALUE) {
            throw new UsageException(
                    "--width " + width + " leaves no whole number of units of --" + key.title() + " " + units + ".");
        }
        return (int) scaled;
    }

    private LayerSpec style() {
        Activation activation = switch (settings.choice(Key.ACTIVATION)) {
            case "relu" -> Activation.RELU;
            case "selu" -> Activation.SELU;
            default -> Activation.LEAKY_RELU;
        };
        return LayerSpec.linear(1)
                .withActivation(activation)
                .withBatchNorm(settings.flag(Key.BATCH_NORM))
                .withBias(settings.flag(Key.BIAS))
                .withDropout(new Dropout(settings.number(Key.DROPOUT), activation == Activation.SELU))
                .withGrouping(grouping());
    }

    private @Nullable Grouping grouping() {
        int groups = settings.integer(Key.GROUPS);
        boolean divisive = settings.flag(Key.DIVISIVE_NORM);
        if (groups == 0 && divisive) {
            throw new UsageException("--divisive-norm needs groups to normalize in; give --groups N.");
        }
        if (groups == 0) {
            return null;
        }
        double q = divisive ? settings.number(Key.DIVISIVE_POWER) : 0;
        return new Grouping(groups, settings.number(Key.POWER), settings.number(Key.DELTA), q);
    }

    private Rule rule(String name, NetworkSpec network, int classes) {
        return switch (name) {
            case "readout" -> new ReadoutRule();
            case "backprop" -> backprop(Feedback.Kind.EXACT);
            case "feedback-alignment" -> backprop(Feedback.Kind.RANDOM);
            case "sign-symmetry" -> backprop(Feedback.Kind.SIGNS);
            case "layerwise" -> layerwise(name, classes, Feedback.Kind.EXACT);
            case "layerwise-feedback-alignment" -> layerwise(name, classes, Feedback.Kind.RANDOM);
            default -> {
                TeachingSignal teaching = teaching(network.input(), classes);
                yield Extensions.rule(new RuleProvider.Request(name, settings, network, classes, teaching))
                        .orElseGet(() -> new LocalRule(
                                name, cells(dependence(name, network.hidden().size())), teaching));
            }
        };
    }

    /** Returns an objective whose codes are of groups in cells, where that is asked for. */
    private Objective.Kind cells(Objective.Kind objective) {
        return hasCells() ? new CellCodes(objective, settings.integers(Key.CELLS)) : objective;
    }

    /** Cells are of groups of channels. */
    private boolean hasCells() {
        return new Effects(settings).hasCells() && new Effects(settings).whyNone(Key.CELLS) == null;
    }

    /** Returns the objective that compares codes: of all layers, or one for each where gamma is not the same for all. */
    private Objective.Kind dependence(String rule, int layers) {
        List<Double> gammas = settings.numbers(Key.GAMMA);
        if (gammas.size() != 1 && gammas.size() != layers) {
            throw new UsageException("--gamma has " + gammas.size() + " numbers, but there "
                    + (layers == 1 ? "is 1 hidden layer" : "are " + layers + " hidden layers") + "; give one number"
                    + (layers == 1 ? "." : ", or " + layers + "."));
        }
        List<Objective.Kind> kinds =
                gammas.stream().map(gamma -> dependence(rule, gamma)).toList();
        return gammas.stream().distinct().count() == 1 ? kinds.get(0) : new LayerObjectives(kinds);
    }

    private Objective.Kind dependence(String rule, double gamma) {
        Kernel kernel = kernel(Key.KERNEL);
        boolean centred = settings.flag(Key.CENTRE_CODES);
        if (rule.equals("hebbian-pairs")) {
            return new HebbianPairs(kernel, centred, gamma, pairs());
        }
        Estimator estimator = rule.equals("hsic") ? Estimator.HSIC : Estimator.PHSIC;
        return LocalObjective.of(new ObjectiveOps.Spec(estimator, kernel, centred, gamma));
    }

    private Rule backprop(Feedback.Kind feedback) {
        return new BackpropRule(feedback, settings.flag(Key.GRADIENT_SIGNS));
    }

    private Rule layerwise(String name, int classes, Feedback.Kind feedback) {
        String taught = taught();
        if (!taught.equals("labels")) {
            throw new UsageException("The rule " + name + " learns classes from their labels, and --teaching is "
                    + taught + "; phsic, hsic and hebbian-pairs learn from it.");
        }
        return new LocalRule(
                name,
                new LocalClassification(
                        classes, settings.integer(Key.LOCAL_FEATURES), feedback, settings.number(Key.LABEL_SMOOTHING)),
                labels(classes));
    }

    private String taught() {
        return Extensions.choice(Key.TEACHING, settings.text(Key.TEACHING));
    }

    private PairMemory pairs() {
        String taught = taught();
        if (!settings.choice(Key.PAIRS).equals("batch") && Effects.SIMILARITIES.contains(taught)) {
            throw new UsageException(
                    "--pairs " + settings.choice(Key.PAIRS) + " compares with samples of batches before,"
                            + " of which --teaching " + taught
                            + " says nothing; give --pairs batch, or --teaching labels or targets.");
        }
        if (settings.choice(Key.PAIRS).equals("averages")
                && taught.equals("targets")
                && settings.choice(Key.LABEL_KERNEL).equals("gaussian")) {
            throw new UsageException("--pairs averages holds what the linear and cosine kernels need of target vectors;"
                    + " give another --label-kernel, or --pairs last.");
        }
        double rate = settings.number(Key.PAIRS_RATE);
        return switch (settings.choice(Key.PAIRS)) {
            case "last" -> new PairMemory.Last(settings.integer(Key.PAIRS_KEPT), rate);
            case "averages" -> new PairMemory.Averages(rate);
            default -> new PairMemory.Batch();
        };
    }

    /** Returns what a rule that compares codes is taught by. */
    private TeachingSignal teaching(Shape image, int classes) {
        String by = taught();
        if (settings.number(Key.MIXUP) > 0 && !by.equals("labels")) {
            throw new UsageException("--mixup mixes class labels, but --teaching " + by
                    + " does without; give --teaching labels, or --mixup 0.");
        }
        return switch (by) {
            case "judgements" ->
                TeachingSignals.judgements(
                        settings.number(Key.JUDGEMENTS_FLIPPED),
                        settings.number(Key.JUDGEMENTS_UNKNOWN),
                        settings.seed());
            case "views" -> views();
            case "targets" -> TeachingSignals.pictures(image, WINDOW, kernel(Key.LABEL_KERNEL), true);
            case "labels" -> labels(classes);
            default ->
                Extensions.teaching(by, new TeachingProvider.Request(settings, image, classes))
                        .orElseThrow();
        };
    }

    /** Refuses views that there are not, and such as are all the same. */
    private TeachingSignal views() {
        if (settings.integer(Key.VIEWS) < 2) {
            throw new UsageException(
                    "--teaching views compares views of one image, of which there is only one; give --views 2.");
        }
        String same = new Effects(settings).withoutAugmentation();
        if (same != null) {
            throw new UsageException("--teaching views compares an image cropped in different ways, but " + same
                    + "; give --augment true --shift 2.");
        }
        return TeachingSignals.views();
    }

    private TeachingSignal labels(int classes) {
        return TeachingSignals.classes(classes, kernel(Key.LABEL_KERNEL), true);
    }

    /**
     * {@return a kernel}
     *
     * @param key which one: on codes, or on labels
     */
    public Kernel kernel(Key key) {
        return switch (settings.choice(key)) {
            case "linear" -> Kernel.LINEAR;
            case "cosine" -> Kernel.COSINE;
            default -> new Kernel(Kernel.Kind.GAUSSIAN, settings.numbers(Key.SIGMA));
        };
    }

    private OptimizerSpec optimizer(Key rate, Key decay) {
        double learningRate = settings.number(rate);
        double weightDecay = settings.number(decay);
        OptimizerSpec usual = switch (settings.choice(Key.OPTIMIZER)) {
            case "adam" -> OptimizerSpec.adam(learningRate, weightDecay);
            case "adamw" -> OptimizerSpec.adamW(learningRate, weightDecay);
            default -> OptimizerSpec.sgd(learningRate, settings.number(Key.MOMENTUM), weightDecay);
        };
        return usual.withMuon(settings.number(Key.MUON));
    }

    Schedule schedule() {
        Schedule schedule = switch (settings.choice(Key.SCHEDULE)) {
            case "constant" -> new Schedule.Constant();
            case "cosine" -> new Schedule.Cosine();
            case "one-cycle" -> new Schedule.OneCycle(0.3);
            default -> new Schedule.MultiStep(settings.integers(Key.MILESTONES), settings.number(Key.LR_DECAY));
        };
        double warmUp = settings.number(Key.WARM_UP);
        return warmUp > 0 ? new Schedule.WarmUp(warmUp, schedule) : schedule;
    }
}
