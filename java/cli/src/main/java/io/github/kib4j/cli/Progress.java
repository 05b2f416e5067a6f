package io.github.kib4j.cli;

import io.github.kib4j.experiment.RunListener;
import io.github.kib4j.experiment.Words;
import io.github.kib4j.train.EpochResult;
import io.github.kib4j.train.Evaluation;
import io.github.kib4j.train.TrainingConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;

/** Shows how training goes: steps and test images on a terminal, a line for each epoch everywhere. */
class Progress implements RunListener {
    private static final int BAR = 24;
    private static final int LEAST_BAR = 5;
    private static final long PATIENCE = 200_000_000L;

    private final Screen screen;
    private final LongSupplier clock;
    private String title = "";
    private int epochs;
    private int batch;
    private long epochStarted;
    private long shown;
    private int firstStep;

    Progress(Screen screen) {
        this(screen, System::nanoTime);
    }

    /**
     * Begins to show.
     *
     * @param clock nanoseconds since some moment
     */
    Progress(Screen screen, LongSupplier clock) {
        this.screen = screen;
        this.clock = clock;
    }

    @Override
    public void begin(String rule, TrainingConfig config) {
        begin(rule, config.epochs(), config.batch());
    }

    Progress begin(String rule, int ofEpochs, int ofBatch) {
        title = rule;
        epochs = ofEpochs;
        batch = ofBatch;
        epochStarted = clock.getAsLong();
        shown = epochStarted - PATIENCE;
        return this;
    }

    @Override
    public void startEpoch() {
        epochStarted = clock.getAsLong();
        firstStep = -1;
    }

    @Override
    public void step(int epoch, int step, int steps) {
        if (firstStep < 0) {
            firstStep = step - 1;
        }
        if (!isDue(step == steps)) {
            return;
        }
        double perStep = (shown - epochStarted) * 1e-9 / (step - firstStep);
        String left = Words.duration(perStep * (steps - step + (double) steps * (epochs - epoch))) + " left";
        String speed = String.format(Locale.ROOT, "%,.0f images/s, ", batch / perStep);
        String place = title + " epoch " + epoch + "/" + epochs + " step " + step + "/" + steps;
        screen.status(fitting(place, (double) step / steps, List.of(speed + left, left)));
    }

    @Override
    public void testing(int epoch, int done, int images) {
        if (isDue(done == 0)) {
            String place =
                    String.format(Locale.ROOT, "%s epoch %d/%d testing %,d/%,d", title, epoch, epochs, done, images);
            screen.status(fitting(place, (double) done / images, List.of("")));
        }
    }

    private boolean isDue(boolean always) {
        long now = clock.getAsLong();
        if (!screen.isTerminal() || (now - shown < PATIENCE && !always)) {
            return false;
        }
        shown = now;
        return true;
    }

    /** Returns place, a bar, and the longest of these ends that fits; the bar shrinks first, then goes. */
    private String fitting(String place, double part, List<String> ends) {
        for (String end : ends) {
            String after = end.isEmpty() ? "" : " " + end;
            int room = screen.width() - place.length() - after.length() - " []".length();
            if (room >= LEAST_BAR) {
                int length = Math.min(BAR, room);
                int filled = (int) (length * part);
                return place + " [" + "#".repeat(filled) + ".".repeat(length - filled) + "]" + after;
            }
            if (room + " []".length() >= 0) {
                return place + after;
            }
        }
        return place;
    }

    @Override
    public void epoch(EpochResult epoch, Evaluation test) {
        String line = title + " epoch " + epoch.epoch() + "/" + epochs + ": test " + percent(test.accuracy())
                + beside(test) + ", train " + percent(epoch.accuracy());
        String speed = String.format(Locale.ROOT, ", %,.0f images/s", epoch.imagesPerSecond());
        String light = Double.isFinite(epoch.speedOfLight())
                ? ", " + percent(100 * epoch.speedOfLight()) + " of the speed of light"
                : "";
        String loss = String.format(Locale.ROOT, ", readout loss %.4f", epoch.readoutLoss());
        String each = epoch.localLosses().stream()
                .map(x -> String.format(Locale.ROOT, "%.4f", x))
                .collect(Collectors.joining(" "));
        String losses = each.isEmpty() ? "" : ", local losses " + each;
        screen.line(longestFitting(List.of(
                line + loss + losses + speed + light,
                line + loss + losses + speed,
                line + loss + speed + light,
                line + loss + speed,
                line + speed,
                line)));
    }

    /** Returns the accuracies that stand apart, where there are any: {@code " (current weights 97.90 %, with flips 98.40 %)"}. */
    static String beside(Evaluation test) {
        List<String> all = new ArrayList<>();
        if (test.current() != null) {
            all.add("current weights " + percent(test.current().accuracy()));
        }
        if (test.accuracyWithFlips() != null) {
            all.add("with flips " + percent(test.accuracyWithFlips()));
        }
        return all.isEmpty() ? "" : " (" + String.join(", ", all) + ")";
    }

    /** Returns the first of these that fits into a line; what it leaves out is in the run's metrics. */
    private String longestFitting(List<String> lines) {
        return lines.stream()
                .filter(line -> line.length() <= screen.width())
                .findFirst()
                .orElse(Screen.cut(lines.get(lines.size() - 1), screen.width()));
    }

    @Override
    public void say(String line) {
        screen.line(line);
    }

    static String percent(double value) {
        return String.format(Locale.ROOT, "%.2f %%", value);
    }
}
