package io.github.kib4j.train;

import io.github.kib4j.layer.HiddenLayer;
import io.github.kib4j.layer.Network;
import io.github.kib4j.objective.TrainingSet;
import io.github.kib4j.op.BatchOps;
import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Exchange;
import io.github.kib4j.op.Gradients;
import io.github.kib4j.op.Phase;
import io.github.kib4j.op.Step;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.optimizer.Optimizer;
import io.github.kib4j.optimizer.OptimizerSpec;
import io.github.kib4j.rule.BackpropRule;
import io.github.kib4j.rule.BoundRule;
import io.github.kib4j.rule.Optimizers;
import io.github.kib4j.rule.StepContext;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Scope;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the gradients that a rule gives hidden layers' weights point, beside backprop's of the same images, weights and dropped units
 * (docs/mathematics.md, section 7.2).
 *
 * @param images as many of the epoch's first ones are looked at, as they are, not shifted, mirrored or mixed
 * @param weights of classes; null for none
 * @param apart makes shares of classes of labels, where the rule is taught by such; null where it is not
 */
record Alignment(
        Device device,
        Scope scope,
        Network network,
        DeviceDataset.Images images,
        Tensor order,
        BatchOps.Spec preparation,
        DataType type,
        int batch,
        double smoothing,
        @Nullable Tensor weights,
        @Nullable Mixup apart) {

    /** Returns the angles, degrees; NaN for a layer in which one of both is zero; none where the rule leaves hidden layers alone. */
    List<Double> degrees(BoundRule rule) {
        Map<Tensor, double[]> before = new LinkedHashMap<>();
        network.hidden()
                .forEach(layer ->
                        layer.runningStatistics().values().forEach(tensor -> before.put(tensor, tensor.readDoubles())));
        rule.kept().values().forEach(tensor -> before.put(tensor, tensor.readDoubles()));
        try {
            OptimizerSpec nothing = OptimizerSpec.sgd(0, 0, 0);
            Clock clock = Clock.allocate(scope);
            Optimizer none = new Optimizer(device, scope, nothing, clock, 1);
            BoundRule backprop = new BackpropRule()
                    .bind(network, new Optimizers(none, none), scope, TrainingSet.sized(batch, batch));
            List<double[]> own = gradients(rule, clock);
            List<double[]> exact = own.isEmpty() ? List.of() : gradients(backprop, clock);
            List<Double> degrees = new ArrayList<>();
            for (int i = 0; i < own.size(); i++) {
                degrees.add(angle(own.get(i), exact.get(i)));
            }
            return degrees;
        } finally {
            before.forEach(Tensor::write);
        }
    }

    /** Returns the gradients of a rule's step, which is not made; none if it computes none of hidden layers. */
    private List<double[]> gradients(BoundRule rule, Clock clock) {
        Workspace workspace = device.newWorkspace(scope);
        Gradients gradients = new Gradients(workspace);
        Tensor x = workspace.tensor(type, network.spec().input().prepend(batch));
        Tensor labels = workspace.tensor(DataType.I32, Shape.of(batch));
        Tensor sums = scope.allocate(DataType.F64, Shape.of(network.hidden().size() + 2));
        List<Step> steps = new ArrayList<>();
        steps.add(Step.main(
                Phase.DATA,
                device.batch().images(x, labels, images.pixels(), images.labels(), order, preparation, clock)));
        Tensor wanted = apart == null ? labels : apart.plan(workspace, steps, x, labels, clock);
        rule
                .plan(new StepContext(
                        workspace, gradients, x, wanted, smoothing, weights, order, clock, sums, Exchange.NONE))
                .stream()
                .filter(step -> step.phase() != Phase.OPTIMIZER)
                .forEach(steps::add);
        List<Tensor> weights = network.hidden().stream()
                .map(HiddenLayer::parameters)
                .map(parameters -> gradients.of(parameters.get(0)))
                .filter(gradient -> steps.stream()
                        .anyMatch(step -> step.operation().writes().contains(gradient)))
                .toList();
        weights.forEach(workspace::keep);
        if (weights.isEmpty()) {
            return List.of();
        }
        device.compile(workspace, steps).run();
        return weights.stream().map(Tensor::readDoubles).toList();
    }

    private static double angle(double[] a, double[] b) {
        double product = 0;
        double first = 0;
        double second = 0;
        for (int i = 0; i < a.length; i++) {
            product += a[i] * b[i];
            first += a[i] * a[i];
            second += b[i] * b[i];
        }
        double cosine = product / Math.sqrt(first * second);
        return Math.toDegrees(Math.acos(Math.max(-1, Math.min(1, cosine))));
    }
}
