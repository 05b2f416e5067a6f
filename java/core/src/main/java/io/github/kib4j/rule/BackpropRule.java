package io.github.kib4j.rule;

import io.github.kib4j.layer.Buffers;
import io.github.kib4j.layer.LayerPass;
import io.github.kib4j.layer.Network;
import io.github.kib4j.layer.ReadoutPass;
import io.github.kib4j.op.Signature;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Rule {@code backprop}: end-to-end cross-entropy on the same network, all parameters updated by the readout's optimizer. */
public record BackpropRule() implements Rule {
    @Override
    public String name() {
        return "backprop";
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
    public Buffers.Lifetime lifetime() {
        return Buffers.Lifetime.STEP;
    }

    @Override
    public void register(Network network, Optimizers optimizers) {
        network.parameters().forEach(p -> Optimizers.add(optimizers.readout(), p));
    }

    @Override
    public StepPlan plan(StepContext context) {
        StepPlan plan = new StepPlan();
        Network network = context.network();
        Buffers buffers = context.buffers();
        int batch = context.x().shape().extent(0);
        List<LayerPass> passes = network.passes(context.x(), buffers, LayerPass.Use.BACKPROP, context.clock());
        passes.forEach(pass -> plan.addAll(Phase.FORWARD, pass.forward()));
        int last = passes.size() - 1;
        ReadoutPass readout = network.readoutPass(passes.get(last).sent(), buffers);
        Tensor dsent = network.sentGradient(last, buffers, batch);
        plan.add(Phase.FORWARD, readout.forward());
        plan.addAll(Phase.OBJECTIVE, readout.lossAndGradient(context.labels(), context.readoutMeter(), dsent));
        for (int i = last; i >= 0; i--) {
            @Nullable Tensor dx = i == 0 ? null : network.sentGradient(i - 1, buffers, batch);
            plan.addAll(Phase.GRADIENT, passes.get(i).backwardGradient(dsent, dx));
            dsent = dx == null ? dsent : dx;
        }
        plan.addUpdate(network.parameters(), context.optimizers().readout(), context.hook());
        return plan;
    }
}
