package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The door of {@link ObjectiveOps}; where the form of a gradient is {@code AUTO}, it chooses. */
record CheckedObjective(ObjectiveOps<Work> raw, Door door) implements ObjectiveOps<Operation> {
    @Override
    public Operation gradient(
            Tensor du, Tensor value, Tensor u, Teaching teaching, Spec spec, Form form, @Nullable Meter meter) {
        Check check = new Check("objective.gradient");
        gradient(check, du, value, u, teaching, meter);
        Form chosen = choose(check, u, teaching, spec, form);
        return door.plan(
                check.operation(),
                Touched.reads(u).teaching(teaching).writes(du, value).meter(meter),
                () -> raw.gradient(du, value, u, teaching, spec, chosen, meter));
    }

    @Override
    public Operation codeStatistics(Statistics out, Tensor u, Teaching teaching, Spec spec) {
        Check check = new Check("objective.codeStatistics");
        statistics(check, out, u, teaching, spec);
        return door.plan(
                check.operation(),
                Touched.reads(u).teaching(teaching).writes(out.tensors().toArray(Tensor[]::new)),
                () -> raw.codeStatistics(out, u, teaching, spec));
    }

    @Override
    public Operation gradientFromStatistics(
            Tensor du,
            Tensor value,
            Tensor u,
            Teaching teaching,
            Statistics statistics,
            Spec spec,
            @Nullable Meter meter) {
        Check check = new Check("objective.gradientFromStatistics");
        gradient(check, du, value, u, teaching, meter);
        statistics(check, statistics, u, teaching, spec);
        return door.plan(
                check.operation(),
                Touched.reads(u)
                        .teaching(teaching)
                        .read(statistics.tensors().toArray(Tensor[]::new))
                        .writes(du, value)
                        .meter(meter),
                () -> raw.gradientFromStatistics(du, value, u, teaching, statistics, spec, meter));
    }

    private static void gradient(
            Check check, Tensor du, Tensor value, Tensor u, Teaching teaching, @Nullable Meter meter) {
        codes(check, u, teaching);
        check.shape("du", du, u.shape());
        check.sameType("u", u, "du", du);
        check.shape("value", value, Shape.of(3));
        check.type("value", value, DataType.F64);
        if (meter != null) {
            check.meter(meter);
        }
    }

    private static void codes(Check check, Tensor u, Teaching teaching) {
        check.require(u.shape().rank() >= 2, "u must be [B, ...], but is " + u.shape());
        check.floating("u", u);
        int batch = Check.batch(u);
        if (teaching instanceof Teaching.Classes classes) {
            check.labels("labels", classes.labels(), batch);
        } else if (teaching instanceof Teaching.Targets targets) {
            Tensor y = targets.targets();
            check.require(
                    y.shape().rank() == 2 && Check.batch(y) == batch,
                    "targets must be [" + batch + ", M], but are " + y.shape());
            check.type("targets", y, DataType.F32);
        } else if (teaching instanceof Teaching.Similarity similarity) {
            check.shape("similarity", similarity.similarity(), Shape.of(batch, batch));
            check.type("similarity", similarity.similarity(), DataType.F32);
        }
    }

    /** Returns the form: the one that was asked for, if it can compute this objective, or the cheaper one. */
    private Form choose(Check check, Tensor u, Teaching teaching, Spec spec, Form form) {
        String obstacle = gramFreeObstacle(teaching, spec);
        check.require(form != Form.GRAM_FREE || obstacle == null, "the Gram-free form " + obstacle);
        if (form != Form.AUTO) {
            return form;
        }
        return obstacle == null ? raw.cheaper(u, teaching, spec) : Form.GRAM;
    }

    /** Returns why statistics cannot replace Gram matrices; null if they can. */
    private static @Nullable String gramFreeObstacle(Teaching teaching, Spec spec) {
        if (spec.kernel().kind() == Kernel.Kind.GAUSSIAN) {
            return "does not exist for the Gaussian kernel on codes";
        }
        if (teaching instanceof Teaching.Similarity) {
            return "does not exist for a given similarity";
        }
        if (teaching instanceof Teaching.Targets targets && targets.kernel().kind() == Kernel.Kind.GAUSSIAN) {
            return "does not exist for the Gaussian kernel on target vectors";
        }
        return null;
    }

    private static void statistics(Check check, Statistics out, Tensor u, Teaching teaching, Spec spec) {
        codes(check, u, teaching);
        String obstacle = gramFreeObstacle(teaching, spec);
        check.require(obstacle == null, "a gradient from statistics " + obstacle);
        int g = u.shape().rowSize();
        int m = teaching.outputs();
        check.shape("count", out.count(), Check.SCALAR);
        check.shape("codeSum", out.codeSum(), Shape.of(g));
        check.shape("codeProducts", out.codeProducts(), Shape.of(g, g));
        check.shape("teachingProducts", out.teachingProducts(), Shape.of(m, g));
        check.shape("teachingSum", out.teachingSum(), Shape.of(m));
        Tensor squared = out.teachingProductsSquared();
        check.require(
                squared != null || !(teaching instanceof Teaching.Targets),
                "target vectors need teachingProductsSquared");
        if (squared != null) {
            check.shape("teachingProductsSquared", squared, Shape.of(m, m));
        }
        List<Tensor> all = out.tensors();
        all.forEach(tensor -> check.type("statistics", tensor, DataType.F64));
    }
}
