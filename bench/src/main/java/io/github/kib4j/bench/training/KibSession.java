package io.github.kib4j.bench.training;

import io.github.kib4j.data.Dataset;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Phase;
import io.github.kib4j.train.Trainer;
import io.github.kib4j.train.TrainingConfig;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** kib4j's trainer on a device. */
public final class KibSession implements Session {
    private final Device device;
    private final Trainer trainer;
    private final long[] nanoseconds = new long[Phase.values().length];

    /**
     * Prepares a training.
     *
     * @param device where; the session closes it
     * @param dataset what is learned
     * @param config how
     * @param phases whether the time of each phase is taken, which makes steps wait for each other on devices that compute by
     *     themselves
     */
    public KibSession(Device device, Dataset dataset, TrainingConfig config, boolean phases) {
        this.device = device;
        try {
            trainer = new Trainer(device, dataset, config);
        } catch (RuntimeException | Error e) {
            device.close();
            throw e;
        }
        System.gc(); // as kib train does when the device has the images
        if (phases) {
            trainer.timePhases(nanoseconds);
        }
    }

    @Override
    public long train(BooleanSupplier goOn) {
        long before = trainer.step();
        boolean[] wanted = {true};
        while (wanted[0]) {
            trainer.trainEpoch((epoch, step, steps) -> wanted[0] = goOn.getAsBoolean());
        }
        return trainer.step() - before;
    }

    /**
     * Trains so many steps and returns when the last is computed.
     *
     * @param steps at least one
     */
    public void train(int steps) {
        int[] left = {steps};
        train(() -> --left[0] > 0);
    }

    @Override
    public Map<String, Double> phaseSeconds() {
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (Phase phase : Phase.values()) {
            seconds.put(phase.name().toLowerCase(Locale.ROOT), nanoseconds[phase.ordinal()] * 1e-9);
        }
        return seconds;
    }

    /** {@return the bytes that the device holds now: images, weights, state, and all that a step needs} */
    public long liveBytes() {
        return device.liveBytes();
    }

    @Override
    public String description() {
        return device.description();
    }

    @Override
    public void close() {
        trainer.close();
        device.close();
    }
}
