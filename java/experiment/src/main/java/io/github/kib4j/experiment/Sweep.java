package io.github.kib4j.experiment;

import io.github.kib4j.datasets.FileFailure;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.tomlj.TomlArray;
import org.tomlj.TomlTable;

/**
 * A search over settings, as a file describes it: what all runs have ({@code [base]}), and what they differ in, every combination
 * ({@code [grid]}) or some at random ({@code [random]}). By successive halving (Jamieson and Talwalkar, 2016) all begin with few
 * epochs and the best go on with more, up to the base's.
 */
public final class Sweep {
    private static final List<String> TABLES = List.of("base", "grid", "random");
    private static final List<String> NUMBERS = List.of("seeds", "halving");
    private static final List<String> OF_RANDOM = List.of("runs", "seed");
    private static final List<String> OF_RANGE = List.of("from", "to", "log");

    private static final int MOST_SEEDS = 1000;
    private static final int MOST_RUNS = 10_000;
    private static final int LEAST_HALVING = 2;
    private static final int MOST_HALVING = 100;

    /** Draws, for each configuration that is wanted, after which no other one is expected. */
    private static final int DRAWS = 100;

    /** Digits of drawn numbers: more would tell nothing. */
    private static final MathContext DIGITS = new MathContext(3);

    private final TomlFile file;
    private final Settings.FromFile base;
    private final int seeds;
    private final int halving;
    private final List<Point> points;

    /** One combination of what differs. */
    private record Point(Map<Key, String> values, Experiment experiment) {
        /** Returns the values by their settings' names; of one that has no effect beside the others none. */
        Map<String, String> labels() {
            Effects effects = new Effects(experiment.settings());
            Map<String, String> labels = new LinkedHashMap<>();
            values.forEach(
                    (key, value) -> labels.put(key.title(), effects.whyNone(key) == null ? key.shown(value) : ""));
            return labels;
        }

        String name() {
            String name = labels().entrySet().stream()
                    .filter(label -> !label.getValue().isEmpty())
                    .map(label -> label.getKey() + "=" + label.getValue())
                    .collect(Collectors.joining(" "));
            return name.isEmpty() ? "the base" : name;
        }

        Candidate in(int epochs, int seeds) {
            Candidate planned = Candidate.of(labels(), name(), experiment.withEpochs(epochs), seeds);
            return new Candidate(planned.labels(), null, planned.trials(), planned.notes()); // compared with each other
        }
    }

    /** Draws a value of a setting. */
    private interface Draw {
        String from(SplittableRandom random);
    }

    private Sweep(TomlFile file) {
        this.file = file;
        checkNames();
        base = Settings.read(file, List.of("base"), false);
        seeds = number(List.of(), "seeds", 1, MOST_SEEDS, 1);
        halving = number(List.of(), "halving", LEAST_HALVING, MOST_HALVING, 0);
        boolean grid = !file.names(List.of("grid")).isEmpty();
        boolean random = !file.names(List.of("random")).isEmpty();
        if (grid == random) {
            throw new UsageException(
                    file + " has " + (grid ? "both [grid] and [random]" : "no setting in [grid] or [random]")
                            + "; a sweep searches one of them.");
        }
        points = distinct(grid ? grid() : random());
        checkHalving();
    }

    /**
     * Reads a sweep.
     *
     * @param file in TOML
     * @return the sweep, all of whose settings fit each other
     * @throws UsageException if it cannot be read, or has a key or a value that is none, or settings that do not fit each other
     */
    public static Sweep read(Path file) {
        return new Sweep(TomlFile.read(file));
    }

    /** {@return how many combinations there are} */
    public int size() {
        return points.size();
    }

    private void checkNames() {
        List<String> known = new ArrayList<>(TABLES);
        known.addAll(NUMBERS);
        for (String name : file.names(List.of())) {
            boolean table = file.get(List.of(), name) instanceof TomlTable;
            if (!known.contains(name)) {
                throw new UsageException(file.where(List.of(), name) + ": There is no '" + FileFailure.printable(name)
                        + "' of a sweep" + Words.didYouMean(name, known, ";")
                        + " It has [base], [grid], [random], seeds"
                        + " and halving; settings stand in [base].");
            }
            if (table != TABLES.contains(name)) {
                throw new UsageException(file.where(List.of(), name) + ": '" + name + "' must be "
                        + (table ? "a whole number." : "a table, [" + name + "]."));
            }
        }
    }

    private int number(List<String> table, String name, int least, int most, int usual) {
        Object value = file.get(table, name);
        if (value == null) {
            return usual;
        }
        if (!(value instanceof Long number) || number < least || number > most) {
            throw new UsageException(file.where(table, name) + ": '" + name + "' must be a whole number from " + least
                    + " to " + most + ", but is '" + FileFailure.printable(String.valueOf(value)) + "'.");
        }
        return Math.toIntExact(number);
    }

    /** Returns a setting that may be varied. */
    private Key varied(List<String> table, String name) {
        try {
            Key key = Settings.known(name);
            if (key == Key.SEED) {
                throw new UsageException("Seeds are not searched: 'seeds = N' trains each combination with N of them.");
            }
            if (Settings.isOfTheMachine(key)) {
                throw new UsageException("'" + name + "' does not change what is learned; set it in [base].");
            }
            if (key == Key.EPOCHS && halving > 0) {
                throw new UsageException(
                        "'epochs' cannot be searched with 'halving', which sets them; leave out either.");
            }
            if (base.settings().isSet(key)) {
                throw new UsageException("'" + name + "' is set in [base] as well; leave out either.");
            }
            return key;
        } catch (UsageException e) {
            throw new UsageException(file.where(table, name) + ": " + e.getMessage());
        }
    }

    /** Returns the values in a list, each in its usual writing. */
    private List<String> values(List<String> table, String name, Key key) {
        try {
            List<String> texts = file.texts(table, name);
            if (texts == null || texts.isEmpty()) {
                throw new UsageException("'" + name + "' must be a list of values, [A, B, ...].");
            }
            Set<String> values = new LinkedHashSet<>();
            for (String text : texts) {
                String value = new Settings().set(key, text).text(key);
                if (key.type() == Key.Type.CHOICE) {
                    Settings.choice(key, value);
                }
                if (!values.add(value)) {
                    throw new UsageException("'" + name + "' has the value " + value + " twice.");
                }
            }
            return List.copyOf(values);
        } catch (UsageException e) {
            throw new UsageException(file.where(table, name) + ": " + e.getMessage());
        }
    }

    private List<Point> grid() {
        List<String> table = List.of("grid");
        List<Map<Key, String>> combinations = List.of(Map.of());
        for (String name : file.names(table)) {
            Key key = varied(table, name);
            List<Map<Key, String>> longer = new ArrayList<>();
            for (Map<Key, String> combination : combinations) {
                for (String value : values(table, name, key)) {
                    Map<Key, String> with = new LinkedHashMap<>(combination);
                    with.put(key, value);
                    longer.add(with);
                }
            }
            combinations = longer;
            if (combinations.size() > MOST_RUNS) {
                throw new UsageException(file + ": [grid] has more than " + MOST_RUNS
                        + " combinations; take fewer values, or [random].");
            }
        }
        return combinations.stream().map(this::point).toList();
    }

    private List<Point> random() {
        List<String> table = List.of("random");
        if (file.get(table, "runs") == null) {
            throw new UsageException(file + ": [random] must say how many combinations to draw: 'runs = N'.");
        }
        int runs = number(table, "runs", 1, MOST_RUNS, 0);
        SplittableRandom random = new SplittableRandom(number(table, "seed", 0, Integer.MAX_VALUE, 0));
        Map<Key, Draw> draws = new LinkedHashMap<>();
        for (String name : file.names(table)) {
            if (!OF_RANDOM.contains(name)) {
                Key key = varied(table, name);
                draws.put(key, draw(table, name, key));
            }
        }
        if (draws.isEmpty()) {
            throw new UsageException(file + ": [random] names no setting to draw.");
        }
        Set<Map<Key, String>> drawn = new LinkedHashSet<>();
        for (int i = 0; i < runs * DRAWS && drawn.size() < runs; i++) {
            Map<Key, String> combination = new LinkedHashMap<>();
            draws.forEach((key, draw) -> combination.put(key, draw.from(random)));
            drawn.add(combination);
        }
        return drawn.stream().map(this::point).toList();
    }

    private Draw draw(List<String> table, String name, Key key) {
        if (file.get(table, name) instanceof TomlArray) {
            List<String> values = values(table, name, key);
            return random -> values.get(random.nextInt(values.size()));
        }
        try {
            return range(table, name, key);
        } catch (UsageException e) {
            throw new UsageException(file.where(table, name) + ": " + e.getMessage());
        }
    }

    private Draw range(List<String> table, String name, Key key) {
        if (!(file.get(table, name) instanceof TomlTable range)
                || !OF_RANGE.containsAll(range.keySet())
                || !(range.get("from") instanceof Number low)
                || !(range.get("to") instanceof Number high)
                || !(range.get(List.of("log")) == null || range.get("log") instanceof Boolean)) {
            throw new UsageException(
                    "'" + name + "' must be a list of values, [A, B, ...], or a range, { from = A, to = B },"
                            + " with log = true for a logarithmic one.");
        }
        boolean whole = key.type() == Key.Type.INTEGER;
        if (!whole && key.type() != Key.Type.NUMBER && key.type() != Key.Type.NUMBERS) {
            throw new UsageException("'" + name + "' is no number; name its values in a list, [A, B, ...].");
        }
        String least = new Settings().set(key, low.toString()).text(key);
        String most = new Settings().set(key, high.toString()).text(key);
        double from = Double.parseDouble(least);
        double to = Double.parseDouble(most);
        boolean log = Boolean.TRUE.equals(range.get("log"));
        if (!(from < to) || (log && from <= 0)) {
            throw new UsageException("The range of '" + name + "' must go up" + (log ? " from above 0" : "")
                    + ", but goes from " + low + " to " + high + ".");
        }
        return random -> {
            double part = random.nextDouble();
            double drawn = log
                    ? from * Math.pow(to / from, part)
                    : whole ? from + part * (to - from + 1) : from + part * (to - from);
            double within = Math.min(
                    to, Math.max(from, log && whole ? Math.rint(drawn) : whole ? Math.floor(drawn) : rounded(drawn)));
            return whole ? Long.toString((long) within) : Double.toString(within);
        };
    }

    private static double rounded(double number) {
        return new BigDecimal(number).round(DIGITS).doubleValue();
    }

    private Point point(Map<Key, String> values) {
        Settings given = new Settings();
        values.forEach(given::set);
        try {
            return new Point(values, Experiment.of(given, base));
        } catch (UsageException e) {
            String said = String.valueOf(e.getMessage());
            throw new UsageException(said.startsWith(file.toString()) ? said : file + ": " + said);
        }
    }

    /** Returns the combinations that train otherwise than those before them; all are checked. */
    private List<Point> distinct(List<Point> combinations) {
        Map<String, Point> distinct = new LinkedHashMap<>();
        for (Point point : combinations) {
            int epochs = point.experiment().settings().integer(Key.EPOCHS);
            Trial first = candidate(point, epochs).trials().get(0);
            distinct.putIfAbsent(first.name() + " " + epochs, point);
        }
        return List.copyOf(distinct.values());
    }

    private Candidate candidate(Point point, int epochs) {
        try {
            return point.in(epochs, seeds);
        } catch (UsageException e) {
            throw new UsageException(file + ": " + e.getMessage());
        }
    }

    private int epochs() {
        return points.get(0).experiment().settings().integer(Key.EPOCHS);
    }

    private void checkHalving() {
        if (halving > 0 && rungs() == 1) {
            throw new UsageException(file.where(List.of(), "halving") + ": 'halving = " + halving + "' needs at least "
                    + halving + " combinations and " + halving + " epochs, but there are " + size() + " and " + epochs()
                    + ".");
        }
    }

    /** Returns how often some go on, and once: while there are enough combinations, and an epoch for the first of them. */
    private int rungs() {
        int rungs = 1;
        for (long share = halving; halving > 0 && share <= size() && share <= epochs(); share *= halving) {
            rungs++;
        }
        return rungs;
    }

    /**
     * Trains what is missing.
     *
     * @param study in whose folder
     * @return the table at the end: those that got farthest first, and of them the best
     * @throws IOException if the folder cannot be written
     */
    public StudyTable run(Study study) throws IOException {
        List<Map<Point, Candidate>> rounds = new ArrayList<>();
        List<Point> left = points;
        int last = rungs() - 1;
        while (true) {
            Map<Point, Candidate> round = new LinkedHashMap<>();
            for (Point point : left) {
                round.put(point, candidate(point, epochs(point, last - rounds.size())));
            }
            rounds.add(round);
            List<Candidate> candidates = List.copyOf(round.values());
            if (last > 0) {
                study.say("Round " + rounds.size() + " of " + (last + 1) + ": "
                        + Words.count(left.size(), "combination") + ", "
                        + Words.count(candidates.get(0).trials().get(0).epochs(), "epoch") + ".");
            }
            StudyTable table = study.run(candidates, ranked(List.copyOf(rounds)));
            left = best(study, round);
            if (study.isStopped() || left.isEmpty() || rounds.size() > last) {
                return table;
            }
        }
    }

    /** Returns the epochs of a combination in a round that so many follow. */
    private int epochs(Point point, int following) {
        int all = point.experiment().settings().integer(Key.EPOCHS);
        return (int) Math.max(1, Math.round(all / Math.pow(halving, following)));
    }

    /** Returns the combinations that go on, best first; none if none has an accuracy. */
    private List<Point> best(Study study, Map<Point, Candidate> round) throws IOException {
        Map<Point, Double> accuracies = new LinkedHashMap<>();
        for (Map.Entry<Point, Candidate> one : round.entrySet()) {
            accuracies.put(one.getKey(), study.line(one.getValue()).mean());
        }
        return accuracies.entrySet().stream()
                .filter(one -> !Double.isNaN(one.getValue()))
                .sorted(Map.Entry.<Point, Double>comparingByValue().reversed())
                .limit(Math.max(1, round.size() / Math.max(1, halving)))
                .map(Map.Entry::getKey)
                .toList();
    }

    private Study.Layout ranked(List<Map<Point, Candidate>> rounds) {
        String measured = rounds.get(0).values().iterator().next().measured();
        return study -> {
            List<StudyTable.Line> lines = new ArrayList<>();
            Set<Point> seen = new HashSet<>();
            for (int i = rounds.size() - 1; i >= 0; i--) {
                List<StudyTable.Line> round = new ArrayList<>();
                for (Map.Entry<Point, Candidate> one : rounds.get(i).entrySet()) {
                    if (seen.add(one.getKey())) {
                        round.add(study.line(one.getValue()));
                    }
                }
                round.sort(Comparator.comparingDouble(line -> Double.isNaN(line.mean()) ? 1 : -line.mean()));
                round.forEach(line -> lines.add(numbered(line, lines.size() + 1)));
            }
            return new StudyTable("Sweep of " + file, measured, lines, null);
        };
    }

    private static StudyTable.Line numbered(StudyTable.Line line, int rank) {
        Candidate candidate = line.candidate();
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put("rank", Double.isNaN(line.mean()) ? "" : Integer.toString(rank));
        labels.putAll(candidate.labels());
        return new StudyTable.Line(
                new Candidate(labels, candidate.paper(), candidate.trials(), candidate.notes()), line.results());
    }
}
