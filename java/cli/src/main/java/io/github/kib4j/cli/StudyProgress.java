package io.github.kib4j.cli;

import io.github.kib4j.experiment.StudyListener;
import io.github.kib4j.experiment.Trial;
import io.github.kib4j.experiment.TrialResult;
import io.github.kib4j.experiment.Words;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Shows how a study goes: a line for each run that has ended, and on a terminal where those are that have not. */
final class StudyProgress implements StudyListener {
    private final Screen screen;
    private final Set<String> said = new HashSet<>();
    private final Map<String, String> places = new LinkedHashMap<>();
    private int trials;
    private int done;

    StudyProgress(Screen screen) {
        this.screen = screen;
    }

    /** Many runs say the same of device and data. */
    @Override
    public void say(String line) {
        if (said.add(line)) {
            screen.line(line);
        }
    }

    @Override
    public void begin(int all, int settled) {
        trials = all;
        done = settled;
        screen.line(Words.count(all, "run")
                + (settled == 0 ? "." : ", of which " + settled + (settled == 1 ? " is" : " are") + " done."));
    }

    @Override
    public void skipped(String dataset, String message, boolean missing) {
        screen.line("Skipped: " + dataset + ". " + message + (missing ? DataCommand.where(dataset) : ""));
    }

    @Override
    public void step(Trial trial, int epoch, int step, int steps) {
        show(trial, "epoch " + epoch + "/" + trial.epochs() + " step " + step + "/" + steps);
    }

    @Override
    public void epoch(Trial trial, int epoch, double accuracy) {
        show(trial, "epoch " + epoch + "/" + trial.epochs() + " test " + Progress.percent(accuracy));
    }

    private void show(Trial trial, String place) {
        places.put(trial.title(), trial.title() + " " + place);
        screen.status(done + "/" + trials + " done; " + String.join("; ", places.values()));
    }

    @Override
    public void end(Trial trial, TrialResult result) {
        places.remove(trial.title());
        done += result.isSettled() ? 1 : 0;
        String became = result.state() == TrialResult.State.FINISHED
                ? Progress.percent(result.testAccuracy()) + " after " + Words.count(result.epochs(), "epoch") + " ("
                        + Words.duration(result.seconds()) + ")"
                : result.remark();
        screen.line(trial.title() + ": " + became.replaceFirst("\\.$", "") + "; " + done + " of "
                + Words.count(trials, "run") + " done.");
    }
}
