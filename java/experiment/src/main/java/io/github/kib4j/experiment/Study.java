package io.github.kib4j.experiment;

import io.github.kib4j.datasets.DatasetException;
import io.github.kib4j.datasets.Datasets;
import io.github.kib4j.experiment.TrialWorker.Outcome;
import io.github.kib4j.files.DurableFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Trainings that are compared, in a folder: {@code runs/} with the folder of each, and {@code table.md, table.csv, table.json,
 * runs.csv}, which always say what has become of them so far. What is done is not done again: a study that was killed goes on when it is
 * asked for again, each of its trainings from its newest checkpoint.
 */
public final class Study implements AutoCloseable {
    /** The folder of trials' folders. */
    public static final String RUNS = "runs";

    private final Path folder;
    private final String command;
    private final TrialWorker worker;
    private final Parallelism parallelism;
    private final StudyListener listener;
    private final RunLock lock;

    /** What will not change any more, by the trials' names and epochs. */
    private final Map<String, TrialResult> settled = new HashMap<>();

    /** What ended otherwise than the trials' folders tell, in this session, by the trials' names. */
    private final Map<String, TrialResult> troubles = new HashMap<>();

    /** Why a data set cannot be learned, by name and place. */
    private final Map<String, String> unusable = new HashMap<>();

    private final Set<String> running = new HashSet<>();
    private boolean stopped;

    private Study(
            Path folder,
            String command,
            TrialWorker worker,
            Parallelism parallelism,
            StudyListener listener,
            RunLock lock) {
        this.folder = folder;
        this.command = command;
        this.worker = worker;
        this.parallelism = parallelism;
        this.listener = listener;
        this.lock = lock;
    }

    /**
     * Opens a folder for a study, and keeps other processes out of it.
     *
     * @param folder a new one, or one with earlier trainings
     * @param command how the study is called, for records
     * @param worker trains
     * @param parallelism how many trainings at once
     * @param listener is told how it goes
     * @return the study
     * @throws UsageException if the folder cannot be one
     * @throws io.github.kib4j.checkpoint.CheckpointException if another process has a study in it
     * @throws IOException if it cannot be written
     */
    public static Study open(
            Path folder, String command, TrialWorker worker, Parallelism parallelism, StudyListener listener)
            throws IOException {
        new RunFolder(folder).checkCreatable();
        Files.createDirectories(folder);
        RunLock lock = RunLock.of("The experiment in " + folder + " is being run", folder.resolve("experiment.lock"));
        return new Study(folder, command, worker, parallelism, listener, lock);
    }

    /** Makes a table of a study as it stands. */
    public interface Layout {
        /**
         * {@return the table}
         *
         * @param study that tells what has become of candidates
         * @throws IOException if trials' folders cannot be read
         */
        StudyTable table(Study study) throws IOException;
    }

    /**
     * {@return the layout of a table with a line for each candidate, in their order}
     *
     * @param title of the study
     * @param candidates all of them
     */
    public static Layout inOrder(String title, List<Candidate> candidates) {
        return study -> new StudyTable(title, candidates.get(0).measured(), study.lines(candidates), null);
    }

    /**
     * {@return the layout of a table that has what each candidate gains over the first}
     *
     * @param title of the study
     * @param candidates all of them, with the same seeds
     */
    public static Layout againstTheFirst(String title, List<Candidate> candidates) {
        return study -> {
            List<StudyTable.Line> lines = study.lines(candidates);
            return new StudyTable(title, candidates.get(0).measured(), lines, lines.get(0));
        };
    }

    private List<StudyTable.Line> lines(List<Candidate> candidates) throws IOException {
        List<StudyTable.Line> lines = new ArrayList<>();
        for (Candidate candidate : candidates) {
            lines.add(line(candidate));
        }
        return lines;
    }

    /**
     * {@return what has become of a candidate, a line of a table}
     *
     * @param candidate which
     * @throws IOException if its trials' folders cannot be read
     */
    public synchronized StudyTable.Line line(Candidate candidate) throws IOException {
        List<TrialResult> results = new ArrayList<>();
        for (Trial trial : candidate.trials()) {
            results.add(result(trial));
        }
        return new StudyTable.Line(candidate, results);
    }

    /**
     * Hands a sentence on to the listener.
     *
     * @param line the sentence
     */
    public void say(String line) {
        listener.say(line);
    }

    /**
     * Trains what is missing, seed by seed, and writes the table whenever a training has ended.
     *
     * @param candidates to be trained; of two trials of one name in a folder the later finds the earlier's result
     * @param layout of the table
     * @return the table at the end
     * @throws IOException if the folder cannot be written
     */
    public StudyTable run(List<Candidate> candidates, Layout layout) throws IOException {
        candidates.stream().flatMap(one -> one.notes().stream()).distinct().forEach(listener::say);
        List<Trial> waiting = waiting(candidates);
        write(layout);
        passOverMissing(waiting);
        int threads = parallelism.begin(waiting, listener::say);
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        try {
            List<Future<?>> workers = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                workers.add(pool.submit(() -> {
                    work(waiting, layout);
                    return null;
                }));
            }
            for (Future<?> one : workers) {
                one.get();
            }
        } catch (ExecutionException e) {
            throw thrown(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            pool.shutdown();
        }
        return write(layout);
    }

    private static IOException thrown(@Nullable Throwable cause) {
        if (cause instanceof RuntimeException e) {
            throw e;
        }
        if (cause instanceof Error e) {
            throw e;
        }
        return cause instanceof IOException e ? e : new IOException(cause);
    }

    /** Makes what is running save and stop, and begins nothing more. */
    public void stop() {
        synchronized (this) {
            stopped = true;
            notifyAll();
        }
        worker.stop();
    }

    /** {@return whether it was stopped} */
    public synchronized boolean isStopped() {
        return stopped;
    }

    /** {@return whether a trial failed, or has no data: it can be tried again} */
    public synchronized boolean hasTroubles() {
        return !troubles.isEmpty();
    }

    /** {@return the folder} */
    public Path folder() {
        return folder;
    }

    private Path runFolder(Trial trial) {
        return folder.resolve(RUNS).resolve(trial.name());
    }

    private synchronized TrialResult result(Trial trial) throws IOException {
        String name = trial.name();
        String whole = name + " " + trial.epochs();
        TrialResult known = troubles.getOrDefault(name, settled.get(whole));
        if (known != null) {
            return known;
        }
        TrialResult result = TrialResult.of(trial, runFolder(trial));
        if (result.isSettled()) {
            settled.put(whole, result);
        }
        return result;
    }

    /** Returns what is to be done: first all candidates with their first seed. */
    private List<Trial> waiting(List<Candidate> candidates) throws IOException {
        List<Trial> waiting = new ArrayList<>();
        int seeds =
                candidates.stream().mapToInt(one -> one.trials().size()).max().orElse(0);
        int all = 0;
        for (int seed = 0; seed < seeds; seed++) {
            for (Candidate candidate : candidates) {
                if (seed < candidate.trials().size()) {
                    Trial trial = candidate.trials().get(seed);
                    all++;
                    if (!result(trial).isSettled()) {
                        waiting.add(trial);
                    }
                }
            }
        }
        listener.begin(all, all - waiting.size());
        return waiting;
    }

    /** Finds out which data sets are not there, before hours are spent on the others. */
    private void passOverMissing(List<Trial> waiting) {
        for (Trial trial : waiting) {
            String dataset = trial.settings().text(Key.DATASET);
            boolean sought = Datasets.published().contains(dataset)
                    && trial.settings().text(Key.DATA).isEmpty();
            if (sought
                    && !unusable.containsKey(place(trial))
                    && Datasets.find(dataset).isEmpty()) {
                try {
                    Datasets.load(dataset, null, 0);
                } catch (DatasetException e) {
                    passOver(trial, String.valueOf(e.getMessage()), e.missing().isPresent());
                }
            }
        }
    }

    private static String place(Trial trial) {
        return trial.settings().text(Key.DATASET) + "\n" + trial.settings().text(Key.DATA) + "\n"
                + trial.settings().text(Key.LABEL);
    }

    private void passOver(Trial trial, String message, boolean missing) {
        if (unusable.putIfAbsent(place(trial), message) == null) {
            listener.skipped(trial.settings().text(Key.DATASET), message, missing);
        }
    }

    private void work(List<Trial> waiting, Layout layout) throws IOException {
        boolean whole = false;
        try {
            for (Trial trial = next(waiting); trial != null; trial = next(waiting)) {
                try {
                    Outcome outcome =
                            worker.train(parallelism.share(trial), runFolder(trial), command, new Told(trial));
                    ended(trial, outcome, layout);
                } finally {
                    release(trial);
                }
            }
            whole = true;
        } finally {
            if (!whole) {
                stop();
            }
        }
    }

    /** Returns the next trial that can be trained beside those that are; null if there is none any more. */
    private synchronized @Nullable Trial next(List<Trial> waiting) throws IOException {
        while (!stopped && !waiting.isEmpty()) {
            for (Trial trial : List.copyOf(waiting)) {
                String why = unusable.get(place(trial));
                if (why != null) {
                    waiting.remove(trial);
                    troubles.put(trial.name(), result(trial).because(TrialResult.State.SKIPPED, why));
                } else if (!running.contains(trial.name())) {
                    if (result(trial).isSettled()) {
                        waiting.remove(trial); // by one of the same name
                    } else if (parallelism.admit(trial)) {
                        waiting.remove(trial);
                        running.add(trial.name());
                        return trial;
                    }
                }
            }
            if (!waiting.isEmpty()) {
                await();
            }
        }
        return null;
    }

    private void await() {
        try {
            wait();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopped = true;
        }
    }

    private synchronized void release(Trial trial) {
        running.remove(trial.name());
        parallelism.release(trial);
        notifyAll();
    }

    private synchronized void ended(Trial trial, Outcome outcome, Layout layout) throws IOException {
        switch (outcome.kind()) {
            case NO_DATA, BAD_DATA -> {
                passOver(trial, outcome.message(), outcome.kind() == Outcome.Kind.NO_DATA);
                trouble(trial, TrialResult.State.SKIPPED, outcome.message());
            }
            case FAILED -> trouble(trial, TrialResult.State.FAILED, "failed: " + outcome.message());
            case STOPPED -> {
                if (!stopped) {
                    trouble(trial, TrialResult.State.FAILED, "failed: a signal stopped it.");
                }
            }
            default -> listener.end(trial, result(trial));
        }
        write(layout);
    }

    private void trouble(Trial trial, TrialResult.State state, String why) throws IOException {
        TrialResult result = result(trial).because(state, why);
        troubles.put(trial.name(), result);
        if (state == TrialResult.State.FAILED) {
            listener.end(trial, result);
        }
    }

    private synchronized StudyTable write(Layout layout) throws IOException {
        StudyTable table = layout.table(this);
        DurableFiles.replace(folder.resolve("table.md"), table.markdown(command));
        DurableFiles.replace(folder.resolve("table.csv"), table.csv());
        DurableFiles.replace(folder.resolve(StudyTable.FILE), table.toJson(command));
        DurableFiles.replace(folder.resolve("runs.csv"), table.trialsCsv());
        return table;
    }

    /** Gives the folder free for other processes. */
    @Override
    public void close() throws IOException {
        lock.close();
    }

    /** Hands on what a trial's training tells. */
    private final class Told implements TrialWorker.Listener {
        private final Trial trial;

        Told(Trial trial) {
            this.trial = trial;
        }

        @Override
        public void say(String line) {
            synchronized (Study.this) {
                listener.say(line);
            }
        }

        @Override
        public void step(int epoch, int step, int steps) {
            synchronized (Study.this) {
                listener.step(trial, epoch, step, steps);
            }
        }

        @Override
        public void epoch(int epoch, double accuracy) {
            synchronized (Study.this) {
                listener.epoch(trial, epoch, accuracy);
            }
        }
    }
}
