package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;

/** The door of {@link BatchNormOps}. */
record CheckedBatchNorm(BatchNormOps<Work> raw, Door door) implements BatchNormOps<Operation> {
    @Override
    public Operation forward(Tensor y, Saved saved, Tensor a, Parameters parameters) {
        Check check = new Check("batchNorm.forward");
        check(check, y, a, parameters);
        saved(check, saved, a);
        check.require(y != a, "y must not be the memory of a, which the gradient reads again");
        return door.plan(
                check.operation(),
                Touched.reads(a, parameters.scale(), parameters.shift())
                        .changes(parameters.runningMean(), parameters.runningVariance())
                        .writes(y, saved.mean(), saved.variance()),
                () -> raw.forward(y, saved, a, parameters));
    }

    @Override
    public Operation inference(Tensor y, Tensor a, Parameters parameters) {
        Check check = new Check("batchNorm.inference");
        check(check, y, a, parameters);
        return door.plan(
                check.operation(),
                Touched.reads(
                                a,
                                parameters.scale(),
                                parameters.shift(),
                                parameters.runningMean(),
                                parameters.runningVariance())
                        .writes(y),
                () -> raw.inference(y, a, parameters));
    }

    @Override
    public Operation gradient(
            Tensor da, Tensor dscale, Tensor dshift, Tensor dy, Tensor a, Parameters parameters, Saved saved) {
        Check check = new Check("batchNorm.gradient");
        check(check, dy, a, parameters);
        saved(check, saved, a);
        check.require(dy != a, "dy must not be the memory of a");
        check.shape("da", da, a.shape());
        check.sameType("a", a, "da", da);
        check.vector("dscale", dscale, a.shape().extent(1));
        check.vector("dshift", dshift, a.shape().extent(1));
        return door.plan(
                check.operation(),
                Touched.reads(dy, a, parameters.scale(), saved.mean(), saved.variance())
                        .writes(da, dscale, dshift),
                () -> raw.gradient(da, dscale, dshift, dy, a, parameters, saved));
    }

    private static void check(Check check, Tensor y, Tensor a, Parameters parameters) {
        check.require(
                a.shape().rank() == 2 || a.shape().rank() == 4,
                "a must be [B, C] or [B, C, H, W], but is " + a.shape());
        check.shape("y", y, a.shape());
        check.floating("a", a);
        check.sameType("a", a, "y", y);
        int channels = a.shape().extent(1);
        check.vector("scale", parameters.scale(), channels);
        check.vector("shift", parameters.shift(), channels);
        check.vector("runningMean", parameters.runningMean(), channels);
        check.vector("runningVariance", parameters.runningVariance(), channels);
    }

    private static void saved(Check check, Saved saved, Tensor a) {
        check.vector("saved mean", saved.mean(), a.shape().extent(1));
        check.vector("saved variance", saved.variance(), a.shape().extent(1));
        check.type("saved mean", saved.mean(), DataType.F64);
        check.type("saved variance", saved.variance(), DataType.F64);
    }
}
