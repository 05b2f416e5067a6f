package io.github.kib4j.rule;

import io.github.kib4j.layer.Parameter;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Operation;
import io.github.kib4j.optimizer.Optimizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A training step's operations, in order. Running it allocates nothing and waits for nothing. */
public final class StepPlan {
    private final List<Part> parts = new ArrayList<>();
    private TeachingSignal.@Nullable Bound teaching;

    /** Adds an operation at the end. */
    public void add(Phase phase, Operation operation) {
        parts.add(new Single(phase, operation));
    }

    /** Adds operations at the end. */
    public void addAll(Phase phase, Collection<Operation> all) {
        all.forEach(operation -> add(phase, operation));
    }

    /** Adds another plan's operations at the end, and takes over its teaching signal. */
    public void append(StepPlan other) {
        parts.addAll(other.parts);
        if (other.teaching != null) {
            teaching = other.teaching;
        }
    }

    /** Adds two plans that do not depend on each other, to be run at the same time on the device's lanes. */
    void addBeside(Device device, StepPlan first, StepPlan second) {
        parts.add(new Beside(device, first, second));
    }

    /** Adds what the hook plans for these parameters' gradients, then their update on a device. */
    void addUpdate(List<Parameter> parameters, Device device, Optimizer optimizer, GradientHook hook) {
        hook.plan(parameters.stream().map(Parameter::gradient).toList())
                .ifPresent(operation -> add(Phase.GRADIENT, operation));
        add(
                Phase.OPTIMIZER,
                optimizer.step(device, parameters.stream().map(Parameter::name).toList()));
    }

    void teachBy(TeachingSignal.Bound signal) {
        teaching = signal;
    }

    /** Returns whether {@link #prepare} must be called before each run. */
    public boolean needsSamples() {
        return teaching != null && teaching.needsSamples();
    }

    /** Tells a teaching signal that the host provides which training samples the batch holds. */
    public void prepare(int[] samples) {
        if (teaching != null) {
            teaching.prepare(samples);
        }
    }

    /** Runs the step. */
    public void run() {
        for (Part part : parts) {
            part.run();
        }
    }

    /**
     * Runs the step and adds each phase's time to {@code nanoseconds[phase.ordinal()]}; the time of plans beside each other is
     * divided by what their phases took. Meaningful on devices that compute on the calling thread.
     */
    public void run(long[] nanoseconds) {
        for (Part part : parts) {
            part.run(nanoseconds);
        }
    }

    /** What is run in turn. */
    private interface Part {
        void run();

        void run(long[] nanoseconds);
    }

    private record Single(Phase phase, Operation operation) implements Part {
        @Override
        public void run() {
            operation.run();
        }

        @Override
        public void run(long[] nanoseconds) {
            long before = System.nanoTime();
            operation.run();
            nanoseconds[phase.ordinal()] += System.nanoTime() - before;
        }
    }

    private static final class Beside implements Part {
        private final Operation plain;
        private final Operation timed;
        private final long[] firstTimes = new long[Phase.values().length];
        private final long[] secondTimes = new long[Phase.values().length];

        Beside(Device device, StepPlan first, StepPlan second) {
            plain = device.beside(first::run, second::run);
            timed = device.beside(() -> first.run(firstTimes), () -> second.run(secondTimes));
        }

        @Override
        public void run() {
            plain.run();
        }

        @Override
        public void run(long[] nanoseconds) {
            Arrays.fill(firstTimes, 0);
            Arrays.fill(secondTimes, 0);
            long before = System.nanoTime();
            timed.run();
            double wall = System.nanoTime() - before;
            double sum = Math.max(
                    1,
                    Arrays.stream(firstTimes).sum() + Arrays.stream(secondTimes).sum());
            for (int i = 0; i < nanoseconds.length; i++) {
                nanoseconds[i] += Math.round(wall * (firstTimes[i] + secondTimes[i]) / sum);
            }
        }
    }
}
