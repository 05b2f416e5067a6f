package io.github.kib4j.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** A setting: an option {@code --NAME} of the command line and a key {@code NAME} of configuration files. */
enum Key {
    DATASET(
            "dataset",
            Type.TEXT,
            "shapes",
            "data set: shapes, mnist, fashion-mnist, kmnist, cifar10, cifar100, folder"),
    DATA(
            "data",
            Type.TEXT,
            "",
            "folder (or CIFAR archive) of the data set; default: look in the cache and the usual places"),
    VALIDATION("validation", Type.FLAG, "false", "train on nine tenths and test on the authors' validation split"),
    LIMIT_TRAIN(
            "limit-train",
            Type.INTEGER,
            Range.COUNT,
            "0",
            "train on so many images only: the first, or of a folder each class's share; 0 for all"),
    LIMIT_TEST(
            "limit-test",
            Type.INTEGER,
            Range.COUNT,
            "0",
            "test on so many images only, chosen as for training; 0 for all"),
    AUGMENT("augment", Type.FLAG, "true", "crop and mirror training images where that is usual for the data set"),
    MODEL("model", Type.TEXT, "vgg", "network: mlp or vgg"),
    WIDTH("width", Type.NUMBER, new Range(0, 1000, true, false, ""), "1.0", "factor of units or channels"),
    LAYERS("layers", Type.INTEGERS, Range.UNITS, "1024,1024,1024", "units of an mlp's hidden layers"),
    CHANNELS("channels", Type.INTEGERS, Range.UNITS, "128,256,256,512,512,512", "channels of a vgg's 3x3 convolutions"),
    POOL_AFTER(
            "pool-after",
            Type.INTEGERS,
            Range.between(1, 1000),
            "2,4,5,6",
            "convolutions, from 1, that 2x2 max-pooling follows"),
    LINEAR(
            "linear",
            Type.INTEGER,
            Range.between(0, Range.MOST_UNITS),
            "1024",
            "units of a vgg's linear hidden layer; 0 for none"),
    ACTIVATION("activation", Type.TEXT, "leaky-relu", "relu, leaky-relu or selu"),
    BATCH_NORM("batch-norm", Type.FLAG, "false", "batch normalization in hidden layers"),
    BIAS("bias", Type.FLAG, "false", "biases in hidden layers"),
    DROPOUT("dropout", Type.NUMBER, Range.fraction(), "0.0", "dropout rate; alpha dropout with selu"),
    RULE(
            "rule",
            Type.TEXT,
            "phsic",
            "learning rule: phsic, hsic, readout, backprop; several with commas run one after the other"),
    KERNEL("kernel", Type.TEXT, "cosine", "kernel on codes: linear, cosine, gaussian"),
    LABEL_KERNEL("label-kernel", Type.TEXT, "cosine", "kernel on labels: linear, cosine, gaussian"),
    SIGMA("sigma", Type.NUMBER, Range.between(1e-6, 1e6), "5.0", "width of Gaussian kernels"),
    GAMMA("gamma", Type.NUMBER, Range.between(0, 1e6), "2.0", "weight of the label term"),
    GROUPS("groups", Type.INTEGER, Range.COUNT, "0", "groups of a layer's activities; 0 for none"),
    DIVISIVE_NORM("divisive-norm", Type.FLAG, "false", "divisive normalization within groups"),
    POWER(
            "power",
            Type.NUMBER,
            new Range(0, 10, true, false, ""),
            "0.5",
            "power p of the grouping; default 0.5, or 1 - q with divisive normalization"),
    DIVISIVE_POWER(
            "divisive-power",
            Type.NUMBER,
            new Range(0, 10, true, false, ""),
            "0.2",
            "power q of the divisive normalization"),
    DELTA("delta", Type.NUMBER, Range.between(0, 1e6), "1.0", "delta of the grouping"),
    CENTRE_CODES("centre-codes", Type.FLAG, "false", "centre codes within a sample; default: with groups"),
    EPOCHS("epochs", Type.INTEGER, Range.between(1, 1_000_000), "10", "epochs"),
    BATCH(
            "batch",
            Type.INTEGER,
            Range.between(2, Integer.MAX_VALUE).because("objectives compare at least 2 samples"),
            "128",
            "samples of a step"),
    OPTIMIZER("optimizer", Type.TEXT, "sgd", "sgd, adam or adamw"),
    MOMENTUM("momentum", Type.NUMBER, Range.fraction(), "0.95", "momentum of sgd"),
    LR_LOCAL("lr-local", Type.NUMBER, Range.RATE, "0.5", "learning rate of hidden layers under local rules"),
    LR_READOUT(
            "lr-readout",
            Type.NUMBER,
            Range.RATE,
            "5.0E-4",
            "learning rate of the readout, and of everything under backprop"),
    WEIGHT_DECAY_LOCAL(
            "weight-decay-local", Type.NUMBER, Range.RATE, "1.0E-7", "weight decay of hidden layers under local rules"),
    WEIGHT_DECAY_READOUT(
            "weight-decay-readout",
            Type.NUMBER,
            Range.RATE,
            "1.0E-6",
            "weight decay of the readout, and of everything under backprop"),
    SCHEDULE("schedule", Type.TEXT, "multi-step", "of learning rates: constant, multi-step, cosine, one-cycle"),
    MILESTONES(
            "milestones",
            Type.INTEGERS,
            Range.between(1, 1_000_000),
            "",
            "epochs at which multi-step lowers learning rates"),
    LR_DECAY("lr-decay", Type.NUMBER, Range.between(0, 1000), "0.25", "factor at each milestone"),
    WARM_UP("warm-up", Type.NUMBER, Range.between(0, 1_000_000), "0.0", "epochs of linear warm-up"),
    CHECKPOINT_STEPS(
            "checkpoint-steps",
            Type.INTEGER,
            Range.between(0, Integer.MAX_VALUE),
            "0",
            "save every N steps, besides at the start and after each epoch; 0 for not"),
    DEVICE("device", Type.TEXT, "auto", "auto, cpu or reference"),
    PRECISION("precision", Type.TEXT, "f32", "f32 or bf16"),
    THREADS("threads", Type.INTEGER, Range.between(1, 1024), "", "processor threads; default: all"),
    SEED("seed", Type.INTEGER, "0", "of weights, order, augmentation and dropout");

    /** How a value is written. */
    enum Type {
        TEXT("TEXT", "text"),
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

        String label() {
            return label;
        }

        String words() {
            return words;
        }
    }

    private final String title;
    private final Type type;
    private final Range range;
    private final String fallback;
    private final String help;

    Key(String title, Type type, String fallback, String help) {
        this(title, type, Range.ANY, fallback, help);
    }

    Key(String title, Type type, Range range, String fallback, String help) {
        this.title = title;
        this.type = type;
        this.range = range;
        this.fallback = fallback;
        this.help = help;
    }

    String title() {
        return title;
    }

    Type type() {
        return type;
    }

    String fallback() {
        return fallback;
    }

    String help() {
        return help;
    }

    static Optional<Key> named(String title) {
        return Arrays.stream(values()).filter(key -> key.title.equals(title)).findFirst();
    }

    /**
     * Returns the value in its usual writing.
     *
     * @throws UsageException if it is none of this type or outside the range
     */
    String normalize(String value) {
        String trimmed = value.trim();
        try {
            return switch (type) {
                case TEXT -> trimmed;
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

    static List<Integer> integers(String value) {
        return value.isBlank()
                ? List.of()
                : Arrays.stream(value.split(","))
                        .map(part -> Integer.parseInt(part.trim()))
                        .toList();
    }
}
