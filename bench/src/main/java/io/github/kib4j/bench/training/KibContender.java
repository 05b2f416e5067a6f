package io.github.kib4j.bench.training;

import io.github.kib4j.bench.Workload;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Phase;
import io.github.kib4j.train.Trainer;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;

/** kib4j's trainer on its CPU device. */
public final class KibContender implements Contender {
    static final String NAME = "kib";
    /** More than any run completes. */
    private static final int EPOCHS = 1_000_000;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Session open(Workload workload, int threads, int images) {
        Device device = Devices.open("cpu", threads).device();
        Trainer trainer = new Trainer(device, workload.dataset(images), workload.config(EPOCHS));
        System.gc(); // as kib train does when the device has the images
        return new KibSession(device, trainer);
    }

    private static final class KibSession implements Session {
        private final Device device;
        private final Trainer trainer;
        private final long[] nanoseconds = new long[Phase.values().length];

        KibSession(Device device, Trainer trainer) {
            this.device = device;
            this.trainer = trainer;
            trainer.timePhases(nanoseconds);
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

        @Override
        public Map<String, Double> phaseSeconds() {
            Map<String, Double> seconds = new LinkedHashMap<>();
            for (Phase phase : Phase.values()) {
                seconds.put(phase.name().toLowerCase(Locale.ROOT), nanoseconds[phase.ordinal()] * 1e-9);
            }
            return seconds;
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
}
