package io.github.kib4j.op;

import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;

/** The door of {@link CellOps}. */
record CheckedCells(CellOps<Work> raw, Door door) implements CellOps<Operation> {
    @Override
    public Operation codes(Tensor u, Tensor mean, Tensor scale, Tensor z, Cells cells) {
        Check check = new Check("cells.codes");
        check(check, "u", u, mean, scale, z, cells);
        return door.plan(
                check.operation(), Touched.reads(z).writes(u, mean, scale), () -> raw.codes(u, mean, scale, z, cells));
    }

    @Override
    public Operation gradient(Tensor dz, Tensor z, Tensor mean, Tensor scale, Tensor du, Cells cells) {
        Check check = new Check("cells.gradient");
        check(check, "du", du, mean, scale, z, cells);
        check.shape("dz", dz, z.shape());
        check.sameType("dz", dz, "z", z);
        return door.plan(
                check.operation(),
                Touched.reads(z, mean, scale, du).writes(dz),
                () -> raw.gradient(dz, z, mean, scale, du, cells));
    }

    private static void check(
            Check check, String argument, Tensor u, Tensor mean, Tensor scale, Tensor z, Cells cells) {
        Shape shape = z.shape();
        boolean image = shape.rank() == 4;
        check.require(image || shape.rank() == 2, "z must be [B, N] or [B, C, H, W], but is " + shape);
        check.floating("z", z);
        check.require(
                shape.extent(1) % cells.groups() == 0,
                cells.groups() + " groups do not divide " + shape.extent(1) + " channels");
        int side = image ? Math.min(shape.extent(2), shape.extent(3)) : 1;
        check.require(
                cells.scales().stream().allMatch(count -> count <= side),
                "scales " + cells.scales() + " have more cells on a side than an image of " + shape + " has positions");
        Shape codes = Shape.of(Check.batch(z), cells.width());
        check.shape(argument, u, codes);
        check.type(argument, u, DataType.F32);
        check.shape("mean", mean, codes);
        check.type("mean", mean, DataType.F64);
        check.shape("scale", scale, codes);
        check.type("scale", scale, DataType.F32);
    }
}
