package io.github.kib4j.op;

import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Steps that are run again and again: planned, ordered, and on memory. Running it allocates nothing and waits for nothing, but where
 * the arena of its workspace has grown since the last run, it is bound anew.
 */
public final class Program {
    private final Workspace workspace;
    private final DeviceState device;
    private final Plan plan;
    private final Owner[] owners;
    private final List<Runnable> launches = new ArrayList<>();
    private final List<Phase> phases = new ArrayList<>();
    private @Nullable Tensor bound;

    Program(Workspace workspace, List<Step> steps) {
        this.workspace = workspace;
        device = workspace.device();
        plan = new Plan(
                steps,
                workspace::contains,
                workspace::keeps,
                device.backend(),
                device.backend().hasLanes());
        workspace.add(plan);
        Set<Owner> all = new LinkedHashSet<>();
        for (Step step : steps) {
            step.operation().reads().forEach(tensor -> all.add(tensor.owner()));
            step.operation().writes().forEach(tensor -> all.add(tensor.owner()));
        }
        owners = all.toArray(new Owner[0]);
    }

    /** {@return how it is ordered, and where its tensors lie} */
    public Plan plan() {
        return plan;
    }

    /**
     * Runs it.
     *
     * @throws IllegalStateException if the device or a scope of its tensors is closed, or another thread uses the device
     */
    public void run() {
        device.guard().run(() -> {
            prepare();
            for (Runnable launch : launches) {
                launch.run();
            }
        });
    }

    /**
     * Runs it and adds each phase's time to {@code nanoseconds[phase.ordinal()]}. Meaningful on devices that compute on the calling
     * thread.
     *
     * @param nanoseconds one entry for each phase
     */
    public void run(long[] nanoseconds) {
        device.guard().run(() -> {
            prepare();
            long before = System.nanoTime();
            for (int i = 0; i < launches.size(); i++) {
                launches.get(i).run();
                long after = System.nanoTime();
                nanoseconds[phases.get(i).ordinal()] += after - before;
                before = after;
            }
        });
    }

    private void prepare() {
        for (Owner owner : owners) {
            owner.checkOpen();
        }
        if (workspace.isDry()) {
            throw new IllegalStateException("A program on tensors without memory can be measured, but not run.");
        }
        if (launches.isEmpty() || bound != workspace.arena()) {
            bind();
        }
    }

    private void bind() {
        bound = workspace.arena();
        plan.tensors().forEach(tensor -> workspace.place(tensor, plan.offset(tensor)));
        launches.clear();
        phases.clear();
        for (int i = 0; i < plan.steps().size(); i++) {
            Step step = plan.steps().get(i);
            Work work = step.operation().work();
            long need = work.scratchBytes();
            Tensor scratch = need == 0 ? null : workspace.scratch(plan.scratchOffset(i), need);
            add(step.phase(), work.bind(new Work.Place(scratch, step.lane())));
            for (Tensor ended : plan.ending(i)) {
                Runnable forget = device.backend().forget(ended);
                if (forget != null) {
                    add(step.phase(), forget);
                }
            }
        }
    }

    private void add(Phase phase, Runnable launch) {
        phases.add(phase);
        launches.add(launch);
    }
}
