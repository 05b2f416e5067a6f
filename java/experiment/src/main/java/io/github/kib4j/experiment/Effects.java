package io.github.kib4j.experiment;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Which settings the others leave without effect. */
record Effects(Settings settings) {
    /** Data sets whose training images are cropped and mirrored. */
    private static final List<String> AUGMENTED = List.of("cifar10", "cifar100", "stl10");

    /** What teaches a batch's pairs, and has nothing to say of a sample alone. */
    static final Set<String> SIMILARITIES = Set.of("judgements", "views");

    /**
     * Returns to what a setting means nothing, and the remedy: it is of another kind of network or data, so that who gives it
     * errs. Null where it means something.
     */
    @Nullable
    String contradiction(Key key) {
        return switch (key) {
            case LAYERS -> is(Key.MODEL, "vgg") ? "the model vgg; add --model mlp, or leave it out" : null;
            case CHANNELS, POOL_AFTER, LINEAR ->
                is(Key.MODEL, "mlp") ? "the model mlp; add --model vgg, or leave it out" : null;
            case DATA ->
                is(Key.DATASET, "shapes")
                        ? "the data set shapes, which is generated; add --dataset NAME, or leave it out"
                        : null;
            case LABEL, LEAVE_OUT ->
                is(Key.DATASET, "csv")
                        ? null
                        : "the data set " + settings.text(Key.DATASET)
                                + ", which is no table; add --dataset csv, or leave it out";
            case RESIZE ->
                is(Key.DATASET, "folder")
                        ? null
                        : "the data set " + settings.text(Key.DATASET)
                                + ", which is no folder of images; add --dataset folder, or leave it out";
            case MIRROR ->
                is(Key.DATASET, "csv") && is(Key.MIRROR, "true")
                        ? "the data set csv, whose samples are features; leave it out"
                        : null;
            case SHIFT ->
                is(Key.DATASET, "csv") && !is(Key.SHIFT, "0") && !is(Key.SHIFT, "")
                        ? "the data set csv, whose samples are features; leave it out"
                        : null;
            default -> null;
        };
    }

    /** Returns whether a training is planned without reading a setting: it may be left out of a run's configuration. */
    boolean isUnread(Key key) {
        return contradiction(key) != null
                || switch (key) {
                    case DELTA, POWER -> withoutGroups() != null;
                    case CELLS -> !hasCells() || withoutGroups() != null || withoutImages() != null;
                    case DIVISIVE_POWER -> withoutGroups() != null || withoutDivisiveNorm() != null;
                    case NORMALIZE -> is(Key.NORMALIZE, "usual");
                    case SIGMA -> withoutGaussian() != null;
                    case MOMENTUM -> withoutMomentum() != null;
                    case MILESTONES, LR_DECAY -> otherSchedule() != null;
                    case ALIGNMENT, LAYER_METRICS, TENSORBOARD, TEST_FLIPS -> !settings.flag(key);
                    case PROBES -> settings.integer(Key.PROBES) == 0;
                    case VIEWS -> settings.integer(Key.VIEWS) == 1;
                    case TEACHING -> is(Key.TEACHING, "labels") || withoutLocalRule() != null;
                    case JUDGEMENTS_FLIPPED, JUDGEMENTS_UNKNOWN -> withoutJudgements() != null;
                    case MUON, WEIGHT_AVERAGE -> settings.number(key) == 0;
                    case PAIRS -> withoutPairs() != null;
                    case PAIRS_KEPT -> withoutPairs("last") != null;
                    case PAIRS_RATE -> withoutPairs("last", "averages") != null;
                    case LOCAL_FEATURES -> withoutClassifier() != null;
                    case GRADIENT_SIGNS -> withoutErrors() != null;
                    case READOUT, READOUT_FEATURES -> is(Key.READOUT, "last");
                    case LABEL_SMOOTHING, MIXUP -> settings.number(key) == 0;
                    default -> false;
                };
    }

    /** Returns why a setting has no effect beside the others; null if it has. */
    @Nullable
    String whyNone(Key key) {
        return switch (key) {
            case GROUPS -> settings.integer(Key.GROUPS) == 0 ? null : onlyForCodes();
            case DELTA -> first(withoutGroups(), onlyForCodes());
            case POWER -> first(withoutGroups(), withoutCodes());
            case CELLS -> hasCells() ? first(withoutImages(), first(withoutGroups(), withoutCodes())) : null;
            case DIVISIVE_POWER -> first(withoutGroups(), withoutDivisiveNorm());
            case KERNEL, GAMMA, CENTRE_CODES -> withoutCodes();
            case LABEL_KERNEL -> first(withoutCodes(), withoutWantedOutputs());
            case TEACHING -> is(Key.TEACHING, "labels") ? null : withoutLocalRule();
            case JUDGEMENTS_FLIPPED, JUDGEMENTS_UNKNOWN -> withoutJudgements();
            case LR_LOCAL -> first(withoutLocalRule(), withoutVectors());
            case WEIGHT_DECAY_LOCAL -> withoutLocalRule();
            case MUON ->
                settings.number(Key.MUON) == 0
                        ? null
                        : without(
                                rule -> rule.equals("readout"),
                                "leaves hidden layers as they are",
                                "leave hidden layers as they are");
            case SIGMA -> first(withoutCodes(), withoutGaussian());
            case PAIRS -> is(Key.PAIRS, "batch") ? null : withoutPairs();
            case PAIRS_KEPT -> withoutPairs("last");
            case PAIRS_RATE -> withoutPairs("last", "averages");
            case LOCAL_FEATURES -> withoutClassifier();
            case READOUT_FEATURES -> is(Key.READOUT, "last") ? "the readout reads the last layer as it is" : null;
            case GRADIENT_SIGNS -> settings.flag(Key.GRADIENT_SIGNS) ? withoutErrors() : null;
            case MOMENTUM -> withoutMomentum();
            case MILESTONES -> settings.text(Key.MILESTONES).isEmpty() ? null : first(otherSchedule(), beyondTheEnd());
            case LR_DECAY -> first(otherSchedule(), withoutMilestones());
            case SCHEDULE -> otherSchedule() == null ? withoutMilestones() : null;
            case AUGMENT -> settings.flag(Key.AUGMENT) ? withoutAugmentation() : null;
            case SHIFT, MIRROR -> settings.flag(Key.AUGMENT) ? null : "training images are not augmented (--augment)";
            case THREADS -> is(Key.DEVICE, "reference") ? "the device reference computes in one thread" : null;
            default -> null;
        };
    }

    /** Refuses settings of a file that mean nothing beside its others; a run's record may hold defaults of all kinds. */
    void requireMeaning(Settings.FromFile file) {
        file.places().forEach((key, place) -> {
            String value = file.settings().text(key);
            if (!value.isEmpty() && !(file.record() && value.equals(key.fallback()))) {
                requireMeaning(key, place + ": '" + key.title() + "'");
            }
        });
    }

    /** Refuses given settings that mean nothing beside the others. */
    void requireMeaning(Settings given) {
        for (Key key : Key.values()) {
            if (given.isSet(key)) {
                requireMeaning(key, "--" + key.title());
            }
        }
    }

    private void requireMeaning(Key key, String written) {
        String nothing = contradiction(key);
        if (nothing != null) {
            throw new UsageException(written + " means nothing to " + nothing + ".");
        }
    }

    /** Returns a note for each setting that was given and has no effect. */
    List<String> without(Settings given, Settings.FromFile file) {
        List<String> notes = new ArrayList<>();
        for (Key key : Key.values()) {
            boolean filed = !file.record() && file.settings().isSet(key);
            String why = given.isSet(key) || filed ? whyNone(key) : null;
            if (why != null) {
                String what = given.isSet(key) ? "--" + key.title() : "'" + key.title() + "' of the configuration file";
                notes.add("Note: " + what + " has no effect: " + why + ".");
            }
        }
        return notes;
    }

    private boolean is(Key key, String value) {
        return settings.text(key).equals(value);
    }

    private static @Nullable String first(@Nullable String why, @Nullable String otherwise) {
        return why != null ? why : otherwise;
    }

    private @Nullable String withoutMomentum() {
        return is(Key.OPTIMIZER, "sgd") ? null : "the optimizer " + settings.text(Key.OPTIMIZER) + " has none";
    }

    private @Nullable String otherSchedule() {
        return is(Key.SCHEDULE, "multi-step")
                ? null
                : "the schedule " + settings.text(Key.SCHEDULE) + " has no milestones";
    }

    private @Nullable String withoutMilestones() {
        return settings.text(Key.MILESTONES).isEmpty() ? "there are no milestones (--milestones)" : null;
    }

    private @Nullable String beyondTheEnd() {
        int epochs = settings.integer(Key.EPOCHS);
        boolean beyond = settings.integers(Key.MILESTONES).stream().allMatch(milestone -> milestone >= epochs);
        return beyond ? "training ends after " + Words.count(epochs, "epoch") : null;
    }

    private @Nullable String withoutGroups() {
        return settings.integer(Key.GROUPS) == 0 ? "there are no groups (--groups)" : null;
    }

    /** Returns whether images are cut into more than one cell. */
    boolean hasCells() {
        return settings.integers(Key.CELLS).stream().anyMatch(scale -> scale > 1);
    }

    private @Nullable String withoutImages() {
        return is(Key.MODEL, "mlp") ? "layers of the model mlp have no images" : null;
    }

    private @Nullable String withoutDivisiveNorm() {
        return settings.flag(Key.DIVISIVE_NORM) ? null : "there is no divisive normalization (--divisive-norm)";
    }

    /** Groups matter to local objectives and to divisive normalization. */
    private @Nullable String onlyForCodes() {
        return settings.flag(Key.DIVISIVE_NORM) ? null : withoutCodes();
    }

    private @Nullable String withoutCodes() {
        return first(
                withoutLocalRule(), without(rule -> !comparesCodes(rule), "compares no codes", "compare no codes"));
    }

    private @Nullable String withoutLocalRule() {
        return without(
                rule -> rule.equals("readout") || bringsErrorsBack(rule),
                "has no local objective",
                "have no local objective");
    }

    /** Where hidden layers' matrices learn by another rate, and there is nothing else in them. */
    private @Nullable String withoutVectors() {
        boolean others = settings.flag(Key.BIAS) || settings.flag(Key.BATCH_NORM) || withoutClassifier() == null;
        return settings.number(Key.MUON) == 0 || others
                ? null
                : "hidden layers have nothing but matrices, which learn at the rate of --muon";
    }

    private @Nullable String withoutClassifier() {
        return without(rule -> !rule.startsWith("layerwise"), "has no local classifiers", "have no local classifiers");
    }

    private @Nullable String withoutErrors() {
        return without(
                rule -> !bringsErrorsBack(rule),
                "brings no error back through the network",
                "bring no error back through the network");
    }

    private static boolean comparesCodes(String rule) {
        return rule.equals("phsic") || rule.equals("hsic") || rule.equals("hebbian-pairs");
    }

    private @Nullable String withoutPairs() {
        return without(rule -> !rule.equals("hebbian-pairs"), "compares whole batches", "compare whole batches");
    }

    private @Nullable String withoutPairs(String... kinds) {
        boolean fits = Arrays.asList(kinds).contains(settings.text(Key.PAIRS));
        return first(withoutPairs(), fits ? null : "--pairs is " + settings.text(Key.PAIRS));
    }

    private static boolean bringsErrorsBack(String rule) {
        return rule.equals("backprop") || rule.equals("feedback-alignment") || rule.equals("sign-symmetry");
    }

    /** Returns what all rules of the run lack, if each of them does. */
    private @Nullable String without(Predicate<String> lacks, String one, String several) {
        List<String> rules = Arrays.asList(settings.text(Key.RULE).split(","));
        if (!rules.stream().allMatch(rule -> lacks.test(rule) && !Extensions.isRule(rule))) {
            return null;
        }
        return rules.size() == 1
                ? "the rule " + rules.get(0) + " " + one
                : "the rules " + String.join(" and ", rules) + " " + several;
    }

    private @Nullable String withoutGaussian() {
        return is(Key.KERNEL, "gaussian") || is(Key.LABEL_KERNEL, "gaussian") ? null : "no kernel is Gaussian";
    }

    private @Nullable String withoutJudgements() {
        return first(
                withoutLocalRule(),
                is(Key.TEACHING, "judgements") ? null : "--teaching is " + settings.text(Key.TEACHING));
    }

    private @Nullable String withoutWantedOutputs() {
        return SIMILARITIES.contains(settings.text(Key.TEACHING))
                ? "--teaching " + settings.text(Key.TEACHING) + " is a similarity by itself"
                : null;
    }

    /** Returns why training images are shown as they are; null if they are cropped or mirrored. */
    @Nullable
    String withoutAugmentation() {
        if (!settings.flag(Key.AUGMENT)) {
            return "training images are not augmented (--augment)";
        }
        boolean shifted = !settings.text(Key.SHIFT).isEmpty() && settings.integer(Key.SHIFT) > 0;
        boolean usual = AUGMENTED.contains(settings.text(Key.DATASET));
        boolean mirrored = settings.isSet(Key.MIRROR) ? settings.flag(Key.MIRROR) : usual;
        return shifted || mirrored || usual && settings.text(Key.SHIFT).isEmpty()
                ? null
                : "images of " + settings.text(Key.DATASET) + " are trained on as they are";
    }
}
