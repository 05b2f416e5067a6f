package io.github.kib4j.rule;

import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.op.Signature;
import java.util.List;

/** Rule {@code readout}: hidden layers stay at their random start, only the readout learns ("last layer" in the paper). */
public record ReadoutRule() implements Rule {
    @Override
    public String name() {
        return "readout";
    }

    @Override
    public Signature signature() {
        return Signature.of(name());
    }

    @Override
    public boolean hasLocalLosses() {
        return false;
    }

    @Override
    public void register(Network network, Optimizers optimizers) {
        registerReadout(network, optimizers);
    }

    @Override
    public StepPlan plan(StepContext context) {
        StepPlan plan = new StepPlan();
        List<LayerPass> passes =
                context.network().passes(context.x(), context.buffers(), LayerPass.Use.LOCAL, context.clock());
        passes.forEach(pass -> plan.addAll(Phase.FORWARD, pass.forward()));
        addReadout(
                plan,
                context,
                context.network().readoutPass(passes.get(passes.size() - 1).sent(), context.buffers()));
        return plan;
    }

    static void registerReadout(Network network, Optimizers optimizers) {
        network.readout().parameters().forEach(p -> Optimizers.add(optimizers.readout(), p));
    }

    static void addReadout(StepPlan plan, StepContext context, ReadoutPass readout) {
        plan.add(Phase.FORWARD, readout.forward());
        plan.addAll(Phase.OBJECTIVE, readout.lossAndGradient(context.labels(), context.readoutMeter(), null));
        plan.addUpdate(
                context.network().readout().parameters(), context.optimizers().readout(), context.hook());
    }
}
