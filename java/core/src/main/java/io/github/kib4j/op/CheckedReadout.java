package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The door of {@link ReadoutOps}. */
record CheckedReadout(ReadoutOps<Work> raw, Door door) implements ReadoutOps<Operation> {
    @Override
    public Operation crossEntropy(@Nullable Tensor dy, Tensor y, Tensor labels, @Nullable Meter meter) {
        Check check = new Check("readout.crossEntropy");
        check.require(y.shape().rank() == 2, "y must be [B, M], but is " + y.shape());
        check.type("y", y, DataType.F32);
        check.labels("labels", labels, Check.batch(y));
        if (meter != null) {
            check.meter(meter);
        }
        if (dy != null) {
            check.shape("dy", dy, y.shape());
            check.floating("dy", dy);
        }
        return door.plan(
                check.operation(),
                Touched.reads(y, labels).writes(dy).meter(meter),
                () -> raw.crossEntropy(dy, y, labels, meter));
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
