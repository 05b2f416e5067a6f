package io.github.kib4j.op;

import io.github.kib4j.tensor.Owner;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Steps that are run again and again: planned, ordered, and on memory. The first run binds them to their places, as does one after
 * the workspace's arena has grown; every other allocates nothing and waits for nothing.
 */
public final class Program {
    private final Workspace workspace;
    private final DeviceState device;
    private final Plan plan;
    private final Owner[] owners;
    private List<Runnable> launches = List.of();
    private Backend.@Nullable Launcher launcher;
    private @Nullable Tensor bound;

    Program(Workspace workspace, List<Step> steps) {
        this.workspace = workspace;
        device = workspace.device();
        for (Step step : steps) {
            Operation operation = step.operation();
            if (Stream.concat(operation.reads().stream(), operation.writes().stream())
                    .anyMatch(workspace::isTaken)) {
                throw new IllegalArgumentException(operation
                        + " is of another program of this workspace, or touches a tensor of one; plan it on tensors of"
                        + " its own, or on a scope's.");
            }
        }
        plan = new Plan(
                steps,
                workspace::contains,
                workspace::keeps,
                new Plan.Memory(
                        device.backend().reusesMemory(), device.backend().alignment()),
                device.backend().hasLanes());
        workspace.add(plan);
        Set<Owner> all = new LinkedHashSet<>();
        for (Step step : steps) {
            step.operation().reads().forEach(tensor -> all.add(tensor.owner()));
            step.operation().writes().forEach(tensor -> all.add(tensor.owner()));
        }
        owners = all.toArray(new Owner[0]);
        workspace.onClose(this::release);
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
        device.guard().run(() -> prepare().run());
    }

    /**
     * Runs it and adds each phase's time to {@code nanoseconds[phase.ordinal()]}. Meaningful on devices that compute on the calling
     * thread.
     *
     * @param nanoseconds one entry for each phase
     */
    public void run(long[] nanoseconds) {
        device.guard().run(() -> {
            Backend.Launcher all = prepare();
            if (!device.backend().isSynchronous()) {
                all.run();
                return;
            }
            long before = System.nanoTime();
            for (int i = 0; i < launches.size(); i++) {
                launches.get(i).run();
                long after = System.nanoTime();
                nanoseconds[plan.steps().get(i).phase().ordinal()] += after - before;
                before = after;
            }
        });
    }

    private Backend.Launcher prepare() {
        for (Owner owner : owners) {
            owner.checkOpen();
        }
        if (workspace.isDry()) {
            throw new IllegalStateException("A program on tensors without memory can be measured, but not run.");
        }
        Backend.Launcher now = launcher;
        if (now == null || bound != workspace.arena()) {
            now = bind();
        }
        return now;
    }

    private void release() {
        Backend.Launcher old = launcher;
        launcher = null;
        if (old != null) {
            old.close();
        }
    }

    /** Binds all steps anew, or none: what was bound before may lie on memory that is gone. */
    private Backend.Launcher bind() {
        release();
        bound = workspace.arena();
        plan.tensors().forEach(tensor -> workspace.place(tensor, plan.offset(tensor)));
        List<Runnable> newLaunches = new ArrayList<>();
        for (int i = 0; i < plan.steps().size(); i++) {
            Work work = plan.steps().get(i).operation().work();
            Lane lane = work.isHost() ? Lane.MAIN : plan.lane(i); // by which the host reads and writes tensors
            long need = work.scratchBytes();
            Tensor scratch = need == 0 ? null : workspace.scratch(plan.scratchOffset(i), need);
            List<Runnable> parts = new ArrayList<>();
            if (scratch != null) {
                begin(scratch, lane, parts);
            }
            plan.beginning(i).forEach(tensor -> begin(tensor, lane, parts));
            parts.add(work.bind(new Work.Place(scratch, lane)));
            for (Tensor ended : plan.ending(i)) {
                Runnable forget = device.backend().forget(ended);
                if (forget != null) {
                    parts.add(forget);
                }
            }
            newLaunches.add(parts.size() == 1 ? parts.get(0) : () -> parts.forEach(Runnable::run));
        }
        Backend.Launcher now = device.backend().launcher(plan, newLaunches);
        launches = newLaunches;
        launcher = now;
        return now;
    }

    private void begin(Tensor first, Lane lane, List<Runnable> parts) {
        Runnable begin = device.backend().begin(first, lane);
        if (begin != null) {
            parts.add(begin);
        }
    }
}
