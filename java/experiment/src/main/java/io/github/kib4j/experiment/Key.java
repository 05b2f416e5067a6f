package io.github.kib4j.experiment;

import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.op.DeviceProvider;
import io.github.kib4j.op.Devices;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A setting: an option {@code --NAME} of the command line and a key {@code NAME} of configuration files. */
public enum Key {
    DATASET("dataset", Group.DATA, Datasets::names, "shapes", ""),
    DATA(
            "data",
            Group.DATA,
            Type.TEXT,
            Range.ANY,
            "",
            "folder (or CIFAR archive) of the data set; default: look in the cache and the usual places"),
    VALIDATION(
            "validation",
            Group.DATA,
            Type.FLAG,
            Range.ANY,
            "false",
            "train on nine tenths and test on the authors' validation split, or on the val part of a folder that has one beside test"),
    LIMIT_TRAIN(
            "limit-train",
            Group.DATA,
            Type.INTEGER,
            Range.COUNT,
            "0",
            "train on so many images only: the first, or of a folder each class's share; 0 for all"),
    LIMIT_TEST(
            "limit-test",
            Group.DATA,
            Type.INTEGER,
            Range.COUNT,
            "0",
            "test on so many images only, chosen as for training; 0 for all"),
    AUGMENT(
            "augment",
            Group.DATA,
            Type.FLAG,
            Range.ANY,
            "true",
            "crop and mirror training images where that is usual for the data set"),
    MODEL("model", Group.NETWORK, "vgg", "", "mlp", "vgg"),
    LAYERS("layers", Group.NETWORK, Type.INTEGERS, Range.UNITS, "1024,1024,1024", "mlp: units of hidden layers"),
    CHANNELS(
            "channels",
            Group.NETWORK,
            Type.INTEGERS,
            Range.UNITS,
            "128,256,256,512,512,512",
            "vgg: channels of 3x3 convolutions"),
    POOL_AFTER(
            "pool-after",
            Group.NETWORK,
            Type.INTEGERS,
            Range.between(1, 1000),
            "2,4,5,6",
            "vgg: convolutions, from 1, that 2x2 max-pooling follows; default 2,4,5,6, as far as there are so many"
                    + " and images are large enough"),
    LINEAR(
            "linear",
            Group.NETWORK,
            Type.INTEGER,
            Range.between(0, Range.MOST_UNITS),
            "1024",
            "vgg: units of the linear hidden layer; 0 for none"),
    WIDTH(
            "width",
            Group.NETWORK,
            Type.NUMBER,
            new Range(0, 1000, true, false, ""),
            "1.0",
            "factor of units or channels"),
    ACTIVATION("activation", Group.NETWORK, "leaky-relu", "", "relu", "leaky-relu", "selu"),
    BATCH_NORM("batch-norm", Group.NETWORK, Type.FLAG, Range.ANY, "false", "batch normalization in hidden layers"),
    BIAS("bias", Group.NETWORK, Type.FLAG, Range.ANY, "false", "biases in hidden layers"),
    DROPOUT("dropout", Group.NETWORK, Type.NUMBER, Range.fraction(), "0.0", "dropout rate; alpha dropout with selu"),
    GROUPS("groups", Group.NETWORK, Type.INTEGER, Range.COUNT, "0", "groups of a layer's activities; 0 for none"),
    DELTA("delta", Group.NETWORK, Type.NUMBER, Range.between(0, 1e6), "1.0", "delta of the grouping"),
    POWER(
            "power",
            Group.NETWORK,
            Type.NUMBER,
            new Range(0, 10, true, false, ""),
            "0.5",
            "power p of the grouping; default 0.5, or 1 - q with divisive normalization"),
    DIVISIVE_NORM(
            "divisive-norm", Group.NETWORK, Type.FLAG, Range.ANY, "false", "divisive normalization within groups"),
    DIVISIVE_POWER(
            "divisive-power",
            Group.NETWORK,
            Type.NUMBER,
            new Range(0, 10, true, false, ""),
            "0.2",
            "power q of the divisive normalization"),
    RULE("rule", Group.RULE, Key::rules, "phsic", "learning rule, or several with commas, one after the other"),
    KERNEL("kernel", Group.RULE, "cosine", "kernel on codes", "linear", "cosine", "gaussian"),
    LABEL_KERNEL("label-kernel", Group.RULE, "cosine", "kernel on labels", "linear", "cosine", "gaussian"),
    SIGMA("sigma", Group.RULE, Type.NUMBER, Range.between(1e-6, 1e6), "5.0", "width of Gaussian kernels"),
    GAMMA("gamma", Group.RULE, Type.NUMBER, Range.between(0, 1e6), "2.0", "weight of the label term"),
    CENTRE_CODES(
            "centre-codes",
            Group.RULE,
            Type.FLAG,
            Range.ANY,
            "false",
            "centre codes within a sample; default: where there are groups"),
    EPOCHS(
            "epochs",
            Group.OPTIMIZER,
            Type.INTEGER,
            Range.between(1, 1_000_000),
            "10",
            "how often all training images are seen"),
    BATCH(
            "batch",
            Group.OPTIMIZER,
            Type.INTEGER,
            Range.between(2, Integer.MAX_VALUE).because("objectives compare at least 2 samples"),
            "128",
            "images of a step"),
    OPTIMIZER("optimizer", Group.OPTIMIZER, "sgd", "", "sgd", "adam", "adamw"),
    MOMENTUM("momentum", Group.OPTIMIZER, Type.NUMBER, Range.fraction(), "0.95", "momentum of sgd"),
    LR_LOCAL(
            "lr-local",
            Group.OPTIMIZER,
            Type.NUMBER,
            Range.RATE,
            "0.5",
            "learning rate of hidden layers under local rules"),
    LR_READOUT(
            "lr-readout",
            Group.OPTIMIZER,
            Type.NUMBER,
            Range.RATE,
            "5.0E-4",
            "learning rate of the readout, and of everything under backprop"),
    WEIGHT_DECAY_LOCAL(
            "weight-decay-local",
            Group.OPTIMIZER,
            Type.NUMBER,
            Range.RATE,
            "1.0E-7",
            "weight decay of hidden layers under local rules"),
    WEIGHT_DECAY_READOUT(
            "weight-decay-readout",
            Group.OPTIMIZER,
            Type.NUMBER,
            Range.RATE,
            "1.0E-6",
            "weight decay of the readout, and of everything under backprop"),
    SCHEDULE(
            "schedule",
            Group.OPTIMIZER,
            "multi-step",
            "of learning rates",
            "constant",
            "multi-step",
            "cosine",
            "one-cycle"),
    MILESTONES(
            "milestones",
            Group.OPTIMIZER,
            Type.INTEGERS,
            Range.between(1, 1_000_000),
            "",
            "epochs at which multi-step lowers learning rates; default: none"),
    LR_DECAY("lr-decay", Group.OPTIMIZER, Type.NUMBER, Range.between(0, 1000), "0.25", "factor at each milestone"),
    WARM_UP("warm-up", Group.OPTIMIZER, Type.NUMBER, Range.between(0, 1_000_000), "0.0", "epochs of linear warm-up"),
    SEED("seed", Group.RUN, Type.INTEGER, Range.ANY, "0", "of weights, order, augmentation and dropout"),
    WEIGHTS(
            "weights",
            Group.RUN,
            Type.TEXT,
            Range.ANY,
            "",
            "begin from the weights in a safetensors file, as runs and PyTorch save them"),
    DEVICE(
            "device",
            Group.RUN,
            Key::devices,
            "auto",
            "what computes (auto: the fastest there is, but never the reference, which is slow)"),
    PRECISION("precision", Group.RUN, "f32", "of activations", "f32", "bf16"),
    THREADS(
            "threads",
            Group.RUN,
            Type.INTEGER,
            Range.between(1, 1024),
            "",
            "processor threads; default: OMP_NUM_THREADS if that is set, else all"),
    CHECKPOINT_STEPS(
            "checkpoint-steps",
            Group.RUN,
            Type.INTEGER,
            Range.between(0, Integer.MAX_VALUE),
            "0",
            "save every N steps, besides at the start and after each epoch; 0 for not");

    /** What settings are about: headings of the help. */
    public enum Group {
        DATA("Data"),
        NETWORK("Network"),
        RULE("Rule"),
        OPTIMIZER("Optimizer"),
        RUN("Run");

        private final String title;

        Group(String title) {
            this.title = title;
        }

        public String title() {
            return title;
        }
    }

    /** Below it numbers are shown with a power of ten. */
    private static final double SMALL = 1e-3;

    /** How a value is written. */
    public enum Type {
        TEXT("PATH", "text"),
        CHOICE("NAME", "a name"),
        INTEGER("N", "a whole number"),
        NUMBER("X", "a number"),
        FLAG("true|false", "true or false"),
        INTEGERS("N,N,...", "whole numbers with commas between them");

        private final String label;
        private final String words;

        Type(String label, String words) {
            this.label = label;
            this.words = words;
        }

        public String label() {
            return label;
        }

        public String words() {
            return words;
        }
    }

    private final String title;
    private final Group group;
    private final Type type;
    private final Range range;
    private final Supplier<List<String>> choices;
    private final String fallback;
    private final String help;

    Key(String title, Group group, Type type, Range range, String fallback, String help) {
        this(title, group, type, range, List::of, fallback, help);
    }

    Key(String title, Group group, String fallback, String help, String... choices) {
        this(title, group, () -> List.of(choices), fallback, help);
    }

    Key(String title, Group group, Supplier<List<String>> choices, String fallback, String help) {
        this(title, group, Type.CHOICE, Range.ANY, choices, fallback, help);
    }

    Key(
            String title,
            Group group,
            Type type,
            Range range,
            Supplier<List<String>> choices,
            String fallback,
            String help) {
        this.title = title;
        this.group = group;
        this.type = type;
        this.range = range;
        this.choices = choices;
        this.fallback = fallback;
        this.help = help;
    }

    private static List<String> rules() {
        return List.of("phsic", "hsic", "readout", "backprop");
    }

    private static List<String> devices() {
        return Stream.concat(
                        Stream.of(Devices.AUTO), Devices.providers().stream().map(DeviceProvider::name))
                .toList();
    }

    public String title() {
        return title;
    }

    public Type type() {
        return type;
    }

    public String fallback() {
        return fallback;
    }

    public Group group() {
        return group;
    }

    /** Returns the names that a value may be one of; empty where it is no name. */
    public List<String> choices() {
        return choices.get();
    }

    /** Returns what the help says: meaning, choices, default. */
    public String help() {
        String names = (choices().isEmpty() || help.isEmpty() ? "" : ": ") + Words.or(choices());
        boolean said = fallback.isEmpty() || help.contains("default");
        return help + names + (said ? "" : " (default: " + shown(fallback) + ")");
    }

    /** Returns a value as people write it: {@code 1}, {@code 5e-4}. */
    public String shown(String value) {
        if (type != Type.NUMBER) {
            return value;
        }
        double number = Double.parseDouble(value);
        boolean small = number != 0 && Math.abs(number) < SMALL;
        DecimalFormat format =
                new DecimalFormat(small ? "0.######E0" : "0.######", DecimalFormatSymbols.getInstance(Locale.ROOT));
        return format.format(number).toLowerCase(Locale.ROOT);
    }

    public static Optional<Key> named(String title) {
        return Arrays.stream(values()).filter(key -> key.title.equals(title)).findFirst();
    }

    /**
     * Returns the value in its usual writing.
     *
     * @throws UsageException if it is none of this type or outside the range
     */
    public String normalize(String value) {
        String trimmed = value.trim();
        try {
            return switch (type) {
                case TEXT -> trimmed;
                case CHOICE ->
                    Arrays.stream(trimmed.split(",", -1)).map(this::chosen).collect(Collectors.joining(","));
                case INTEGER -> Long.toString(inRange(Long.parseLong(trimmed)));
                case NUMBER -> Double.toString(inRange(Double.parseDouble(trimmed)));
                case FLAG -> flag(trimmed);
                case INTEGERS ->
                    integers(trimmed).stream()
                            .map(this::inRange)
                            .map(String::valueOf)
                            .collect(Collectors.joining(","));
            };
        } catch (IllegalArgumentException e) {
            throw new UsageException(
                    "--" + title + " must be " + type.words() + range.words() + ", but is '" + value + "'.");
        }
    }

    /** Returns the choice that is written otherwise, {@code FashionMNIST}; what is none stays as it is. */
    private String chosen(String value) {
        return Words.same(value.trim(), choices()).orElse(value.trim());
    }

    private <N extends Number> N inRange(N value) {
        if (!range.contains(value.doubleValue())) {
            throw new IllegalArgumentException("out of range");
        }
        return value;
    }

    private static String flag(String value) {
        if (!value.equals("true") && !value.equals("false")) {
            throw new IllegalArgumentException("neither true nor false");
        }
        return value;
    }

    public static List<Integer> integers(String value) {
        return value.isBlank()
                ? List.of()
                : Arrays.stream(value.split(","))
                        .map(part -> Integer.parseInt(part.trim()))
                        .toList();
    }
}
