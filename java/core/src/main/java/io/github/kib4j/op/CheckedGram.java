package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;

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
        for (Kernel kernel : List.of(kernelX, kernelY)) {
            check.require(
                    kernel.isOfObjectives(),
                    "the kernels are linear, cosine or Gaussian, not " + kernel.kind() + "; gram.sums takes any");
        }
        check.shape("value", value, Check.SCALAR);
        check.type("value", value, DataType.F64);
        return door.plan(
                check.operation(),
                Touched.reads(x, y).writes(value),
                () -> raw.dependence(value, x, kernelX, y, kernelY, estimator));
    }

    @Override
    public Operation sums(Tensor products, Tensor rows, Tensor diagonals, List<Samples> variables) {
        Check check = new Check("gram.sums");
        int n = paired(check, variables);
        int v = variables.size();
        numbers(check, "products", products, DataType.F64, Shape.of(1 + v));
        numbers(check, "rows", rows, DataType.F64, Shape.of(v, n));
        numbers(check, "diagonals", diagonals, DataType.F64, Shape.of(v, n));
        List<Samples> all = List.copyOf(variables);
        return door.plan(
                check.operation(),
                Touched.reads(values(all)).writes(products, rows, diagonals),
                () -> raw.sums(products, rows, diagonals, all));
    }

    @Override
    public Operation gradient(Tensor dx, Samples x, List<Samples> others, Tensor scales, Tensor weights) {
        Check check = new Check("gram.gradient");
        check.require(
                others.size() < MOST_VARIABLES,
                "there are at most " + (MOST_VARIABLES - 1) + " further variables, not " + others.size());
        int n = samples(check, "x", x.values());
        for (int b = 0; b < others.size(); b++) {
            Tensor other = others.get(b).values();
            String name = "variable " + (b + 1);
            check.require(
                    samples(check, name, other) == n,
                    name + " must have the " + n + " samples of x, but is " + other.shape());
        }
        check.require(
                x.kernel().kind() != Kernel.Kind.DELTA,
                "the delta kernel has no gradient; take the gradient with respect to another variable");
        numbers(check, "dx", dx, DataType.F32, x.values().shape());
        numbers(check, "scales", scales, DataType.F64, Shape.of(2));
        numbers(check, "weights", weights, DataType.F64, Shape.of(2, n));
        List<Samples> further = List.copyOf(others);
        return door.plan(
                check.operation(),
                Touched.reads(x.values(), scales, weights).read(values(further)).writes(dx),
                () -> raw.gradient(dx, x, further, scales, weights));
    }

    @Override
    public Operation forms(Tensor values, List<Samples> variables, Tensor shifts, Tensor weights, boolean diagonal) {
        Check check = new Check("gram.forms");
        int n = paired(check, variables);
        check.require(values.shape().rank() == 1, "values must be [P], but is " + values.shape());
        int p = values.shape().extent(0);
        numbers(check, "values", values, DataType.F64, Shape.of(p));
        numbers(check, "shifts", shifts, DataType.F64, Shape.of(variables.size(), n));
        numbers(check, "weights", weights, DataType.F32, Shape.of(n, p));
        List<Samples> all = List.copyOf(variables);
        return door.plan(
                check.operation(),
                Touched.reads(shifts, weights).read(values(all)).writes(values),
                () -> raw.forms(values, all, shifts, weights, diagonal));
    }

    @Override
    public Operation shuffled(Tensor values, Samples x, Samples y, Tensor permutations) {
        Check check = new Check("gram.shuffled");
        int n = paired(check, List.of(x, y));
        check.require(values.shape().rank() == 1, "values must be [P], but is " + values.shape());
        int p = values.shape().extent(0);
        numbers(check, "values", values, DataType.F64, Shape.of(p));
        numbers(check, "permutations", permutations, DataType.I32, Shape.of(p, n));
        return door.plan(
                check.operation(),
                Touched.reads(x.values(), y.values(), permutations).writes(values),
                () -> raw.shuffled(values, x, y, permutations));
    }

    @Override
    public Operation matrix(Tensor matrix, Tensor x, Tensor z, Kernel kernel) {
        Check check = new Check("gram.matrix");
        int n = samples(check, "x", x);
        int m = samples(check, "z", z);
        check.require(
                x.shape().rowSize() == z.shape().rowSize(),
                "samples of x and z must have one size, but are " + x.shape() + " and " + z.shape());
        numbers(check, "matrix", matrix, DataType.F32, Shape.of(n, m));
        return door.plan(check.operation(), Touched.reads(x, z).writes(matrix), () -> raw.matrix(matrix, x, z, kernel));
    }

    /** Returns how many samples each of the variables has. */
    private static int paired(Check check, List<Samples> variables) {
        check.require(
                !variables.isEmpty() && variables.size() <= MOST_VARIABLES,
                "there must be 1 to " + MOST_VARIABLES + " variables, but are " + variables.size());
        int n = samples(check, "variable 0", variables.get(0).values());
        for (int a = 1; a < variables.size(); a++) {
            Tensor other = variables.get(a).values();
            String name = "variable " + a;
            check.require(
                    samples(check, name, other) == n,
                    name + " must have the " + n + " samples of variable 0, but is " + other.shape());
        }
        return n;
    }

    private static int samples(Check check, String name, Tensor values) {
        check.type(name, values, DataType.F32);
        check.require(values.shape().rank() >= 2, name + " must be [n, ...], but is " + values.shape());
        return Check.batch(values);
    }

    private static void numbers(Check check, String name, Tensor tensor, DataType type, Shape shape) {
        check.shape(name, tensor, shape);
        check.type(name, tensor, type);
    }

    private static Tensor[] values(List<Samples> variables) {
        return variables.stream().map(Samples::values).toArray(Tensor[]::new);
    }
}
