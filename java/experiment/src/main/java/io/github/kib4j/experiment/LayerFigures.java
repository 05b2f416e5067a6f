package io.github.kib4j.experiment;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.kib4j.tensor.OutOfDeviceMemoryException;
import io.github.kib4j.train.LayerStatistics;
import io.github.kib4j.train.LayerStatistics.OfLayer;
import io.github.kib4j.train.Trainer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What is asked of the layers after each epoch, as far as settings want it, and what that costs. */
final class LayerFigures {
    private final Settings settings;
    private final RunListener listener;
    private int epochs;
    private double seconds;
    private double trained;
    private boolean failed;

    LayerFigures(Settings settings, RunListener listener) {
        this.settings = settings;
        this.listener = listener;
    }

    /** Returns the settings that ask for something. */
    private List<String> asked() {
        List<String> asked = new ArrayList<>();
        if (settings.flag(Key.LAYER_METRICS)) {
            asked.add("--" + Key.LAYER_METRICS.title());
        }
        if (settings.integer(Key.PROBES) > 0) {
            asked.add("--" + Key.PROBES.title());
        }
        if (settings.flag(Key.ALIGNMENT)) {
            asked.add("--" + Key.ALIGNMENT.title());
        }
        return asked;
    }

    /**
     * Adds the figures to an epoch's line. Where the device has no room for them, that is said, and training goes on.
     *
     * @param epochSeconds what training took
     */
    void add(ObjectNode row, Trainer trainer, double epochSeconds) {
        if (asked().isEmpty()) {
            return;
        }
        long started = System.nanoTime();
        try {
            if (settings.flag(Key.LAYER_METRICS)) {
                put(row, trainer.layerStatistics());
            }
            if (settings.integer(Key.PROBES) > 0) {
                put(row, "probe_accuracy", trainer.probes(settings.integer(Key.PROBES)));
            }
            if (settings.flag(Key.ALIGNMENT)) {
                List<Double> degrees = trainer.alignment();
                put(row, "alignment_degrees", degrees);
                put(
                        row,
                        "alignment_cosine",
                        degrees.stream()
                                .map(angle -> Math.cos(Math.toRadians(angle)))
                                .toList());
            }
        } catch (OutOfDeviceMemoryException e) {
            sayOnce("Note: layers are not looked at, since there is no room for it beside the training: "
                    + e.getMessage());
        }
        double took = (System.nanoTime() - started) * 1e-9;
        row.put("layers_seconds", took);
        epochs++;
        seconds += took;
        trained += epochSeconds;
    }

    private void sayOnce(String line) {
        if (!failed) {
            listener.say(line);
            failed = true;
        }
    }

    private static void put(ObjectNode row, LayerStatistics found) {
        put(row, found, "phsic_codes", OfLayer::phsicCodes);
        put(row, found, "phsic_labels", OfLayer::phsicLabels);
        put(row, found, "hsic_codes", OfLayer::hsicCodes);
        put(row, found, "hsic_labels", OfLayer::hsicLabels);
        put(row, found, "cka_labels", OfLayer::ckaLabels);
        ArrayNode cka = row.putArray("cka_layers");
        found.cka().forEach(layer -> add(cka.addArray(), layer));
        put(row, found, "weight_norm", OfLayer::weightNorm);
        put(row, found, "activity_norm", OfLayer::activityNorm);
        ArrayNode dead = row.putArray("dead_units");
        found.layers().forEach(layer -> dead.add(layer.dead()));
        ArrayNode silent = row.putArray("silent_units");
        found.layers().forEach(layer -> silent.add(layer.silent()));
    }

    private static void put(ObjectNode row, LayerStatistics found, String name, ToDoubleFunction<OfLayer> figure) {
        put(row, name, found.layers().stream().map(figure::applyAsDouble).toList());
    }

    private static void put(ObjectNode row, String name, List<Double> numbers) {
        add(row.putArray(name), numbers);
    }

    /** Adds numbers; JSON has none that are not finite. */
    private static void add(ArrayNode array, List<Double> numbers) {
        numbers.forEach(number -> array.add(Double.isFinite(number) ? number : null));
    }

    /** Says what it cost, if anything was looked at. */
    void sayCost() {
        if (epochs > 0) {
            listener.say(String.format(
                    Locale.ROOT,
                    "Looking at the layers took %.2f s an epoch, %.1f %% of its training (%s).",
                    seconds / epochs,
                    100 * seconds / trained,
                    String.join(", ", asked())));
        }
    }
}
