package io.github.kib4j.experiment;

import io.github.kib4j.datasets.Datasets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The paper's two tables: its presets, by what each is of. */
public final class PaperTables {
    private static final Pattern MLP = Pattern.compile("mlp-(mnist|fashion-mnist|kmnist|cifar10)-(?<column>.*)");
    private static final Pattern VGG =
            Pattern.compile("vgg-cifar10-(?<width>[0-9]+)x-(?<optimizer>[a-z]+)-(?<column>.*)");

    /** The settings by which the tables' columns and lines differ; another value for all of them would make them alike. */
    private static final List<Key> OF_THE_TABLE = List.of(Key.DATASET, Key.MODEL, Key.RULE);

    private final Presets presets = new Presets();

    /** Reads the presets. */
    public PaperTables() {
        // The field's.
    }

    /** One preset's place in a table. */
    private record Place(String preset, Map<String, String> labels) {}

    private List<Place> places(Pattern pattern, String... groups) {
        List<Place> places = new ArrayList<>();
        for (String name : presets.names()) {
            Matcher matcher = pattern.matcher(name);
            if (presets.paperAccuracy(name) != null && matcher.matches()) {
                Map<String, String> labels = new LinkedHashMap<>();
                for (String group : groups) {
                    labels.put(
                            group.equals("dataset") ? "data set" : group,
                            group.equals("dataset") ? presets.get(name).text(Key.DATASET) : matcher.group(group));
                }
                places.add(new Place(name, labels));
            }
        }
        return places;
    }

    private List<Place> mlp() {
        return places(MLP, "dataset", "column");
    }

    private List<Place> vgg() {
        return places(VGG, "width", "optimizer", "column");
    }

    /** {@return the data sets of the table of MLPs} */
    public List<String> datasets() {
        return values(mlp(), "data set");
    }

    /** {@return the widths of the table of VGGs, in their names: {@code 1, 2}} */
    public List<String> widths() {
        return values(vgg(), "width");
    }

    /** {@return the optimizers of the table of VGGs} */
    public List<String> optimizers() {
        return values(vgg(), "optimizer");
    }

    private static List<String> values(List<Place> places, String label) {
        return List.copyOf(places.stream()
                .map(place -> String.valueOf(place.labels().get(label)))
                .collect(Collectors.toCollection(LinkedHashSet::new)));
    }

    /**
     * {@return the table of MLPs}
     *
     * @param datasets of it; empty for all
     * @param columns of it, {@code cosine-grp}; empty for all
     * @param given settings that win over the presets'
     * @param seeds of each
     * @throws UsageException if there is no such data set or column, or the settings fit none of them
     */
    public List<Candidate> mlp(List<String> datasets, List<String> columns, Settings given, int seeds) {
        List<String> chosen = chosen(datasets(), "data set", datasets);
        checkPlaces(chosen, given);
        return candidates(mlp(), Map.of("data set", chosen, "column", columns), given, seeds);
    }

    /** Refuses one place for several data sets where it holds the files of one: those of all have the same names. */
    private static void checkPlaces(List<String> datasets, Settings given) {
        Map<Path, String> found = new HashMap<>();
        for (String dataset : given.text(Key.DATA).isEmpty() ? List.<String>of() : datasets) {
            Path data = RunPlan.data(given.text(Key.DATA));
            Optional<Path> place = Datasets.find(dataset, data);
            String other = place.isEmpty() ? null : found.putIfAbsent(place.get(), dataset);
            if (other != null) {
                throw new UsageException("--data " + data + " holds the files of one data set, but is to be " + other
                        + " and " + dataset + "; name the folder that holds a folder of each, or one of --datasets.");
            }
        }
    }

    /**
     * {@return the table of VGGs}
     *
     * @param widths of it; empty for all, or the first where the width is given as a setting
     * @param optimizers of it; empty for all
     * @param columns of it, {@code cosine-grp}; empty for all
     * @param given settings that win over the presets'
     * @param seeds of each
     * @throws UsageException if there is no such width, optimizer or column, or the settings fit none of them
     */
    public List<Candidate> vgg(
            List<String> widths, List<String> optimizers, List<String> columns, Settings given, int seeds) {
        if (given.isSet(Key.OPTIMIZER)) {
            throw new UsageException("--optimizer would make the table's runs alike; choose some with --optimizers.");
        }
        List<String> taken = widths;
        if (given.isSet(Key.WIDTH)) {
            if (widths.size() > 1) {
                throw new UsageException(
                        "--width " + given.text(Key.WIDTH) + " is one width for all, but --widths names "
                                + String.join(" and ", widths) + "; leave out either.");
            }
            taken = widths.isEmpty() ? widths().subList(0, 1) : widths;
        }
        return candidates(vgg(), Map.of("width", taken, "optimizer", optimizers, "column", columns), given, seeds);
    }

    private List<Candidate> candidates(List<Place> all, Map<String, List<String>> wanted, Settings given, int seeds) {
        for (Key key : OF_THE_TABLE) {
            if (given.isSet(key)) {
                throw new UsageException("--" + key.title() + " would make the table's runs alike; leave it out.");
            }
        }
        Map<String, List<String>> chosen = new HashMap<>();
        wanted.forEach((label, names) -> chosen.put(label, chosen(values(all, label), label, names)));
        List<Candidate> candidates = all.stream()
                .filter(place -> chosen.entrySet().stream()
                        .allMatch(choice ->
                                choice.getValue().contains(place.labels().get(choice.getKey()))))
                .map(place ->
                        Candidate.of(place.labels(), place.preset(), Experiment.of(given, null, place.preset()), seeds))
                .toList();
        if (candidates.isEmpty()) {
            throw new UsageException(
                    "The paper has no run of all that is chosen; its columns differ with the optimizer: '"
                            + Invocation.of("presets", "vgg") + "' lists them.");
        }
        return candidates;
    }

    /** Returns those that are named, as they are listed; all if none is. */
    private static List<String> chosen(List<String> known, String label, List<String> names) {
        List<String> chosen = new ArrayList<>();
        for (String name : names) {
            String listed = Words.same(name, known).orElseThrow(() -> UsageException.unknown(label, name, known));
            if (chosen.contains(listed)) {
                throw new UsageException("The " + label + " " + listed + " is named twice.");
            }
            chosen.add(listed);
        }
        return chosen.isEmpty() ? known : chosen;
    }
}
