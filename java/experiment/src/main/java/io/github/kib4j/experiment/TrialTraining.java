package io.github.kib4j.experiment;

import io.github.kib4j.datasets.DatasetException;
import io.github.kib4j.datasets.FileFailure;
import io.github.kib4j.tensor.KibFailure;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.TrainingDivergedException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Trains trials in this process. */
public final class TrialTraining implements TrialWorker {
    private static final int PATIENCE_MILLIS = 200;

    private volatile boolean stopped;

    /** Creates a worker. */
    public TrialTraining() {
        // Nothing is to be prepared.
    }

    @Override
    public void stop() {
        stopped = true;
    }

    @Override
    public Outcome train(Trial trial, Path folder, String command, Listener listener) {
        try {
            return awaitOthers(folder, listener)
                            && run(trial, folder).train(command, told(listener)).isPresent()
                    ? new Outcome(Outcome.Kind.FINISHED, "")
                    : new Outcome(Outcome.Kind.STOPPED, "");
        } catch (TrainingDivergedException e) {
            return new Outcome(Outcome.Kind.DIVERGED, String.valueOf(e.getMessage()));
        } catch (DatasetException e) {
            Outcome.Kind kind = e.missing().isPresent() ? Outcome.Kind.NO_DATA : Outcome.Kind.BAD_DATA;
            return new Outcome(kind, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            String what = e instanceof FileSystemException file ? file.getFile() + ": " : "";
            return new Outcome(Outcome.Kind.FAILED, what + FileFailure.reason(e) + ".");
        } catch (OutOfMemoryError e) {
            return new Outcome(Outcome.Kind.FAILED, "Java has not enough memory (" + e.getMessage() + ").");
        } catch (RuntimeException e) {
            if (e instanceof KibFailure) {
                return new Outcome(Outcome.Kind.FAILED, String.valueOf(e.getMessage()));
            }
            throw e;
        }
    }

    /**
     * Waits for a process that trains into the folder: one that a killed study has left, which saves and ends. Returns false
     * if that was stopped.
     */
    private boolean awaitOthers(Path folder, Listener listener) throws IOException {
        boolean said = false;
        for (Optional<String> other = new RunFolder(folder).trainedBy();
                other.isPresent();
                other = new RunFolder(folder).trainedBy()) {
            if (!said) {
                listener.say("Waiting for process " + other.get() + ", which trains into " + folder + ".");
                said = true;
            }
            try {
                Thread.sleep(PATIENCE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
            }
            if (stopped) {
                return false;
            }
        }
        return !stopped;
    }

    private static Run run(Trial trial, Path folder) throws IOException {
        RunFolder run = new RunFolder(folder);
        if (!Files.isRegularFile(run.config())) {
            return Run.begin(trial.experiment(), folder);
        }
        Settings given = new Settings();
        for (Key key : Key.values()) {
            if (Settings.isOfTheMachine(key) && trial.settings().isSet(key)) {
                given.set(key, trial.settings().text(key));
            }
        }
        int epochs = Math.max(trial.epochs(), run.epochsWanted());
        return Run.resume(folder, given.set(Key.EPOCHS, Integer.toString(epochs)));
    }

    private RunListener told(Listener listener) {
        return new RunListener() {
            @Override
            public void say(String line) {
                listener.say(line);
            }

            @Override
            public void step(int epoch, int step, int steps) {
                listener.step(epoch, step, steps);
            }

            @Override
            public void epoch(EpochResult epoch, Evaluation test) {
                listener.epoch(epoch.epoch(), test.accuracy());
            }

            @Override
            public boolean stops() {
                return stopped;
            }
        };
    }
}
