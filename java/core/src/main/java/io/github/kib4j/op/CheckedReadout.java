package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The door of {@link ReadoutOps}. */
record CheckedReadout(ReadoutOps<Work> raw, Door door) implements ReadoutOps<Operation> {
    @Override
    public Operation crossEntropy(@Nullable Tensor dy, Tensor y, Tensor labels, Meter meter) {
        Check check = new Check("readout.crossEntropy");
        check.require(y.shape().rank() == 2, "y must be [B, M], but is " + y.shape());
        check.type("y", y, DataType.F32);
        check.labels("labels", labels, Check.batch(y));
        check.meter(meter, 2);
        if (dy != null) {
            check.shape("dy", dy, y.shape());
            check.floating("dy", dy);
        }
        return door.plan(
                check.operation(),
                Touched.reads(y, labels).writes(dy).meter(meter),
                () -> raw.crossEntropy(dy, y, labels, meter));
    }
}
