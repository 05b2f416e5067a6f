package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The door of {@link OptimizerOps}. */
record CheckedOptimizer(OptimizerOps<Work> raw, Door door) implements OptimizerOps<Operation> {
    @Override
    public Operation step(Spec spec, List<Slot> slots, Tensor learningRates, Clock clock) {
        Check check = new Check("optimizer.step");
        check.require(
                learningRates.shape().rank() == 1,
                "learningRates must be a list of numbers, but is " + learningRates.shape());
        check.type("learningRates", learningRates, DataType.F64);
        check.clock(clock);
        Touched touched = Touched.reads(learningRates, clock.now(), clock.fault());
        for (Slot slot : slots) {
            check(check, spec, slot);
            touched.read(slot.gradient())
                    .changes(slot.parameter(), slot.first(), slot.second())
                    .writes(slot.rounded());
        }
        List<Slot> all = List.copyOf(slots);
        return door.plan(check.operation(), touched, () -> raw.step(spec, all, learningRates, clock));
    }

    private static void check(Check check, Spec spec, Slot slot) {
        Shape shape = slot.parameter().shape();
        check.type("parameter", slot.parameter(), DataType.F32);
        check.shape("gradient", slot.gradient(), shape);
        check.type("gradient", slot.gradient(), DataType.F32);
        state(check, "first state", slot.first(), shape, spec.states() > 0);
        state(check, "second state", slot.second(), shape, spec.states() > 1);
        if (slot.rounded() != null) {
            rounding(check, slot.rounded(), slot.parameter());
        }
    }

    private static void state(Check check, String argument, @Nullable Tensor state, Shape shape, boolean needed) {
        check.require(state != null || !needed, "the " + argument + " is missing");
        if (state != null) {
            check.shape(argument, state, shape);
            check.type(argument, state, DataType.F32);
        }
    }

    @Override
    public Operation round(Tensor rounded, Tensor value) {
        Check check = new Check("optimizer.round");
        rounding(check, rounded, value);
        return door.plan(check.operation(), Touched.reads(value).writes(rounded), () -> raw.round(rounded, value));
    }

    @Override
    public Operation average(List<Averaged> arrays, double decay, Clock clock) {
        Check check = new Check("optimizer.average");
        check.require(decay >= 0 && decay < 1, "the decay must be at least 0 and below 1, but is " + decay);
        check.clock(clock);
        Touched touched = Touched.reads(clock.now(), clock.fault());
        for (Averaged array : arrays) {
            check.type("value", array.value(), DataType.F32);
            check.type("average", array.average(), DataType.F32);
            check.shape("average", array.average(), array.value().shape());
            touched.read(array.value()).changes(array.average());
        }
        List<Averaged> all = List.copyOf(arrays);
        return door.plan(check.operation(), touched, () -> raw.average(all, decay, clock));
    }

    @Override
    public Operation combine(Tensor out, double alpha, Tensor x, double beta, Tensor y, @Nullable Clock clock) {
        Check check = new Check("optimizer.combine");
        for (Tensor tensor : List.of(out, x, y)) {
            check.type("each array", tensor, DataType.F32);
            check.require(
                    tensor.shape().size() == out.shape().size(),
                    "arrays must have as many numbers, but are " + out.shape() + ", " + x.shape() + " and "
                            + y.shape());
        }
        Touched touched = Touched.reads(x, y);
        if (clock == null) {
            touched.writes(out);
        } else {
            check.clock(clock);
            touched.read(clock.fault()).changes(out);
        }
        return door.plan(check.operation(), touched, () -> raw.combine(out, alpha, x, beta, y, clock));
    }

    @Override
    public Operation normalize(Tensor out, Tensor x, double epsilon) {
        Check check = new Check("optimizer.normalize");
        check.type("x", x, DataType.F32);
        check.type("out", out, DataType.F32);
        check.shape("out", out, x.shape());
        check.require(epsilon > 0, "epsilon must be positive, but is " + epsilon);
        return door.plan(check.operation(), Touched.reads(x).writes(out), () -> raw.normalize(out, x, epsilon));
    }

    @Override
    public Operation sign(Tensor sign, Tensor value) {
        Check check = new Check("optimizer.sign");
        check.shape("sign", sign, value.shape());
        check.floating("sign", sign);
        check.type("value", value, DataType.F32);
        return door.plan(check.operation(), Touched.reads(value).writes(sign), () -> raw.sign(sign, value));
    }

    private static void rounding(Check check, Tensor rounded, Tensor value) {
        check.shape("rounded", rounded, value.shape());
        if (rounded.type() != DataType.F64) { // the reference's
            check.type("rounded", rounded, DataType.BF16);
        }
        check.type("value", value, DataType.F32);
    }
}
