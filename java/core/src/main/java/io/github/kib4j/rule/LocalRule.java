package io.github.kib4j.rule;

import io.github.kib4j.layer.HiddenLayer;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.NetworkSpec;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.op.Device;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Rules {@code phsic} and {@code hsic}: each hidden layer descends a local objective of its own and updates itself at once; what
 * it passes on was computed with the weights before. No gradient crosses a layer. The readout learns by cross-entropy.
 *
 * @param name {@code phsic} or {@code hsic}
 * @param objective the same for every layer
 * @param teaching what layers are taught by
 */
public record LocalRule(String name, LocalObjective objective, TeachingSignal teaching) implements Rule {

    /** Multiplications of a layer's product that a device's lane computes well alone. */
    private static final long SMALL_PRODUCT = 1_000_000_000;

    @Override
    public boolean hasLocalLosses() {
        return true;
    }

    @Override
    public void register(Network network, Optimizers optimizers) {
        for (HiddenLayer layer : network.hidden()) {
            layer.parameters().forEach(p -> Optimizers.add(optimizers.local(), p));
        }
        ReadoutRule.registerReadout(network, optimizers);
    }

    @Override
    public StepPlan plan(StepContext context) {
        StepPlan plan = new StepPlan();
        Network network = context.network();
        TeachingSignal.Bound signal = teaching.bind(context.buffers().scope(), context.labels());
        plan.teachBy(signal);
        boolean overlaps = overlaps(context);
        List<LayerPass> passes = overlaps
                ? network.overlappingPasses(context.x(), context.buffers(), context.clock())
                : network.passes(context.x(), context.buffers(), LayerPass.Use.LOCAL, context.clock());
        plan.addAll(Phase.FORWARD, passes.get(0).forward());
        for (int i = 0; i < passes.size(); i++) {
            boolean last = i == passes.size() - 1;
            boolean beside = overlaps && !last;
            Device lane = beside ? network.device().lanes().second() : network.device();
            StepPlan learning = learning(context, lane, i, passes.get(i), signal);
            StepPlan next = new StepPlan();
            next.addAll(Phase.FORWARD, last ? List.of() : passes.get(i + 1).forward());
            if (beside) {
                plan.addBeside(network.device(), next, learning);
            } else {
                plan.append(learning);
                plan.append(next);
            }
        }
        ReadoutPass readout = network.readoutPass(passes.get(passes.size() - 1).sent(), context.buffers());
        ReadoutRule.addReadout(plan, context, readout);
        return plan;
    }

    /** Plans what a layer learns from its code. */
    private StepPlan learning(
            StepContext context, Device lane, int index, LayerPass pass, TeachingSignal.Bound signal) {
        StepPlan plan = new StepPlan();
        LocalObjective.Planned planned =
                objective.plan(lane, context.buffers().scope(), pass.code(), signal, context.localMeter(index));
        plan.add(Phase.OBJECTIVE, planned.operation());
        plan.addAll(Phase.GRADIENT, pass.localGradient(lane, planned.du()));
        plan.addUpdate(
                context.network().hidden().get(index).parameters(),
                lane,
                context.optimizers().local(),
                context.hook());
        return plan;
    }

    /**
     * Returns whether layers learn beside the next one's forward pass: where products are so small that a device computes two of
     * them sooner on its two lanes than one after the other on all of it. A hook keeps to the caller's thread.
     */
    private static boolean overlaps(StepContext context) {
        NetworkSpec spec = context.network().spec();
        long largest = IntStream.range(0, spec.hidden().size())
                .mapToLong(spec::multiplications)
                .max()
                .orElseThrow();
        return context.hook() == GradientHook.NONE
                && largest * context.x().shape().extent(0) <= SMALL_PRODUCT;
    }
}
