package io.github.kib4j.experiment;

import org.jspecify.annotations.Nullable;

/**
 * How many processor threads to use.
 *
 * @param threads 0 for all
 * @param note what is to be said of it; null for nothing
 */
public record ThreadCount(int threads, @Nullable String note) {
    private static final int MOST = 1024;

    /**
     * Decides by the settings, else by {@code OMP_NUM_THREADS}; the reference device has one thread.
     *
     * @param settings device and threads
     * @return the decision
     */
    public static ThreadCount of(Settings settings) {
        if (settings.text(Key.DEVICE).equals("reference")) {
            return new ThreadCount(1, null);
        }
        return of(
                settings.integer(Key.THREADS),
                System.getenv("OMP_NUM_THREADS"),
                Runtime.getRuntime().availableProcessors());
    }

    /**
     * {@return how many threads to use}
     *
     * @param asked by the settings; 0 for nothing
     * @param environment value of {@code OMP_NUM_THREADS}, one number or one for each nested level; null where it is not set
     * @param processors that there are
     */
    public static ThreadCount of(int asked, @Nullable String environment, int processors) {
        if (asked > 0) {
            return new ThreadCount(asked, tooMany("--threads " + asked, asked, processors));
        }
        if (environment == null || environment.isBlank()) {
            return new ThreadCount(0, null);
        }
        String outer = environment.split(",", -1)[0].strip();
        int threads = outer.matches("[0-9]{1,4}") ? Integer.parseInt(outer) : 0;
        if (threads < 1 || threads > MOST) {
            return new ThreadCount(
                    0, "Note: OMP_NUM_THREADS is '" + environment + "', which is no number of threads: all are used.");
        }
        String many = tooMany("OMP_NUM_THREADS " + threads, threads, processors);
        String taken = "Computing with " + Words.count(threads, "thread") + ", as OMP_NUM_THREADS says.";
        return new ThreadCount(threads, many != null ? many : threads == processors ? null : taken);
    }

    private static @Nullable String tooMany(String what, int threads, int processors) {
        return threads <= processors
                ? null
                : "Note: " + what + " is more than the " + Words.count(processors, "processor") + " there "
                        + (processors == 1 ? "is" : "are") + ", which is slower.";
    }
}
