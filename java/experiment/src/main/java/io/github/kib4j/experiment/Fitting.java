package io.github.kib4j.experiment;

import io.github.kib4j.tensor.Shape;
import io.github.kib4j.train.MemoryEstimate.Images;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Settings that fit a data set.
 *
 * @param settings with those that were not given changed where they did not fit
 * @param notes what was changed, and what is given otherwise than can be
 */
public record Fitting(Settings settings, List<String> notes) {
    /**
     * Fits settings to images.
     *
     * @param shaped whether the user says after which convolutions images are pooled: that is not changed
     */
    public static Fitting of(Settings settings, Images images, boolean shaped) {
        List<String> notes = new ArrayList<>();
        Settings fitted = shaped ? settings : pooled(settings, images.image(), notes);
        int batch = settings.integer(Key.BATCH);
        if (batch > images.train()) {
            notes.add("Note: --batch " + batch + " is more than the " + Words.count(images.train(), "training image")
                    + " there are; a step takes all of them.");
        }
        return new Fitting(fitted, List.copyOf(notes));
    }

    /** Drops poolings after convolutions that are not there, and of images that have become too small. */
    private static Settings pooled(Settings settings, Shape image, List<String> notes) {
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
        notes.add("Note: images are pooled after " + (kept.isEmpty() ? "no convolution" : "convolutions " + list(kept))
                + ", not after " + list(wanted) + ": " + why + ".");
        return settings.with(Key.POOL_AFTER, list(kept));
    }

    private static String list(List<Integer> numbers) {
        return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
