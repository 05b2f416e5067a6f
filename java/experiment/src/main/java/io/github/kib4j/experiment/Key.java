package io.github.kib4j.experiment;

import static io.github.kib4j.experiment.Key.Type.FLAG;
import static io.github.kib4j.experiment.Key.Type.INTEGER;
import static io.github.kib4j.experiment.Key.Type.INTEGERS;
import static io.github.kib4j.experiment.Key.Type.NUMBER;
import static io.github.kib4j.experiment.Key.Type.NUMBERS;
import static io.github.kib4j.experiment.Key.Type.TEXT;

import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.datasets.ImageSize;
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
    /** Which images. */
    DATASET(Datasets::names, "shapes", ""),
    /** Where they are. */
    DATA(
            TEXT,
            "",
            "folder (or CIFAR archive, table, or array) of the data set; default: look in the cache and the usual places"),
    /** Which column of a table has the classes. */
    LABEL(Type.NAME, "", "csv: the column of the classes; default: the one called label, class, target, species or y"),
    /** Which columns of a table are not read. */
    LEAVE_OUT(Type.NAMES, "", "csv: columns that are not read, such as numbers of rows; default: none"),
    /** To what size images of a folder are brought. */
    RESIZE(
            Type.SIZE,
            "",
            "folder: bring images to NxN or HxW, scaled with their proportions and cropped at their middle; default: none"),
    /** Whether a part of the training images, or a folder's own, is tested on. */
    VALIDATION(
            FLAG,
            "false",
            "train on nine tenths and test on the authors' validation split, or on the val part of a folder that has one beside test"),
    /** How many images to train on. */
    LIMIT_TRAIN(
            INTEGER,
            Range.COUNT,
            "0",
            "train on so many images only: the first, or of a folder, table or arrays each class's share; 0 for all"),
    /** How many images to test on. */
    LIMIT_TEST(INTEGER, Range.COUNT, "0", "test on so many images only, chosen as for training; 0 for all"),
    /** Whether training images are cropped and mirrored. */
    AUGMENT(FLAG, "true", "crop and mirror training images where that is usual for the data set"),
    /** How far training images are shifted. */
    SHIFT(
            INTEGER,
            Range.between(0, 1000),
            "",
            "pixels by which crops move training images at most; default: what is usual, 4 for CIFAR, 12 for STL-10, 0 for others"),
    /** Whether training images are mirrored. */
    MIRROR(
            FLAG,
            "",
            "mirror training images at random; default: what is usual, true for CIFAR and STL-10, false for others"),
    /** How images are normalized. */
    NORMALIZE(
            "usual",
            "mean and deviation that images are normalized by: the usual ones of the data set, or those of each channel of the"
                    + " training images",
            "usual",
            "training"),
    /** How often an image is in a batch. */
    VIEWS(
            INTEGER,
            Range.between(1, 1000),
            "1",
            "how often an image is in an epoch, side by side in a batch, cropped and mirrored anew; the batch counts each"),
    /** Which kind of network. */
    MODEL("vgg", "", "mlp", "vgg"),
    /** Units of an MLP's hidden layers. */
    LAYERS(INTEGERS, Range.UNITS, "1024,1024,1024", "mlp: units of hidden layers"),
    /** Channels of a VGG's convolutions. */
    CHANNELS(INTEGERS, Range.UNITS, "128,256,256,512,512,512", "vgg: channels of 3x3 convolutions"),
    /** Which of a VGG's convolutions pooling follows. */
    POOL_AFTER(
            INTEGERS,
            Range.between(1, 1000),
            "2,4,5,6",
            "vgg: convolutions, from 1, that 2x2 max-pooling follows; default 2,4,5,6, as far as there are so many and images are large enough"),
    /** Units of a VGG's linear hidden layer. */
    LINEAR(INTEGER, Range.between(0, Range.MOST_UNITS), "1024", "vgg: units of the linear hidden layer; 0 for none"),
    /** Factor of units or channels. */
    WIDTH(NUMBER, Range.above(0, 1000), "1.0", "factor of units or channels"),
    /** The function {@code f} of pre-activations. */
    ACTIVATION("leaky-relu", "", "relu", "leaky-relu", "selu"),
    /** Whether pre-activations are normalized over the batch. */
    BATCH_NORM(FLAG, "false", "batch normalization in hidden layers"),
    /** Whether hidden layers have biases. */
    BIAS(FLAG, "false", "biases in hidden layers"),
    /** The rate of dropout. */
    DROPOUT(NUMBER, Range.FRACTION, "0.0", "dropout rate; alpha dropout with selu"),
    /** {@code G}, the groups of a layer's activities. */
    GROUPS(INTEGER, Range.COUNT, "0", "groups of a layer's activities; 0 for none"),
    /** {@code delta} of the grouping. */
    DELTA(NUMBER, Range.between(0, 1e6), "1.0", "delta of the grouping"),
    /** {@code p} of the grouping. */
    POWER(
            NUMBER,
            Range.above(0, 10),
            "0.5",
            "power p of the grouping; default 0.5, or 1 - q with divisive normalization"),
    /** Whether activities are normalized within groups. */
    DIVISIVE_NORM(FLAG, "false", "divisive normalization within groups"),
    /** {@code q} of the divisive normalization. */
    DIVISIVE_POWER(NUMBER, Range.above(0, 10), "0.2", "power q of the divisive normalization"),
    /** Which hidden layers the readout reads. */
    READOUT("last", "which hidden layers the readout reads", "last", "all"),
    /** What it reads of an image where it reads all. */
    READOUT_FEATURES(
            INTEGER, Range.UNITS, "2048", "readout of all: features, at most, that it reads of a layer's image"),
    /** Cells of images that groups are cut into. */
    CELLS(
            INTEGERS,
            Range.between(1, 64),
            "1",
            "phsic, hsic, hebbian-pairs: codes of groups in so many cells on a side of an image; of several, side by side"),
    /** By which rules to learn. */
    RULE(
            "phsic",
            "learning rule, or several with commas, one after the other",
            "phsic",
            "hsic",
            "hebbian-pairs",
            "layerwise",
            "layerwise-feedback-alignment",
            "readout",
            "backprop",
            "feedback-alignment",
            "sign-symmetry"),
    /** The kernel on codes. */
    KERNEL("cosine", "kernel on codes", "linear", "cosine", "gaussian"),
    /** The kernel on labels. */
    LABEL_KERNEL("cosine", "kernel on labels and targets", "linear", "cosine", "gaussian"),
    /** {@code sigma} of Gaussian kernels, or several. */
    SIGMA(NUMBERS, Range.between(1e-6, 1e6), "5.0", "width of Gaussian kernels; of several, their mean is the kernel"),
    /** {@code gamma}, the weight of the label term, of all hidden layers or of each. */
    GAMMA(NUMBERS, Range.between(0, 1e6), "2.0", "weight of the label term, or one for each hidden layer"),
    /** Whether codes are centred within a sample. */
    CENTRE_CODES(FLAG, "false", "centre codes within a sample; default: where there are groups"),
    /** What hidden layers are taught by. */
    TEACHING(
            "labels",
            "what local rules teach by: class labels; or without: judgements (whether two images are of one class),"
                    + " views (whether they are of one image), targets (the image itself, in means of 4x4 pixels)",
            "labels",
            "judgements",
            "views",
            "targets"),
    /** The part of judgements that are wrong. */
    JUDGEMENTS_FLIPPED(NUMBER, Range.FRACTION, "0.0", "part of the judgements that are wrong"),
    /** The part of judgements that are missing. */
    JUDGEMENTS_UNKNOWN(NUMBER, Range.FRACTION, "0.0", "part of the pairs that nothing is said of"),
    /** With what hebbian-pairs compares a sample. */
    PAIRS(
            "batch",
            "hebbian-pairs: a sample is compared with its batch, the last ones, or averages",
            "batch",
            "last",
            "averages"),
    /** How many samples are kept to be compared with. */
    PAIRS_KEPT(
            INTEGER, Range.between(1, 1_000_000), "1", "hebbian-pairs, last: samples before that one is compared with"),
    /** The rate of running averages. */
    PAIRS_RATE(NUMBER, Range.between(1e-6, 1), "0.01", "hebbian-pairs, last and averages: rate of running averages"),
    /** Features of local classifiers. */
    LOCAL_FEATURES(
            INTEGER, Range.UNITS, "2048", "layerwise: features, at most, that a layer's classifier reads of an image"),
    /** Whether only the signs of gradients are used. */
    GRADIENT_SIGNS(
            FLAG,
            "false",
            "backprop, feedback-alignment, sign-symmetry: use the gradients' signs only (batch Manhattan)"),
    /** How far labels are smoothed. */
    LABEL_SMOOTHING(
            NUMBER,
            Range.FRACTION,
            "0.0",
            "smoothing of labels where cross-entropy compares with them: the part that all classes share"),
    /** {@code alpha} of the parts in which images are mixed. */
    MIXUP(
            NUMBER,
            Range.between(0, 1e6),
            "0.0",
            "mix images and labels of a batch by parts of Beta(X, X), for example 0.2; 0 for not"),
    /** What classes weigh. */
    CLASS_WEIGHTS(
            Type.WEIGHTS,
            Range.between(1e-6, 1e6),
            "",
            "weights of classes in the readout's cross-entropy: balanced (by how rare each is), or one for each class; default: none"),
    /** How often all training images are seen. */
    EPOCHS(INTEGER, Range.EPOCHS, "10", "how often all training images are seen"),
    /** {@code B}, the images of a step. */
    BATCH(INTEGER, Range.SAMPLES, "128", "images of a step"),
    /** Which optimizer. */
    OPTIMIZER("sgd", "", "sgd", "adam", "adamw"),
    /** The momentum of SGD. */
    MOMENTUM(NUMBER, Range.FRACTION, "0.95", "momentum of sgd"),
    /** The learning rate of hidden layers under local rules. */
    LR_LOCAL(NUMBER, Range.RATE, "0.5", "learning rate of hidden layers under local rules"),
    /** The learning rate of the rest. */
    LR_READOUT(NUMBER, Range.RATE, "5.0E-4", "learning rate of the readout, and of everything where errors come back"),
    /** The weight decay of hidden layers under local rules. */
    WEIGHT_DECAY_LOCAL(NUMBER, Range.RATE, "1.0E-7", "weight decay of hidden layers under local rules"),
    /** The weight decay of the rest. */
    WEIGHT_DECAY_READOUT(
            NUMBER, Range.RATE, "1.0E-6", "weight decay of the readout, and of everything where errors come back"),
    /** The learning rate of orthogonalised momentum. */
    MUON(
            NUMBER,
            Range.RATE,
            "0.0",
            "learning rate of hidden layers' matrices by orthogonalised momentum (Muon), such as 0.02; 0 for the optimizer of the rest"),
    /** How learning rates change. */
    SCHEDULE("multi-step", "of learning rates", "constant", "multi-step", "cosine", "one-cycle"),
    /** Epochs at which they are lowered. */
    MILESTONES(INTEGERS, Range.EPOCHS, "", "epochs at which multi-step lowers learning rates; default: none"),
    /** Factor by which they are lowered. */
    LR_DECAY(NUMBER, Range.between(0, 1000), "0.25", "factor at each milestone"),
    /** Epochs in which they rise. */
    WARM_UP(NUMBER, Range.between(0, 1_000_000), "0.0", "epochs of linear warm-up"),
    /** The decay of averaged weights. */
    WEIGHT_AVERAGE(
            NUMBER,
            Range.FRACTION,
            "0.0",
            "decay, in a step, of the average of the weights that is evaluated, such as 0.999; 0 to evaluate the weights themselves"),
    /** Of all that is random. */
    SEED(INTEGER, "0", "of weights, order, augmentation and dropout"),
    /** A file of weights to begin from. */
    WEIGHTS(TEXT, "", "begin from the weights in a safetensors file, as runs and PyTorch save them"),
    /** What computes. */
    DEVICE(
            Key::devices,
            "auto",
            "what computes (auto: the fastest there is, but never the reference, which is slow; NAME:1: the second of a kind)"),
    /** The precision of activations, and of products. */
    PRECISION("f32", "of activations; tf32: f32, and products rounded, on cuda", "f32", "tf32", "bf16"),
    /** How convolutions are computed. */
    CONVOLUTION(
            "auto",
            "how cuda computes convolutions; auto: the fastest, as measured",
            "auto",
            "cudnn",
            "padded",
            "shifted",
            "windows",
            "matrix"),
    /** Processor threads. */
    THREADS(
            INTEGER,
            Range.between(1, 1024),
            "",
            "processor threads; default: OMP_NUM_THREADS if that is set, else all"),
    /** How often to save within an epoch. */
    CHECKPOINT_STEPS(
            INTEGER, Range.COUNT, "0", "save every N steps, besides at the start and after each epoch; 0 for not"),
    /** Whether test images are read mirrored too. */
    TEST_FLIPS(
            FLAG, "false", "also say how often the mean of the logits of a test image and its mirror image is right"),
    /** Whether gradients are compared with backprop's. */
    ALIGNMENT(
            FLAG,
            "false",
            "after each epoch write the angle between each layer's gradient and backprop's of the same images (metrics.jsonl)"),
    /** Whether it is written what each layer makes of test images. */
    LAYER_METRICS(
            FLAG,
            "false",
            "after each epoch write each layer's dependences, CKA, norms and dead units on test images (metrics.jsonl)"),
    /** How many images linear probes of the layers are fitted to. */
    PROBES(
            INTEGER,
            Range.COUNT,
            "0",
            "after each epoch write the accuracy of a linear probe of each layer, fitted to so many training images (2000 tell much); 0 for none"),
    /** Whether TensorBoard's files are written. */
    TENSORBOARD(FLAG, "false", "write what epochs come to for TensorBoard too, into the run's tensorboard folder");

    /** What settings are about: headings of the help. */
    public enum Group {
        /** Images. */
        DATA,
        /** What learns. */
        NETWORK,
        /** By which objective. */
        RULE,
        /** By which steps. */
        OPTIMIZER,
        /** Seed, device and files. */
        RUN;

        /** {@return the heading} */
        public String title() {
            return name().charAt(0) + name().substring(1).toLowerCase(Locale.ROOT);
        }
    }

    /** The first setting of each group. */
    private static final List<Key> BEGINNINGS = List.of(DATASET, MODEL, RULE, EPOCHS, SEED);

    /** Below the one and from the other on numbers are shown with a power of ten. */
    private static final double SMALL = 1e-3;

    private static final double LARGE = 1e6;

    /** How a value is written. */
    public enum Type {
        /** A path. */
        TEXT("PATH", "text"),
        /** A name of the user's own. */
        NAME("NAME", "a name"),
        /** Such names with commas. */
        NAMES("NAME,NAME,...", "names with commas between them"),
        /** One of the names there are, or for rules several with commas. */
        CHOICE("NAME", "a name"),
        /** A whole number. */
        INTEGER("N", "a whole number"),
        /** A number. */
        NUMBER("X", "a number"),
        /** A number, or several with commas. */
        NUMBERS("X,X,...", "a number, or several with commas between them,"),
        /** A size of images. */
        SIZE("N|HxW", "a whole number or two with an x between them, from 1 to " + ImageSize.LARGEST),
        /** Weights of classes. */
        WEIGHTS("balanced|X,X,...", "balanced, or numbers with commas between them,"),
        /** True or false. */
        FLAG("true|false", "true or false"),
        /** Whole numbers with commas. */
        INTEGERS("N,N,...", "whole numbers with commas between them");

        private final String label;
        private final String words;

        Type(String label, String words) {
            this.label = label;
            this.words = words;
        }

        /** {@return what stands for a value in the help} */
        public String label() {
            return label;
        }
    }

    private final Type type;
    private final Range range;
    private final Supplier<List<String>> choices;
    private final String fallback;
    private final String help;

    Key(Type type, String fallback, String help) {
        this(type, Range.ANY, fallback, help);
    }

    Key(Type type, Range range, String fallback, String help) {
        this(type, range, List::of, fallback, help);
    }

    Key(String fallback, String help, String... choices) {
        this(() -> List.of(choices), fallback, help);
    }

    Key(Supplier<List<String>> choices, String fallback, String help) {
        this(Type.CHOICE, Range.ANY, choices, fallback, help);
    }

    Key(Type type, Range range, Supplier<List<String>> choices, String fallback, String help) {
        this.type = type;
        this.range = range;
        this.choices = choices;
        this.fallback = fallback;
        this.help = help;
    }

    private static List<String> devices() {
        return Stream.concat(
                        Stream.of(Devices.AUTO), Devices.providers().stream().map(DeviceProvider::name))
                .toList();
    }

    /** {@return its name in files and, after two hyphens, on the command line} */
    public String title() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** {@return how its value is written} */
    public Type type() {
        return type;
    }

    /** {@return its value where it is not set; empty where it has none, or one that depends on others} */
    public String fallback() {
        return fallback;
    }

    /** {@return what it is about} */
    public Group group() {
        long begun =
                BEGINNINGS.stream().filter(first -> first.compareTo(this) <= 0).count();
        return Group.values()[(int) begun - 1];
    }

    /** {@return the names that a value may be one of; empty where it is no name} */
    public List<String> choices() {
        return choices.get();
    }

    /** {@return what the help says: meaning, choices, default} */
    public String help() {
        String names = (choices().isEmpty() || help.isEmpty() ? "" : ": ") + Words.or(choices());
        boolean said = fallback.isEmpty() || help.contains("default");
        return help + names + (said ? "" : " (default: " + shown(fallback) + ")");
    }

    /** Returns a value as people write it: {@code 1}, {@code 5e-4}. */
    String shown(String value) {
        return switch (type) {
            case NUMBER, NUMBERS -> numbers(value).stream().map(Key::shown).collect(Collectors.joining(","));
            default -> value;
        };
    }

    private static String shown(double number) {
        boolean far = number != 0 && !(Math.abs(number) >= SMALL && Math.abs(number) < LARGE);
        DecimalFormat format =
                new DecimalFormat(far ? "0.######E0" : "0.######", DecimalFormatSymbols.getInstance(Locale.ROOT));
        return format.format(number).toLowerCase(Locale.ROOT);
    }

    /**
     * {@return the setting; empty if there is none of this name}
     *
     * @param title its name
     */
    public static Optional<Key> named(String title) {
        return Arrays.stream(values()).filter(key -> key.title().equals(title)).findFirst();
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
                case TEXT, NAME, NAMES -> trimmed;
                case CHOICE ->
                    Arrays.stream(trimmed.split(",", -1)).map(this::chosen).collect(Collectors.joining(","));
                case INTEGER -> Long.toString(inRange(Long.parseLong(trimmed)));
                case NUMBER -> Double.toString(inRange(Double.parseDouble(trimmed)));
                case NUMBERS -> normalNumbers(trimmed);
                case WEIGHTS -> trimmed.equals("balanced") ? trimmed : normalNumbers(trimmed);
                case SIZE -> size(trimmed);
                case FLAG -> flag(trimmed);
                case INTEGERS ->
                    integers(trimmed).stream()
                            .map(this::inRange)
                            .map(String::valueOf)
                            .collect(Collectors.joining(","));
            };
        } catch (IllegalArgumentException e) {
            throw new UsageException(
                    "--" + title() + " must be " + type.words + range.words() + ", but is '" + value + "'.");
        }
    }

    private String normalNumbers(String value) {
        return numbers(value).stream().map(this::inRange).map(String::valueOf).collect(Collectors.joining(","));
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

    private static String size(String value) {
        String[] sides = value.split("x", -1);
        int height = Integer.parseInt(sides[0]);
        int width = sides.length == 2 ? Integer.parseInt(sides[1]) : height;
        if (sides.length > 2) {
            throw new IllegalArgumentException("more than two");
        }
        ImageSize size = new ImageSize(height, width); // which refuses others
        return size.height() + "x" + size.width();
    }

    static List<Double> numbers(String value) {
        return Arrays.stream(value.split(",", -1))
                .map(part -> Double.parseDouble(part.trim()))
                .toList();
    }

    static List<Integer> integers(String value) {
        return value.isBlank()
                ? List.of()
                : Arrays.stream(value.split(","))
                        .map(part -> Integer.parseInt(part.trim()))
                        .toList();
    }
}
