package io.github.kib4j.rule;

import io.github.kib4j.layer.HiddenLayer;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.objective.LocalObjective;
import io.github.kib4j.objective.TeachingSignal;
import io.github.kib4j.op.Signature;
import java.util.List;

/**
 * Rules {@code phsic} and {@code hsic}: each hidden layer descends a local objective of its own and updates itself at once; what
 * it passes on was computed with the weights before. No gradient crosses a layer. The readout learns by cross-entropy.
 *
 * @param name {@code phsic} or {@code hsic}
 * @param objective the same for every layer
 * @param teaching what layers are taught by
 */
public record LocalRule(String name, LocalObjective objective, TeachingSignal teaching) implements Rule {
    @Override
    public Signature signature() {
        return Signature.of(name).with("objective", objective.signature()).with("teaching", teaching.signature());
    }

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
        List<LayerPass> passes = network.passes(context.x(), context.buffers(), LayerPass.Use.LOCAL, context.clock());
        for (int i = 0; i < passes.size(); i++) {
            LayerPass pass = passes.get(i);
            plan.addAll(Phase.FORWARD, pass.forward());
            LocalObjective.Planned planned = objective.plan(
                    network.device(), context.buffers().scope(), pass.code(), signal, context.localMeter(i));
            plan.add(Phase.OBJECTIVE, planned.operation());
            plan.addAll(Phase.GRADIENT, pass.localGradient(planned.du()));
            plan.addUpdate(
                    network.hidden().get(i).parameters(), context.optimizers().local(), context.hook());
        }
        ReadoutPass readout = network.readoutPass(passes.get(passes.size() - 1).sent(), context.buffers());
        ReadoutRule.addReadout(plan, context, readout);
        return plan;
    }
}
