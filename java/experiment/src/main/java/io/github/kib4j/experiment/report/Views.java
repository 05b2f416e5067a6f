package io.github.kib4j.experiment.report;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.experiment.Key;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.Settings;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Tries runs' networks, each on its data set, which stays for the next run if that has the same. */
final class Views {
    private static final List<Key> OF_THE_DATA = List.of(
            Key.DATASET,
            Key.DATA,
            Key.LABEL,
            Key.LEAVE_OUT,
            Key.RESIZE,
            Key.VALIDATION,
            Key.LIMIT_TRAIN,
            Key.LIMIT_TEST);

    /** Runs whose networks are tried, and whose filters are shown, at most: more than that nobody looks at. */
    static final int MOST = 12;

    private final Settings given;
    private final Consumer<String> progress;
    private final Notes notes;
    private List<String> loaded = List.of();
    private Optional<Dataset> dataset = Optional.empty();

    Views(Settings given, Consumer<String> progress, Notes notes) {
        this.given = given;
        this.progress = progress;
        this.notes = notes;
    }

    List<Shown> of(List<ReportedRun> runs, List<String> labels) {
        if (runs.size() > MOST) {
            notes.add("Of " + runs.size() + " runs the first " + MOST
                    + " are shown with similarities, filters and mistakes;" + " of others, name their folders.");
        }
        List<String> colours = Rules.colours(runs);
        List<Shown> shown = new ArrayList<>();
        for (int i = 0; i < runs.size(); i++) {
            ReportedRun run = runs.get(i);
            NetworkView view = null;
            if (i < MOST
                    && run.settings() != null
                    && Files.isDirectory(run.folder().resolve("checkpoint"))) {
                progress.accept("Report: " + labels.get(i));
                Settings settings = machine(run.settings());
                view = dataset(settings)
                        .flatMap(dataset -> view(run, settings, dataset))
                        .orElse(null);
            }
            shown.add(new Shown(run, labels.get(i), colours.get(i), view));
        }
        return shown;
    }

    /** Returns a run's settings on this machine: what computes need not be what trained. */
    private Settings machine(Settings run) {
        Settings settings = new Settings().setAll(run).set(Key.DEVICE, Devices.AUTO);
        if (run.text(Key.PRECISION).equals("tf32")) {
            settings.set(Key.PRECISION, "f32");
        }
        return settings.set(Key.CONVOLUTION, "auto").setAll(given);
    }

    private Optional<Dataset> dataset(Settings settings) {
        List<String> wanted = OF_THE_DATA.stream().map(settings::text).toList();
        if (!wanted.equals(loaded)) {
            dataset = Optional.empty(); // of two, one is in memory
            dataset = notes.unless(
                    "There are no images of " + settings.text(Key.DATASET)
                            + ", and so neither similarities nor mistakes",
                    () -> new RunPlan(settings).dataset(note -> {}));
            loaded = wanted;
        }
        return dataset;
    }

    private Optional<NetworkView> view(ReportedRun run, Settings settings, Dataset dataset) {
        String trained = run.record().path("data").path("checksum").asText("");
        if (!trained.isEmpty() && !trained.equals(dataset.train().checksum())) {
            notes.add("The images of " + run.folder() + " are not those that it was trained on.");
        }
        return notes.unless("The network of " + run.folder() + " is not shown at work", () -> {
            try (Device device = new RunPlan(settings).device().device()) {
                boolean all = given.isSet(Key.LIMIT_TEST);
                return NetworkView.of(
                        run.folder().resolve("checkpoint"), run.rule(), settings, dataset, all, device, notes);
            }
        });
    }
}
