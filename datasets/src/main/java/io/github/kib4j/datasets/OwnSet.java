package io.github.kib4j.datasets;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.data.ImageSet;
import io.github.kib4j.data.Pixels;
import io.github.kib4j.tensor.RefusedException;
import io.github.kib4j.tensor.Shape;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A data set out of somebody's own files: its parts, the classes that their labels name, and how it is normalized. Classes are the
 * labels that occur, in the order of numbers if all are whole numbers, else of characters. Without a test part a tenth of the samples
 * is for testing, drawn as {@link Validation} draws, always the same. Floats are normalized by the selected training part.
 */
record OwnSet(String name, OwnSet.Part train, OwnSet.@Nullable Part test, OwnSet.@Nullable Part validation) {
    /** Of so many samples one is a class by itself, at most: else labels are numbers that are no classes. */
    private static final int LEAST_OF_A_CLASS = 2;

    private static final int FEW = 20;

    /**
     * Samples with their labels.
     *
     * @param from where they were read, for messages
     */
    record Part(String from, Shape sample, Pixels pixels, List<String> labels) {
        Part {
            if (pixels.size() != labels.size() * sample.size()) {
                throw new DatasetException("There are " + labels.size() + " labels for the "
                        + pixels.size() / sample.size() + " samples of " + from + "; give each sample one.");
            }
        }

        ImageSet asClasses(List<String> names) {
            Map<String, Integer> places = new HashMap<>();
            for (int i = 0; i < names.size(); i++) {
                places.put(names.get(i), i);
            }
            int[] classes = labels.stream().mapToInt(places::get).toArray();
            try {
                return new ImageSet(from, sample, pixels, classes, names);
            } catch (RefusedException e) { // a number that is none
                throw new DatasetException(String.valueOf(e.getMessage()), e);
            }
        }
    }

    /** Returns the data set, of which some samples are selected. */
    Dataset select(Selection selection) {
        Part second = selection.validation() && validation != null ? validation : test == null ? validation : test;
        List<String> names = names(second == null ? List.of(train) : List.of(train, second));
        ImageSet all = train.asClasses(names);
        ImageSet tests;
        if (second == null) {
            Validation.Split split = Validation.split(train.from(), all.count());
            tests = all.select(train.from(), split.validation());
            all = all.select(train.from(), split.train());
        } else {
            tests = second.asClasses(names);
            if (!all.image().equals(tests.image())
                    || all.pixels().type() != tests.pixels().type()) {
                throw new DatasetException("The samples of " + train.from() + " are " + described(all) + ", those of "
                        + second.from() + " " + described(tests) + "; give both the same.");
            }
        }
        if (selection.validation() && second != validation) {
            Validation.Split split = Validation.split(train.from(), all.count());
            tests = all.select(train.from(), split.validation());
            all = all.select(train.from(), split.train());
        }
        ImageSet chosen = share(all, selection.train());
        ImageSet tested = share(tests, selection.test());
        List<Double> half = Collections.nCopies(chosen.image().extent(0), 0.5);
        return chosen.pixels() instanceof Pixels.Floats
                ? Dataset.standardized(name, chosen, tested)
                : new Dataset(name, chosen, tested, half, half, 0, false);
    }

    private static String described(ImageSet set) {
        return (set.pixels() instanceof Pixels.Bytes ? "bytes" : "floats") + " of " + set.image();
    }

    /** Returns the classes that occur. */
    static List<String> names(List<Part> parts) {
        List<String> names = parts.stream()
                .flatMap(part -> part.labels().stream())
                .distinct()
                .toList();
        String from = parts.get(0).from();
        if (names.size() < 2) {
            throw new DatasetException("All samples of " + from + " have the label '"
                    + FileFailure.printable(names.get(0)) + "', but there must be at least 2 classes.");
        }
        int samples = parts.stream().mapToInt(part -> part.labels().size()).sum();
        if (names.size() > FEW && (long) names.size() * LEAST_OF_A_CLASS > samples) {
            throw new DatasetException("The " + samples + " samples of " + from + " have " + names.size()
                    + " different labels, for example '" + FileFailure.printable(names.get(0))
                    + "': these are no classes; name the column that has them.");
        }
        boolean whole = names.stream().allMatch(label -> label.matches("[-+]?[0-9]{1,18}"));
        Comparator<String> order = whole
                ? Comparator.<String>comparingLong(Long::parseLong).thenComparing(Comparator.naturalOrder())
                : Comparator.naturalOrder();
        return names.stream().sorted(order).toList();
    }

    /** Returns at most so many samples, of each class its first and as many as of the others while it has them; 0 for all. */
    private static ImageSet share(ImageSet set, int limit) {
        return limit == 0 || limit >= set.count()
                ? set
                : set.select(set.name(), Selection.share(set.labels(), set.classes(), limit));
    }

    /**
     * Returns samples to test a network on that learned classes of these names: labels are their names, or their numbers from 0.
     *
     * @throws DatasetException if they are neither
     */
    static ImageSet forNetwork(Part part, List<String> names) {
        if (names.containsAll(part.labels())) {
            return part.asClasses(names);
        }
        List<String> numbers =
                IntStream.range(0, names.size()).mapToObj(String::valueOf).toList();
        String odd = Stream.concat(part.labels().stream(), Stream.of(""))
                .filter(label -> !numbers.contains(label))
                .findFirst()
                .orElse("");
        if (!odd.isEmpty()) {
            throw new DatasetException("The label '" + FileFailure.printable(odd) + "' of " + part.from()
                    + " is no class that the network learned, nor the number of one: " + shown(names) + ".");
        }
        ImageSet numbered = part.asClasses(numbers);
        return new ImageSet(part.from(), part.sample(), part.pixels(), numbered.labels(), names);
    }

    private static String shown(List<String> names) {
        return String.join(
                        ", ",
                        names.stream().limit(FEW).map(FileFailure::printable).toList())
                + (names.size() > FEW ? " and " + (names.size() - FEW) + " more" : "");
    }

    static List<String> words(long[] labels) {
        Map<Long, String> known = new HashMap<>();
        return Arrays.stream(labels)
                .mapToObj(label -> known.computeIfAbsent(label, String::valueOf))
                .toList();
    }
}
