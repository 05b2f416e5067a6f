package io.github.kib4j.rule;

import io.github.kib4j.layer.Parameter;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.op.Operation;
import io.github.kib4j.optimizer.Optimizer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A training step's operations, in order. Running it allocates nothing and waits for nothing. */
public final class StepPlan {
    private final List<Phase> phases = new ArrayList<>();
    private final List<Operation> operations = new ArrayList<>();
    private TeachingSignal.@Nullable Bound teaching;

    /**
     * Adds an operation at the end.
     *
     * @param phase what its time counts as
     * @param operation what to run
     */
    public void add(Phase phase, Operation operation) {
        phases.add(phase);
        operations.add(operation);
    }

    /**
     * Adds operations at the end.
     *
     * @param phase what its time counts as
     * @param all what to run, in order
     */
    public void addAll(Phase phase, Collection<Operation> all) {
        all.forEach(operation -> add(phase, operation));
    }

    /**
     * Adds another plan's operations at the end, and takes over its teaching signal.
     *
     * @param other the plan that follows
     */
    public void append(StepPlan other) {
        phases.addAll(other.phases);
        operations.addAll(other.operations);
        if (other.teaching != null) {
            teaching = other.teaching;
        }
    }

    /** Adds what the hook plans for these parameters' gradients, then their update. */
    void addUpdate(List<Parameter> parameters, Optimizer optimizer, GradientHook hook) {
        hook.plan(parameters.stream().map(Parameter::gradient).toList())
                .ifPresent(operation -> add(Phase.GRADIENT, operation));
        add(
                Phase.OPTIMIZER,
                optimizer.step(parameters.stream().map(Parameter::name).toList()));
    }

    void teachBy(TeachingSignal.Bound signal) {
        teaching = signal;
    }

    /** {@return whether {@link #prepare} must be called before each run} */
    public boolean needsSamples() {
        return teaching != null && teaching.needsSamples();
    }

    /**
     * Tells a teaching signal that the host provides which training samples the batch holds.
     *
     * @param samples index in the training set of each sample of the batch
     */
    public void prepare(int[] samples) {
        if (teaching != null) {
            teaching.prepare(samples);
        }
    }

    /** Runs the step. */
    public void run() {
        for (Operation operation : operations) {
            operation.run();
        }
    }

    /**
     * Runs the step and adds each phase's time to {@code nanoseconds[phase.ordinal()]}. Meaningful on devices that compute on
     * the calling thread.
     *
     * @param nanoseconds one entry for each phase
     */
    public void run(long[] nanoseconds) {
        long before = System.nanoTime();
        for (int i = 0; i < operations.size(); i++) {
            operations.get(i).run();
            long after = System.nanoTime();
            nanoseconds[phases.get(i).ordinal()] += after - before;
            before = after;
        }
    }
}
