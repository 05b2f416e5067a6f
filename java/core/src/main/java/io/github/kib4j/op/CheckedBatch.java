package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** The door of {@link BatchOps}. */
record CheckedBatch(BatchOps<Work> raw, Door door) implements BatchOps<Operation> {
    @Override
    public Operation images(
            Tensor x, Tensor labels, Tensor images, Tensor allLabels, @Nullable Tensor order, Spec spec, Clock clock) {
        Check check = new Check("batch.images");
        check.require(images.shape().rank() == 4, "images must be [count, C, H, W], but are " + images.shape());
        if (images.type() != DataType.U8) {
            check.require(
                    images.type() != DataType.BF16 && images.type().isFloating(),
                    "images must be U8 or F32, but are " + images.type());
        }
        check.shape("x", x, images.shape().withFirst(Check.batch(x)));
        check.floating("x", x);
        check.labels("labels", labels, Check.batch(x));
        check.labels("labels", allLabels, Check.batch(images));
        int channels = images.shape().extent(1);
        check.require(
                spec.mean().size() == channels && spec.deviation().size() == channels,
                "normalization needs a mean and a deviation for each of " + channels + " channels");
        order(check, order == null ? images : order, Check.batch(x), order, clock);
        return door.plan(
                check.operation(),
                Touched.reads(images, allLabels, order, clock.now()).writes(x, labels),
                () -> raw.images(x, labels, images, allLabels, order, spec, clock));
    }

    @Override
    public Operation rows(Tensor out, Tensor all, @Nullable Tensor order, Clock clock) {
        Check check = new Check("batch.rows");
        check.require(
                out.shape().rank() == 2
                        && all.shape().rank() == 2
                        && out.shape().extent(1) <= all.shape().extent(1),
                "out must be [B, m] and all [count, at least m], but are " + out.shape() + " and " + all.shape());
        check.type("out", out, DataType.F32);
        check.type("all", all, DataType.F32);
        order(check, order == null ? all : order, Check.batch(out), order, clock);
        return door.plan(
                check.operation(),
                Touched.reads(all, order, clock.now()).writes(out),
                () -> raw.rows(out, all, order, clock));
    }

    @Override
    public Operation mix(Tensor x, Tensor parts, Clock clock) {
        Check check = new Check("batch.mix");
        check.floating("x", x);
        parts(check, parts, clock);
        return door.plan(
                check.operation(), Touched.reads(parts, clock.now()).changes(x), () -> raw.mix(x, parts, clock));
    }

    @Override
    public Operation mixLabels(Tensor shares, Tensor labels, Tensor parts, Clock clock) {
        Check check = new Check("batch.mixLabels");
        check.require(shares.shape().rank() == 2, "shares must be [B, M], but are " + shares.shape());
        check.type("shares", shares, DataType.F32);
        check.labels("labels", labels, Check.batch(shares));
        parts(check, parts, clock);
        return door.plan(
                check.operation(),
                Touched.reads(labels, parts, clock.now()).writes(shares),
                () -> raw.mixLabels(shares, labels, parts, clock));
    }

    private static void parts(Check check, Tensor parts, Clock clock) {
        check.require(parts.shape().rank() == 1, "parts must be a list of numbers, but are " + parts.shape());
        check.type("parts", parts, DataType.F64);
        check.clock(clock);
    }

    /** Checks an order, and that there are as many samples as the batch has. */
    private static void order(Check check, Tensor samples, int batch, @Nullable Tensor order, Clock clock) {
        check.require(
                Check.batch(samples) >= batch,
                "a batch of " + batch + " is more than the " + Check.batch(samples) + " samples there are");
        if (order != null) {
            check.type("order", order, DataType.I32);
        }
        check.clock(clock);
    }
}
