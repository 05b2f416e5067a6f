package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The door of {@link ProductOps}. */
record CheckedProduct(ProductOps<Work> raw, Door door) implements ProductOps<Operation> {
    @Override
    public Operation forward(Tensor y, Tensor x, Tensor w, @Nullable Tensor bias, Geometry geometry) {
        String name = check("forward", y, x, w, bias, geometry);
        return door.plan(name, Touched.reads(x, w, bias).writes(y), () -> raw.forward(y, x, w, bias, geometry));
    }

    @Override
    public Operation weightGradient(Tensor dw, @Nullable Tensor dbias, Tensor dy, Tensor x, Geometry geometry) {
        String name = check("weightGradient", dy, x, dw, dbias, geometry);
        new Check(name).type("w", dw, DataType.F32);
        return door.plan(
                name, Touched.reads(dy, x).writes(dw, dbias), () -> raw.weightGradient(dw, dbias, dy, x, geometry));
    }

    @Override
    public Operation dataGradient(Tensor dx, Tensor dy, Tensor w, Geometry geometry) {
        String name = check("dataGradient", dy, dx, w, null, geometry);
        return door.plan(name, Touched.reads(dy, w).writes(dx), () -> raw.dataGradient(dx, dy, w, geometry));
    }

    /** Returns an operation's multiplications and additions, one of each for an output and a weight that it meets; 0 of no product. */
    static long operations(Operation operation) {
        String name = operation.name();
        if (!name.startsWith("linear.") && !name.startsWith("convolution.")) {
            return 0;
        }
        Tensor y = (name.endsWith(".forward") ? operation.writes() : operation.reads()).get(0);
        Tensor w = name.endsWith(".weightGradient")
                ? operation.writes().get(0)
                : operation.reads().get(1);
        return 2 * y.shape().size() * w.shape().rowSize();
    }

    /** Checks a product's arguments; {@code y} and {@code x} stand for their gradients too. Returns its name. */
    private static String check(String what, Tensor y, Tensor x, Tensor w, @Nullable Tensor bias, Geometry geometry) {
        Check check = new Check((geometry.isConvolution() ? "convolution." : "linear.") + what);
        int n = w.shape().extent(0);
        if (geometry.isConvolution()) {
            image(check, y, x, w, geometry.kernel());
        } else {
            check.require(x.shape().rank() >= 2, "x must be [B, ...], but is " + x.shape());
            check.require(
                    w.shape().rank() == x.shape().rank()
                            && w.shape().row().equals(x.shape().row()),
                    "w must have rows of " + x.shape().row() + " like x, but is " + w.shape());
            check.shape("y", y, Shape.of(Check.batch(x), n));
            check.floating("y", y);
        }
        check.floating("x", x);
        if (w.type() != x.type()) {
            check.type("w", w, DataType.F32);
        }
        check.vector("bias", bias, n);
        return check.operation();
    }

    private static void image(Check check, Tensor y, Tensor x, Tensor w, int k) {
        check.require(x.shape().rank() == 4, "x must be [B, C, H, W], but is " + x.shape());
        check.require(w.shape().rank() == 4, "w must be [N, C, k, k], but is " + w.shape());
        int n = w.shape().extent(0);
        check.shape("w", w, Shape.of(n, x.shape().extent(1), k, k));
        check.shape(
                "y",
                y,
                Shape.of(Check.batch(x), n, x.shape().extent(2), x.shape().extent(3)));
        check.sameType("x", x, "y", y);
    }
}
