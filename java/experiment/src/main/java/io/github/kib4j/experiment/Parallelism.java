package io.github.kib4j.experiment;

import io.github.kib4j.op.Device;
import io.github.kib4j.train.DeviceDataset.Sizes;
import io.github.kib4j.train.MemoryBudget;
import io.github.kib4j.train.MemoryEstimate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How many trainings run at once: as many as are wanted, each with its share of the threads, while memory holds them. */
public final class Parallelism {
    /** Processors of a training, where there are enough for several. */
    private static final int PROCESSORS = 4;

    private final int wanted;
    private final Map<String, Need> needs = new HashMap<>();
    private final Map<String, Need> taken = new HashMap<>();
    private int processes = 1;
    private boolean said;
    private Consumer<String> say = line -> {};

    /** What there was before anything ran. */
    private @Nullable MemoryBudget budget;

    /** Bytes of the host's memory and of the device's own. */
    private record Need(long host, long device) {}

    private Parallelism(int wanted) {
        this.wanted = wanted;
    }

    /**
     * {@return so many trainings at once}
     *
     * @param processes how many, from 1; 0 for one for every four processors, and one on a device with memory of its own
     */
    public static Parallelism of(int processes) {
        return new Parallelism(processes);
    }

    /**
     * Prepares for trials.
     *
     * @param trials that are to be trained
     * @param notes is told what is decided
     * @return how many are trained at once, at most
     * @throws io.github.kib4j.tensor.RefusedException if there is no device for them
     */
    int begin(List<Trial> trials, Consumer<String> notes) {
        say = notes;
        if (trials.isEmpty()) {
            return 1;
        }
        try (Device device = new RunPlan(trials.get(0).settings()).device().device()) {
            budget = RunPlan.budget(device);
            int usual =
                    device.ownMemory().isPresent() ? 1 : Runtime.getRuntime().availableProcessors() / PROCESSORS;
            processes = Math.max(1, Math.min(wanted > 0 ? wanted : usual, trials.size()));
        }
        return processes;
    }

    /** Returns a trial with its share of the processor's threads, where it was given no number of its own. */
    Trial share(Trial trial) {
        if (processes == 1 || trial.settings().isSet(Key.THREADS)) {
            return trial;
        }
        int given = ThreadCount.of(trial.settings()).threads();
        int all = given > 0 ? given : Runtime.getRuntime().availableProcessors();
        Experiment whole = trial.experiment();
        Settings settings = whole.settings().with(Key.THREADS, Integer.toString(Math.max(1, all / processes)));
        return new Trial(trial.title(), new Experiment(settings, whole.preset(), whole.notes(), whole.shaped()));
    }

    /** Takes the memory of a trial, if it is there beside what others have, or there are none. */
    boolean admit(Trial trial) {
        if (processes == 1) {
            return true;
        }
        Need need = needs.computeIfAbsent(
                new RunPlan(trial.settings().with(Key.SEED, "0")).toToml(), text -> need(share(trial)));
        if (!taken.isEmpty() && !holds(need)) {
            sayOnce("Note: memory does not hold " + Words.count(processes, "training") + " at once; some wait.");
            return false;
        }
        taken.put(trial.name(), need);
        return true;
    }

    private void sayOnce(String line) {
        if (!said) {
            say.accept(line);
            said = true;
        }
    }

    void release(Trial trial) {
        taken.remove(trial.name());
    }

    private boolean holds(Need need) {
        MemoryBudget there = budget;
        if (there == null) {
            return true;
        }
        long host = need.host + taken.values().stream().mapToLong(Need::host).sum();
        long own = need.device + taken.values().stream().mapToLong(Need::device).sum();
        return (there.host().isEmpty() || host <= there.host().getAsLong())
                && there.device().map(memory -> own <= memory.free()).orElse(true);
    }

    /** Returns what a trial needs; nothing where that is not known without its data, since it looks for itself. */
    private static Need need(Trial trial) {
        Optional<Sizes> images = new RunPlan(trial.settings()).knownImages();
        if (images.isEmpty()) {
            return new Need(0, 0);
        }
        RunPlan.Memory memory =
                new RunPlan(trial.experiment().fitted(images.get()).settings()).memory(images.get());
        Optional<MemoryEstimate> estimate = memory.largest();
        if (estimate.isEmpty()) {
            return new Need(0, 0);
        }
        return memory.budget()
                .device()
                .map(own -> new Need(estimate.get().onHost(), estimate.get().onDevice() + own.libraries()))
                .orElseGet(() -> new Need(estimate.get().total(), 0));
    }
}
