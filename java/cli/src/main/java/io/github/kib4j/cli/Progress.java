package io.github.kib4j.cli;

import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import java.io.PrintStream;
import java.util.Locale;
import java.util.stream.Collectors;

/** Shows how training goes, on the error stream: a bar on a terminal, a line for each epoch everywhere. */
final class Progress {
    private static final int WIDTH = 24;
    private static final long PATIENCE = 200_000_000L;

    private final PrintStream err;
    private final boolean quiet;
    private final boolean terminal;
    private final String title;
    private final int epochs;
    private final int batch;
    private long epochStarted = System.nanoTime();
    private long shown;
    private int firstStep;

    Progress(PrintStream err, boolean quiet, boolean terminal, String title, int epochs, int batch) {
        this.err = err;
        this.quiet = quiet;
        this.terminal = terminal && !quiet;
        this.title = title;
        this.epochs = epochs;
        this.batch = batch;
    }

    void startEpoch() {
        epochStarted = System.nanoTime();
        firstStep = -1;
    }

    void step(int epoch, int step, int steps) {
        long now = System.nanoTime();
        if (firstStep < 0) {
            firstStep = step - 1;
        }
        if (!terminal || (now - shown < PATIENCE && step < steps)) {
            return;
        }
        shown = now;
        double perStep = (now - epochStarted) * 1e-9 / (step - firstStep);
        int filled = WIDTH * step / steps;
        double left = perStep * (steps - step + (double) steps * (epochs - epoch));
        err.printf(
                Locale.ROOT,
                "\r%s epoch %d/%d [%s%s] %,.0f images/s, %s left \u001b[K",
                title,
                epoch,
                epochs,
                "#".repeat(filled),
                ".".repeat(WIDTH - filled),
                batch / perStep,
                duration(left));
        err.flush();
    }

    void epoch(EpochResult epoch, Evaluation test) {
        if (quiet) {
            return;
        }
        String losses = epoch.localLosses().isEmpty()
                ? ""
                : ", local losses "
                        + epoch.localLosses().stream()
                                .map(x -> String.format(Locale.ROOT, "%.4f", x))
                                .collect(Collectors.joining(" "));
        err.printf(
                Locale.ROOT,
                "%s%s epoch %d/%d: test %.2f %%, train %.2f %%, readout loss %.4f%s, %,.0f images/s%n",
                terminal ? "\r\u001b[K" : "",
                title,
                epoch.epoch(),
                epochs,
                test.accuracy(),
                epoch.accuracy(),
                epoch.readoutLoss(),
                losses,
                epoch.imagesPerSecond());
    }

    void say(String line) {
        if (!quiet) {
            err.println(line);
        }
    }

    static String duration(double seconds) {
        long s = Math.round(seconds);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }
}
