package io.github.kib4j.experiment;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** Counts, lists and guesses in words. */
public final class Words {
    /** Suggestions at most. */
    private static final int MOST = 3;
    /** Letters from which one name may be the beginning of another. */
    private static final int BEGINNING = 2;

    private static final int LONGEST = 100;
    private static final int SECONDS_OF_AN_HOUR = 3600;

    private Words() {}

    /**
     * {@return for example {@code 1 image}, {@code 60,000 images}, {@code 10 classes}}
     *
     * @param number of things
     * @param noun of one thing
     */
    public static String count(long number, String noun) {
        String plural = noun.endsWith("s") ? noun + "es" : noun.replaceFirst("y$", "ie") + "s";
        return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? noun : plural);
    }

    /**
     * {@return for example {@code 3:07} or, from an hour on, {@code 1:02:03}}
     *
     * @param seconds of a duration
     */
    public static String duration(double seconds) {
        long s = Math.round(seconds);
        return s < SECONDS_OF_AN_HOUR
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / SECONDS_OF_AN_HOUR, s / 60 % 60, s % 60);
    }

    /**
     * {@return for example {@code a, b or c}}
     *
     * @param names of the choices
     */
    public static String or(List<String> names) {
        int last = names.size() - 1;
        return last < 1 ? String.join("", names) : String.join(", ", names.subList(0, last)) + " or " + names.get(last);
    }

    /**
     * {@return the name that is this one but for case, hyphens and underscores; empty if none is}
     *
     * @param name for example {@code FashionMNIST}, {@code leaky_relu}
     * @param names that there are
     */
    public static Optional<String> same(String name, Collection<String> names) {
        return names.stream().filter(other -> plain(other).equals(plain(name))).findFirst();
    }

    /**
     * {@return the question that follows what is not known, {@code ; did you mean a or b?}}
     *
     * @param name that is not known
     * @param names that there are
     * @param otherwise what to return without a guess
     */
    public static String didYouMean(String name, Collection<String> names, String otherwise) {
        List<String> near = near(name, names);
        return near.isEmpty() ? otherwise : "; did you mean " + or(near) + "?";
    }

    /**
     * {@return the names that may have been meant, likeliest first}
     *
     * @param name that is not known
     * @param names that there are
     */
    public static List<String> near(String name, Collection<String> names) {
        String plain = plain(name);
        return names.stream()
                .filter(other -> isNear(plain, plain(other)))
                .sorted(Comparator.<String>comparingInt(other -> distance(plain, plain(other)))
                        .thenComparing(Comparator.naturalOrder()))
                .limit(MOST)
                .toList();
    }

    private static boolean isNear(String name, String other) {
        int shorter = Math.min(name.length(), other.length());
        boolean begins = shorter >= BEGINNING && (other.startsWith(name) || name.startsWith(other));
        return begins || distance(name, other) <= (Math.max(name.length(), other.length()) + 1) / 3;
    }

    /** Returns the names with the most words of this one, nearest first: for names made of words with hyphens. */
    static List<String> nearByWords(String name, Collection<String> names, int most) {
        List<String> words = Arrays.asList(name.toLowerCase(Locale.ROOT).split("[-_ ]+"));
        Comparator<String> missing = Comparator.comparingLong(other -> {
            List<String> others = Arrays.asList(other.split("-"));
            return words.stream().filter(word -> !others.contains(word)).count();
        });
        return names.stream()
                .sorted(missing.thenComparingInt(other -> distance(plain(name), plain(other))))
                .limit(most)
                .collect(Collectors.toList());
    }

    /** Names are compared by their first letters: nobody means a name by a text that is longer. */
    private static String plain(String name) {
        return name.substring(0, Math.min(LONGEST, name.length()))
                .toLowerCase(Locale.ROOT)
                .replaceAll("[-_ ]", "");
    }

    /** Returns Damerau and Levenshtein's distance: letters added, dropped, changed, or exchanged with their neighbour. */
    static int distance(String a, String b) {
        int[] before = new int[b.length() + 1];
        int[] above = new int[b.length() + 1];
        int[] row = new int[b.length() + 1];
        Arrays.setAll(row, j -> j);
        for (int i = 1; i <= a.length(); i++) {
            int[] free = before;
            before = above;
            above = row;
            row = free;
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                boolean equal = a.charAt(i - 1) == b.charAt(j - 1);
                row[j] = Math.min(above[j - 1] + (equal ? 0 : 1), 1 + Math.min(above[j], row[j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    row[j] = Math.min(row[j], before[j - 2] + 1);
                }
            }
        }
        return row[b.length()];
    }
}
