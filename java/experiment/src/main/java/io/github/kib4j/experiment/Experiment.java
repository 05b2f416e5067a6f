package io.github.kib4j.experiment;

import io.github.kib4j.datasets.DatasetException;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.datasets.Recognised;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.DeviceDataset.Sizes;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Complete settings, and how they came about.
 *
 * @param settings all of them: given ones win over a configuration file's, those over a preset's, those over defaults
 * @param preset the preset's name; null where none was named and settings were given otherwise
 * @param notes what was decided, and what was given without effect: sentences to be said
 * @param shaped whether it is given after which convolutions images are pooled: that is not changed to fit the images
 */
public record Experiment(Settings settings, @Nullable String preset, List<String> notes, boolean shaped) {
    /**
     * Completes settings. Where nothing says what to train on what, it is the quickstart.
     *
     * @param given settings that win over all others
     * @param config a file of settings; null for none
     * @param preset a preset's name, which wins over the file's; null for none
     * @return the experiment
     * @throws UsageException if a name or a value is none, or a setting means nothing beside the others
     * @throws DatasetException if data are given of a kind that cannot be recognised
     */
    public static Experiment of(Settings given, @Nullable Path config, @Nullable String preset) {
        Settings.FromFile file = config == null ? Settings.FromFile.NONE : Settings.read(config);
        return of(given, preset == null ? file : file.withPreset(preset));
    }

    /** Completes settings over those of a file. */
    static Experiment of(Settings given, Settings.FromFile file) {
        return of(
                given,
                file,
                file.preset(),
                file.preset() == null ? recognised(given, file.settings()) : Optional.empty());
    }

    private static Experiment of(
            Settings options, Settings.FromFile file, @Nullable String named, Optional<Recognised> recognised) {
        Settings given = new Settings().setAll(options);
        recognised.ifPresent(data -> given.set(Key.DATASET, data.dataset())
                .set(Key.DATA, data.place().toAbsolutePath().toString()));
        boolean nothing = file == Settings.FromFile.NONE && !given.isSet(Key.DATASET) && !given.isSet(Key.MODEL);
        String preset = named != null ? new Presets().named(named) : nothing ? Presets.QUICKSTART : null;
        Settings base = preset == null ? new Settings() : new Presets().get(preset);
        Settings merged = new Settings().setAll(base).setAll(file.settings());
        recognised.ifPresent(data -> merged.set(Key.DATASET, data.dataset()));
        boolean modelled =
                preset != null || given.isSet(Key.MODEL) || file.settings().isSet(Key.MODEL);
        if (!modelled && hasFeatures(given, merged)) {
            merged.set(Key.MODEL, "mlp");
        }
        Effects effects = new Effects(merged);
        effects.requireMeaning(file);
        merged.setAll(given);
        effects.requireMeaning(given);
        List<String> notes = new ArrayList<>();
        recognised.ifPresent(data -> notes.add(data.toString()));
        if (preset != null && !given.isSet(Key.MILESTONES) && !file.settings().isSet(Key.MILESTONES)) {
            scaleMilestones(base, merged).ifPresent(notes::add);
        }
        notes.addAll(effects.without(given, file));
        resolve(merged);
        boolean shaped = given.isSet(Key.POOL_AFTER) || file.settings().isSet(Key.POOL_AFTER);
        return new Experiment(merged, preset, List.copyOf(notes), shaped);
    }

    /** Returns whether what is given to train on is features, for which there is the model mlp. */
    private static boolean hasFeatures(Settings given, Settings merged) {
        Settings data = new Settings().setAll(merged).setAll(given);
        String place = data.text(Key.DATA);
        return Datasets.hasFeatures(data.text(Key.DATASET), place.isEmpty() ? null : RunPlan.data(place));
    }

    /** Returns what lies where data are said to lie, if nothing says which data set it is. */
    private static Optional<Recognised> recognised(Settings given, Settings file) {
        String place = given.isSet(Key.DATA) ? given.text(Key.DATA) : file.text(Key.DATA);
        if (given.isSet(Key.DATASET) || file.isSet(Key.DATASET) || place.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(Datasets.recognise(RunPlan.data(place)));
        } catch (DatasetException e) {
            throw new DatasetException(e.getMessage() + " --dataset NAME says which data set it is.", e);
        }
    }

    /** Scales a preset's milestones to another number of epochs; returns what is to be said of it. */
    private static Optional<String> scaleMilestones(Settings base, Settings merged) {
        boolean same = merged.text(Key.EPOCHS).equals(base.text(Key.EPOCHS));
        boolean scheduled = merged.text(Key.SCHEDULE).equals(base.text(Key.SCHEDULE));
        if (same || !scheduled || base.text(Key.MILESTONES).isEmpty()) {
            return Optional.empty();
        }
        double factor = merged.number(Key.EPOCHS) / base.number(Key.EPOCHS);
        String scaled = scaled(base.integers(Key.MILESTONES), factor);
        merged.set(Key.MILESTONES, scaled);
        return Optional.of("Milestones of the preset scaled from " + base.text(Key.MILESTONES) + " of "
                + base.text(Key.EPOCHS) + " epochs to " + (scaled.isEmpty() ? "none" : scaled) + " of "
                + merged.text(Key.EPOCHS) + ".");
    }

    private static String scaled(List<Integer> milestones, double factor) {
        return milestones.stream()
                .map(milestone -> Math.round(milestone * factor))
                .filter(milestone -> milestone >= 1)
                .map(String::valueOf)
                .collect(Collectors.joining(","));
    }

    /**
     * {@return this experiment in another number of epochs, of which milestones and warm-up take the same parts}
     *
     * @param epochs how many, from 1
     */
    public Experiment withEpochs(int epochs) {
        double factor = (double) epochs / settings.integer(Key.EPOCHS);
        Settings other = settings.with(Key.EPOCHS, Integer.toString(epochs));
        if (factor != 1) {
            other.set(Key.MILESTONES, scaled(settings.integers(Key.MILESTONES), factor));
            other.set(Key.WARM_UP, Double.toString(settings.number(Key.WARM_UP) * factor));
        }
        return new Experiment(other, preset, notes, shaped);
    }

    /**
     * Writes down the defaults that depend on other settings, so that a run's configuration file is complete, and where the
     * data lie as it is understood from any folder.
     */
    private static void resolve(Settings merged) {
        place(merged)
                .ifPresent(place -> merged.set(Key.DATA, place.toAbsolutePath().toString()));
        if (!merged.isSet(Key.CENTRE_CODES)) {
            merged.set(Key.CENTRE_CODES, Boolean.toString(merged.integer(Key.GROUPS) > 0));
        }
        if (!merged.isSet(Key.POWER)) {
            double q = merged.flag(Key.DIVISIVE_NORM) ? merged.number(Key.DIVISIVE_POWER) : 0.5;
            if (q >= 1) {
                throw new UsageException("--power must be given where --divisive-power is 1 or more (" + q
                        + "), since 1 - q would not be positive.");
            }
            merged.set(Key.POWER, Double.toString(1 - q));
        }
    }

    /** Returns where the data lie, if that is named, or found in a folder below this one. */
    private static Optional<Path> place(Settings merged) {
        if (!merged.text(Key.DATA).isEmpty()) {
            return Optional.of(RunPlan.data(merged.text(Key.DATA)));
        }
        String dataset = merged.text(Key.DATASET);
        return Datasets.published().contains(dataset)
                ? Datasets.find(dataset).filter(found -> !found.isAbsolute())
                : Optional.empty();
    }

    /**
     * Fits the experiment to images: drops poolings after convolutions that are not there, and of images that have become too
     * small, unless it is given after which convolutions images are pooled.
     *
     * @param images that are trained and tested on
     * @return the experiment; notes say what was changed, and what is given otherwise than can be
     */
    public Experiment fitted(Sizes images) {
        List<String> said = new ArrayList<>(notes);
        Settings fitted = shaped ? settings : pooled(images.image(), said);
        int batch = settings.integer(Key.BATCH);
        int views = settings.integer(Key.VIEWS);
        if (batch > (long) images.train() * views) {
            said.add("Note: --batch " + batch + " is more than the "
                    + (views == 1 ? "" : Words.count(views, "view") + " of each of the ")
                    + Words.count(images.train(), "training image")
                    + " there are; a step takes all of them.");
        }
        String alike = new Effects(settings).withoutAugmentation();
        if (views > 1 && alike != null && settings.text(Key.TEACHING).equals("labels")) {
            said.add("Note: --views " + views + " shows each image " + views + " times alike, since " + alike
                    + "; with --augment true --shift 2 its views differ.");
        }
        return new Experiment(fitted, preset, List.copyOf(said), shaped);
    }

    private Settings pooled(Shape image, List<String> said) {
        if (!settings.choice(Key.MODEL).equals("vgg") || image.rank() != 3) {
            return settings;
        }
        int convolutions = settings.integers(Key.CHANNELS).size();
        int side = Math.min(image.extent(1), image.extent(2));
        List<Integer> wanted =
                settings.integers(Key.POOL_AFTER).stream().sorted().toList();
        List<Integer> kept = new ArrayList<>();
        for (int after : wanted) {
            if (after <= convolutions && side > 1) {
                kept.add(after);
                side /= 2;
            }
        }
        if (kept.equals(wanted)) {
            return settings;
        }
        String why = side > 1
                ? "there " + (convolutions == 1 ? "is " : "are ") + Words.count(convolutions, "convolution")
                : "images of " + image.extent(1) + "x" + image.extent(2) + " cannot be halved more often";
        said.add("Note: images are pooled after " + (kept.isEmpty() ? "no convolution" : "convolutions " + list(kept))
                + ", not after " + list(wanted) + ": " + why + ".");
        return settings.with(Key.POOL_AFTER, list(kept));
    }

    private static String list(List<Integer> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
