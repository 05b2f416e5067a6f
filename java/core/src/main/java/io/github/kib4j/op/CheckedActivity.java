package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The door of {@link ActivityOps}. */
record CheckedActivity(ActivityOps<Work> raw, Door door) implements ActivityOps<Operation> {
    @Override
    public Operation forward(Buffers out, Tensor a, Spec spec, @Nullable Clock clock) {
        Check check = new Check("activity.forward");
        check(check, out, a, spec);
        dropout(check, out, spec, clock);
        return door.plan(
                check.operation(),
                Touched.reads(a, now(clock))
                        .writes(out.post(), out.mask(), out.mean(), out.scale(), out.code(), out.sent()),
                () -> raw.forward(out, a, spec, clock));
    }

    @Override
    public Operation hebbianGradient(Tensor da, @Nullable Tensor a, Buffers saved, Tensor du, Spec spec) {
        Check check = new Check("activity.hebbianGradient");
        check(check, saved, da, spec);
        Tensor code = saved.code() == null ? saved.post() : saved.code();
        check.shape("du", du, code.shape());
        check.sameType("du", du, "code", code);
        return door.plan(
                check.operation(),
                saved(saved, preActivation(check, da, a, spec)).read(du).writes(da),
                () -> raw.hebbianGradient(da, a, saved, du, spec));
    }

    @Override
    public Operation outputGradient(
            Tensor da, @Nullable Tensor a, Buffers saved, Tensor dsent, Spec spec, @Nullable Clock clock) {
        Check check = new Check("activity.outputGradient");
        check(check, saved, da, spec);
        dropout(check, saved, spec, clock);
        check.shape("dsent", dsent, saved.sent().shape());
        check.sameType("dsent", dsent, "sent", saved.sent());
        return door.plan(
                check.operation(),
                saved(saved, preActivation(check, da, a, spec))
                        .read(dsent, now(clock))
                        .writes(da),
                () -> raw.outputGradient(da, a, saved, dsent, spec, clock));
    }

    private static Touched saved(Buffers saved, @Nullable Tensor a) {
        return Touched.reads(a, saved.post(), saved.mask(), saved.mean(), saved.scale());
    }

    private static @Nullable Tensor now(@Nullable Clock clock) {
        return clock == null ? null : clock.now();
    }

    private static void check(Check check, Buffers buffers, Tensor a, Spec spec) {
        check.floating("a", a);
        Shape out = pooled(check, a.shape(), spec.pooling());
        check.shape("post", buffers.post(), out);
        check.shape("mask", buffers.mask(), out);
        check.shape("sent", buffers.sent(), out);
        check.type("mask", buffers.mask(), DataType.U8);
        check.sameType("a", a, "post", buffers.post());
        check.sameType("a", a, "sent", buffers.sent());
        Grouping grouping = spec.grouping();
        if (grouping == null) {
            return;
        }
        int units = out.rowSize();
        check.require(
                units % grouping.groups() == 0 && units / grouping.groups() >= 2,
                grouping.groups() + " groups do not divide " + units + " activities into equal groups of at least 2");
        Shape groups = Shape.of(Check.batch(a), grouping.groups());
        group(check, "mean", buffers.mean(), groups, DataType.F64);
        group(check, "scale", buffers.scale(), groups, DataType.F32);
        group(check, "code", buffers.code(), groups, DataType.F32);
    }

    private static void dropout(Check check, Buffers buffers, Spec spec, @Nullable Clock clock) {
        boolean drops = !spec.dropout().isNone();
        check.require(!drops || buffers.sent() == buffers.post() || clock != null, "dropout needs a clock");
        check.require(!drops || buffers.sent() != buffers.post(), "with dropout, sent needs memory of its own");
        if (clock != null) {
            check.clock(clock);
        }
    }

    private static Shape pooled(Check check, Shape a, Pooling pooling) {
        if (pooling == Pooling.NONE) {
            check.require(a.rank() == 2 || a.rank() == 4, "a must be [B, N] or [B, C, H, W], but is " + a);
            return a;
        }
        check.require(
                a.rank() == 4 && a.extent(2) >= 2 && a.extent(3) >= 2,
                "2x2 pooling needs [B, C, H, W] with H and W of at least 2, but a is " + a);
        return Shape.of(a.extent(0), a.extent(1), a.extent(2) / 2, a.extent(3) / 2);
    }

    private static void group(Check check, String argument, @Nullable Tensor tensor, Shape groups, DataType type) {
        check.require(tensor != null, argument + " is missing, but there are groups");
        if (tensor != null) {
            check.shape(argument, tensor, groups);
            check.type(argument, tensor, type);
        }
    }

    /** Returns {@code a} if the gradient reads it. */
    private static @Nullable Tensor preActivation(Check check, Tensor da, @Nullable Tensor a, Spec spec) {
        check.require(a != null || spec.pooling() != Pooling.AVERAGE, "average pooling needs a");
        if (a != null) {
            check.shape("a", a, da.shape());
        }
        return spec.pooling() == Pooling.AVERAGE ? a : null;
    }
}
