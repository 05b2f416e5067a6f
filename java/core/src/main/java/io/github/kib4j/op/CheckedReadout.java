package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The door of {@link ReadoutOps}. */
record CheckedReadout(ReadoutOps<Work> raw, Door door) implements ReadoutOps<Operation> {
    @Override
    public Operation crossEntropy(
            @Nullable Tensor dy,
            Tensor y,
            Tensor wanted,
            double smoothing,
            @Nullable Tensor weights,
            @Nullable Meter meter) {
        Check check = new Check("readout.crossEntropy");
        check.require(y.shape().rank() == 2, "y must be [B, M], but is " + y.shape());
        check.type("y", y, DataType.F32);
        if (wanted.shape().rank() == 1) {
            check.labels("labels", wanted, Check.batch(y));
        } else {
            check.shape("shares", wanted, y.shape());
            check.type("shares", wanted, DataType.F32);
        }
        check.require(smoothing >= 0 && smoothing < 1, "smoothing must be from 0 to below 1, but is " + smoothing);
        check.vector("weights", weights, y.shape().extent(1));
        if (meter != null) {
            check.meter(meter);
        }
        if (dy != null) {
            check.shape("dy", dy, y.shape());
            check.floating("dy", dy);
        }
        return door.plan(
                check.operation(),
                Touched.reads(y, wanted, weights).writes(dy).meter(meter),
                () -> raw.crossEntropy(dy, y, wanted, smoothing, weights, meter));
    }

    @Override
    public Operation add(Tensor y, Tensor x) {
        Check check = new Check("readout.add");
        check.floating("y", y);
        check.shape("x", x, y.shape());
        check.sameType("y", y, "x", x);
        return door.plan(check.operation(), Touched.reads(x).changes(y), () -> raw.add(y, x));
    }

    @Override
    public Operation averagePool(Tensor y, Tensor x) {
        Check check = new Check("readout.averagePool");
        pooled(check, "y", y, "x", x);
        return door.plan(check.operation(), Touched.reads(x).writes(y), () -> raw.averagePool(y, x));
    }

    @Override
    public Operation averagePoolGradient(Tensor dx, Tensor dy) {
        Check check = new Check("readout.averagePoolGradient");
        pooled(check, "dy", dy, "dx", dx);
        return door.plan(check.operation(), Touched.reads(dy).writes(dx), () -> raw.averagePoolGradient(dx, dy));
    }

    private static void pooled(Check check, String few, Tensor y, String many, Tensor x) {
        Shape from = x.shape();
        Shape to = y.shape();
        check.require(
                from.rank() == 4
                        && to.rank() == 4
                        && from.extent(0) == to.extent(0)
                        && from.extent(1) == to.extent(1)
                        && to.extent(2) <= from.extent(2)
                        && to.extent(3) <= from.extent(3),
                few + " must be [B, C, H', W'] and " + many
                        + " [B, C, H, W] of at least that height and width, but are " + to + " and " + from);
        check.floating(many, x);
        check.sameType(many, x, few, y);
    }
}
