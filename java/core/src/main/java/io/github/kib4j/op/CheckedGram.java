package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;

/** The door of {@link GramOps}. */
record CheckedGram(GramOps<Work> raw, Door door) implements GramOps<Operation> {
    @Override
    public Operation dependence(Tensor value, Tensor x, Kernel kernelX, Tensor y, Kernel kernelY, Estimator estimator) {
        Check check = new Check("gram.dependence");
        check.floating("x", x);
        check.floating("y", y);
        check.require(
                x.shape().rank() >= 2 && y.shape().rank() >= 2 && Check.batch(x) == Check.batch(y),
                "x and y must be [B, ...] with one B, but are " + x.shape() + " and " + y.shape());
        check.shape("value", value, Check.SCALAR);
        check.type("value", value, DataType.F64);
        return door.plan(
                check.operation(),
                Touched.reads(x, y).writes(value),
                () -> raw.dependence(value, x, kernelX, y, kernelY, estimator));
    }
}
