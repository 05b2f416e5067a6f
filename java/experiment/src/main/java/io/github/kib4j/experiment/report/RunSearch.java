package io.github.kib4j.experiment.report;

import io.github.kib4j.experiment.RunFolder;
import io.github.kib4j.experiment.RunPlan;
import io.github.kib4j.experiment.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** Finds the runs of one rule in folders: a run's own, those of its rules, those of a study's lines, or all below a folder. */
final class RunSearch {
    /** How far below a named folder runs are looked for. */
    private static final int DEPTH = 3;

    private final Notes notes;
    private final Map<Path, Path> found = new LinkedHashMap<>();
    private final Map<Path, String> labels = new HashMap<>();
    private final List<ReportedStudy> studies = new ArrayList<>();

    RunSearch(Notes notes) {
        this.notes = notes;
    }

    /**
     * {@return the folders of runs of one rule, each once}
     *
     * @param folders that are named
     * @throws UsageException if one of them is none
     */
    List<Path> in(List<Path> folders) throws IOException {
        for (Path folder : folders) {
            if (!Files.isDirectory(folder)) {
                throw new UsageException("There is no folder " + folder + "; name folders of runs.");
            }
            if (!search(folder, DEPTH)) {
                notes.add("There is no run in " + folder + ".");
            }
        }
        return List.copyOf(found.values());
    }

    /** {@return the studies that were found, once runs have been looked for} */
    List<ReportedStudy> studies() {
        return List.copyOf(studies);
    }

    /** {@return what a run is called in its study; empty for one of none} */
    String label(Path run) {
        return labels.getOrDefault(run, "");
    }

    private boolean search(Path folder, int depth) throws IOException {
        Optional<ReportedStudy> study =
                ReportedStudy.isIn(folder) ? ReportedStudy.read(folder, notes) : Optional.empty();
        if (study.isPresent()) {
            studies.add(study.get());
            for (Map.Entry<Path, String> run : study.get().runs(notes).entrySet()) {
                labels.put(run.getKey(), run.getValue());
                search(run.getKey(), 0);
            }
            return true;
        }
        if (Files.exists(folder.resolve("metrics.jsonl")) || Files.isDirectory(folder.resolve("checkpoint"))) {
            return add(folder);
        }
        boolean any = false;
        for (Path below : depth == 0 ? List.<Path>of() : below(folder)) {
            any |= search(below, depth - 1);
        }
        return any || (isBegun(folder) && add(folder));
    }

    private boolean add(Path folder) throws IOException {
        found.putIfAbsent(folder.toRealPath(), folder);
        return true;
    }

    private static boolean isBegun(Path folder) {
        return Files.exists(folder.resolve("config.toml")) || Files.exists(folder.resolve("run.json"));
    }

    /** Returns the folders in a folder: a run's rules in their order, then others by name. */
    private List<Path> below(Path folder) throws IOException {
        List<Path> below = new ArrayList<>();
        for (String rule : rules(folder)) {
            Path own = folder.resolve(rule);
            if (Files.isDirectory(own)) {
                below.add(own);
            } else {
                notes.add("The rule " + rule + " of the run in " + folder + " has not begun.");
            }
        }
        try (Stream<Path> entries = Files.list(folder)) {
            entries.filter(Files::isDirectory)
                    .filter(entry -> !below.contains(entry))
                    .sorted(Comparator.comparing(entry -> entry.getFileName().toString()))
                    .forEach(below::add);
        }
        return below;
    }

    /** Returns the rules of a run that has several; none of any other folder. */
    private static List<String> rules(Path folder) {
        try {
            List<String> rules = Files.exists(folder.resolve("config.toml"))
                    ? new RunPlan(new RunFolder(folder).settings()).rules()
                    : List.of();
            return rules.size() > 1 ? rules : List.of();
        } catch (UsageException e) {
            return List.of(); // said where the run itself is read
        }
    }
}
