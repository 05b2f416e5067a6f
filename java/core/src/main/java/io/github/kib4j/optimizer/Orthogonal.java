package io.github.kib4j.optimizer;

import io.github.kib4j.op.Clock;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Geometry;
import io.github.kib4j.op.Operation;
import io.github.kib4j.op.Workspace;
import io.github.kib4j.tensor.DataType;
import io.github.kib4j.tensor.Shape;
import io.github.kib4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * The orthogonalised momentum of a matrix (Muon; docs/mathematics.md, section 10.3): its singular values are all brought near 1 by
 * five steps of a Newton-Schulz iteration, which are products of the smaller of both sides.
 */
final class Orthogonal {
    /** Of the momentum, by Nesterov. */
    private static final double MOMENTUM = 0.95;

    private static final int STEPS = 5;

    /** The polynomial {@code a s + b s^3 + c s^5} that a step applies to each singular value. */
    private static final double A = 3.4445;

    private static final double B = -4.7750;
    private static final double C = 2.0315;

    /** What a norm is enlarged by: gradients of dependence measures are small, and are not to become smaller. */
    private static final double EPSILON = 1e-20;

    private final Device device;
    private final Workspace workspace;
    private final List<Operation> operations = new ArrayList<>();

    /** Whether there are more columns than rows. */
    private final boolean wide;

    private final int rows;
    private final int columns;

    private Orthogonal(Device device, Workspace workspace, Shape weight) {
        this.device = device;
        this.workspace = workspace;
        rows = weight.extent(0);
        columns = weight.rowSize();
        wide = rows <= columns;
    }

    /** The operations that compute a direction, in order. */
    record Planned(Tensor direction, List<Operation> operations) {}

    /**
     * Plans the momentum's update and its orthogonal direction, of the shape of the weights: a matrix of a row for each unit, whose
     * columns are in the order in which the device stores them.
     *
     * @param momentum the state, changed
     * @param clock after its fault the momentum stays as it is
     */
    static Planned plan(Device device, Workspace workspace, Tensor momentum, Tensor gradient, Clock clock) {
        Orthogonal matrix = new Orthogonal(device, workspace, gradient.shape());
        return matrix.plan(momentum, gradient, clock);
    }

    private Planned plan(Tensor momentum, Tensor gradient, Clock clock) {
        Tensor x = matrix(rows, columns);
        operations.add(device.optimizer().combine(momentum, MOMENTUM, momentum, 1, gradient, clock));
        combine(x, 1, gradient, MOMENTUM, momentum);
        operations.add(device.optimizer().normalize(x, x, EPSILON));
        for (int i = 1; i < STEPS; i++) {
            combine(x, A, x, 1, higherPowers(x));
        }
        Tensor direction = workspace.tensor(DataType.F32, gradient.shape());
        double scale = Math.sqrt(Math.max(1, (double) rows / columns));
        combine(direction, scale * A, x, scale, higherPowers(x));
        return new Planned(direction, operations);
    }

    /** Returns {@code (b G + c G^2) X} with {@code G = X X'}, or, of a matrix with more rows than columns, {@code X (b G + c G^2)} with {@code G = X' X}. */
    private Tensor higherPowers(Tensor x) {
        int side = Math.min(rows, columns);
        Tensor gram = matrix(side, side);
        operations.add(
                wide
                        ? device.product().forward(gram, x, x, null, Geometry.LINEAR)
                        : device.product().weightGradient(gram, null, x, x, Geometry.LINEAR));
        Tensor square = matrix(side, side);
        operations.add(device.product().forward(square, gram, gram, null, Geometry.LINEAR));
        combine(square, B, gram, C, square);
        Tensor higher = matrix(rows, columns);
        operations.add(
                wide
                        ? device.product().dataGradient(higher, square, x, Geometry.LINEAR)
                        : device.product().forward(higher, x, square, null, Geometry.LINEAR));
        return higher;
    }

    private void combine(Tensor out, double alpha, Tensor x, double beta, Tensor y) {
        operations.add(device.optimizer().combine(out, alpha, x, beta, y, null));
    }

    private Tensor matrix(int height, int width) {
        return workspace.tensor(DataType.F32, Shape.of(height, width));
    }
}
